// What stands around an activity in an ActivityEnvironment: converters, codecs, interceptors, and the calls that need a
// server.
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "longbeat/client.h"
#include "longbeat/log.h"
#include "support/catch.h"
#include "support/toy_codecs.h"
#include "testing/resume_process.h"
#include "unit/testing/activities.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;
using testing::ActivityEnvironment;

namespace {

/// Notes what it sees.
struct Noting final : WorkerInterceptor {
  Payloads execute_activity(ExecuteActivityParams params, const Next& next) override {
    seen.push_back("begin " + params.context.info().header.at("trace").data);
    params.context.attach(std::string("from the interceptor"));
    return next(std::move(params));
  }
  void attempt_ended(ActivityContext&, const AttemptEnd& end) override {
    seen.push_back("end " + std::string(to_string(end.kind)));
  }
  std::vector<std::string> seen;
};

}  // namespace

TEST_CASE("a converter of the test's own", "[testing]") {
  const auto text = [](const int& value) { return internal::make_payload("text/number", std::to_string(value)); };
  const auto number = [](const Payload& payload) -> Result<int> { return std::stoi(payload.data); };
  ActivityEnvironment environment({.converter = DataConverter().use<int>(text, number)});
  environment.set_previous_details(20);
  std::string input, details;
  const auto run = environment.run(
      twice,
      [&](ActivityContext& context, int given) {
        input = context.raw_input().at(0).metadata.at("encoding");
        details = context.info().heartbeat_details.at(0).data;
        context.heartbeat(given);
        return 2 * given;
      },
      21);
  CHECK(run.result.value() == 42);
  CHECK(input == "text/number");
  CHECK(details == "20");
  CHECK(numbers(run.called) == std::vector{21});
}

TEST_CASE("codecs", "[testing]") {
  const auto codec = std::make_shared<Reversing>();
  ActivityEnvironment environment({.info = {.heartbeat_timeout = 10s}, .codecs = {codec}});
  SECTION("stand around everything that travels") {
    environment.set_previous_details(5);
    const auto run = environment.run(count, count_slowly, 7);
    CHECK(run.result.value() == 7);
    CHECK(numbers(run.sent) == std::vector{5, 6});
    CHECK(run.left.value<int>().value() == 6);
    CHECK(codec->encodes >= 4);  // Input, details, heartbeats, result.
    CHECK(codec->decodes >= 3);
  }
  SECTION("that refuse keep the attempt from beginning") {
    bool begun = false;
    const auto begins = [&](int) {
      begun = true;
      return 0;
    };
    codec->when_decoding = Reversing::Mood::kRefuses;
    const auto run = environment.run(twice, begins, 1);
    CHECK_FALSE(begun);
    CHECK(run.end == AttemptEndKind::kFailed);
    CHECK(run.result.error().failure->type == "WireCodecError");
  }
  SECTION("that cannot encode the input are an error of the caller's") {
    codec->when_encoding = Reversing::Mood::kThrows;
    CHECK(environment.run(count, count_slowly, 7).result.error().code == ErrorCode::kUndecodable);
  }
}

TEST_CASE("a report whose codec does not end says so", "[testing]") {
  /// Holds up what is encoded after the input, until it may go on.
  struct Slow final : WireCodec {
    Result<Payloads> encode(Payloads payloads) override {
      if (++encodes > 1) go.get_future().wait();
      return payloads;
    }
    Result<Payloads> decode(Payloads payloads) override { return payloads; }
    std::atomic<int> encodes{0};
    std::promise<void> go;
  };
  const auto codec = std::make_shared<Slow>();
  ActivityEnvironment environment({.codecs = {codec}});
  set_log_sink([&](const LogRecord& record) {  // A run ends only when its codecs have.
    if (record.message.find("is given up") != std::string_view::npos) codec->go.set_value();
  });
  const auto run = environment.run(twice, [](int) { return 1; }, 1);
  set_log_sink({});
  REQUIRE_FALSE(run.result);
  CHECK(run.result.error().code == ErrorCode::kUnavailable);
  CHECK(run.result.error().message == "the report was given up: its codecs have not ended");
}

TEST_CASE("interceptors", "[testing]") {
  const auto noting = std::make_shared<Noting>();
  ActivityEnvironment environment(
      {.info = {.header = {{"trace", internal::make_payload("json/plain", "7")}}}, .interceptors = {noting}});
  std::string attached;
  static_cast<void>(environment.run(
      twice,
      [&](ActivityContext& context, int) {
        attached = *context.attached<std::string>();
        return 0;
      },
      1));
  CHECK(attached == "from the interceptor");
  CHECK(noting->seen == std::vector<std::string>{"begin 7", "end completed"});
}

TEST_CASE("results and details that are too large", "[testing]") {
  ActivityEnvironment environment({.payload_bytes_max = 1000});
  static constexpr Activity<std::string()> talk{"talk"};
  const auto run = environment.run(talk, [] { return std::string(2000, 'x'); });
  REQUIRE_FALSE(run.result);
  CHECK(run.result.error().failure->type == "ResultTooLarge");
}

TEST_CASE("calls that need a server", "[testing]") {
  ActivityEnvironment environment;
  SECTION("of the context's client are refused with a message") {
    const auto run = environment.run(
        twice,
        [](ActivityContext& context, int) -> Result<int> {
          auto client = context.client();
          if (!client) return std::move(client).error();
          return client->execute(twice, {.id = "b", .task_queue = "q", .start_to_close_timeout = 1s}, 1);
        },
        1);
    REQUIRE_FALSE(run.result);
    CHECK_THAT(run.result.error().failure->message, ContainsSubstring("there is no server"));
  }
  SECTION("of a LateCompletion report the end") {
    const auto run = environment.run(
        twice,
        [](ActivityContext& context, int given) {
          auto late = context.complete_later();
          late.complete(2 * given).value();
          return 0;
        },
        21);
    CHECK(run.end == AttemptEndKind::kHandedOver);
    CHECK(run.result.value() == 42);
  }
  SECTION("of one that is kept report nothing yet") {
    std::optional<LateCompletion> late;
    const auto run = environment.run(
        twice,
        [&](ActivityContext& context, int) {
          late.emplace(context.complete_later());
          return 0;
        },
        21);
    CHECK(run.end == AttemptEndKind::kHandedOver);
    CHECK(run.result.error().code == ErrorCode::kFailedPrecondition);
    CHECK(late->complete(42));
  }
  SECTION("of one that outlives the environment report nothing") {
    std::optional<LateCompletion> late;
    {
      ActivityEnvironment shorter;
      static_cast<void>(shorter.run(
          twice,
          [&](ActivityContext& context, int) {
            late.emplace(context.complete_later());
            return 0;
          },
          21));
    }
    CHECK_FALSE(late->complete(42));
  }
}

TEST_CASE("a callback that blocks on the activity's own lock", "[testing]") {
  ActivityEnvironment environment;
  environment.stop_after_heartbeat(1, StopCause::kCanceled);
  std::mutex mutex;
  std::atomic<bool> told{false};
  const auto run = environment.run(
      twice,
      [&](ActivityContext& context, int) {
        const auto listener = context.on_stop([&](StopCause) {
          const std::lock_guard lock(mutex);
          told = true;
        });
        {
          const std::lock_guard lock(mutex);
          context.heartbeat(1);  // Returns all the same.
          CHECK(context.stopped());
        }
        context.sleep_for(1s);
        return 0;
      },
      1);
  CHECK(told);
  CHECK(run.end == AttemptEndKind::kCompleted);
}

TEST_CASE("what is left of a run", "[testing]") {
  ActivityEnvironment environment;
  Result<> answer;
  SECTION("are no threads") {
    static_cast<void>(environment.run(count, count_slowly, 3));
    CHECK(internal::threads_of_this_process().value() == 1);
  }
  SECTION("does nothing, though threads of the activity's own go on") {
    std::optional<Checkpoint<int>> kept;
    std::promise<void> over;
    std::thread late;
    const auto run = environment.run(
        twice,
        [&](ActivityContext& context, int) {
          kept.emplace(context.checkpoint<int>());
          late = std::thread([&] {
            over.get_future().wait();
            kept->save(1);
            answer = kept->save_now(1, 1h);
          });
          return 0;
        },
        1);
    over.set_value();
    late.join();
    CHECK(run.called.empty());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::kLeaseLost);
  }
  SECTION("are no waits of threads that it left behind") {
    std::optional<Checkpoint<int>> kept;
    std::thread late;
    std::promise<void> begun;
    environment.disconnect(0s, 1h);
    const auto run = environment.run(
        twice,
        [&](ActivityContext& context, int) {
          kept.emplace(context.checkpoint<int>());
          late = std::thread([&] {
            begun.set_value();
            answer = kept->save_now(1, 240h);
          });
          begun.get_future().wait();
          return 7;
        },
        1);
    late.join();
    CHECK(run.result.value() == 7);  // And the wait has ended, well or not.
  }
}

TEST_CASE("one activity at a time", "[testing]") {
  ActivityEnvironment environment;
  const auto run = environment.run(
      twice, [&](int given) { return environment.run(twice, [](int number) { return number; }, given).result.value(); },
      1);
  REQUIRE_FALSE(run.result);
  CHECK_THAT(run.result.error().message, ContainsSubstring("one activity at a time"));
}
