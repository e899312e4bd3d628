// Activities that somebody else ends, against a whole server: by token, by ID, through complete_later()'s object.
#include <longbeat/async_activity.h>
#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "conformance/home.h"
#include "support/catch.h"
#include "support/flaky_proxy.h"

using namespace longbeat;
using namespace std::chrono_literals;

namespace {

constexpr Activity<std::string(std::string)> ask{"ask"};

/// Where activities put their late completions and the test takes them from.
class Desk {
 public:
  void put(LateCompletion late, int checkpoint) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(std::move(late), checkpoint);
    came_.notify_all();
  }
  /// The next one, and what its attempt found as checkpoint.
  std::pair<LateCompletion, int> take() {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, 20s, [&] { return !waiting_.empty(); })) throw std::runtime_error("no attempt came");
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::pair<LateCompletion, int>> waiting_;
};

/// A home, and a worker whose activity leaves its end to others.
struct Room {
  Desk desk{};
  test::Home home{};
  Client client = connect("the client");
  Client other = connect("somebody else");
  std::optional<Worker> worker{std::in_place, client, WorkerOptions{.task_queue = "q"}};

  Room() {
    worker->serve(ask, [this](ActivityContext& context, const std::string& question) {
      const int checkpoint = *context.checkpoint<int>();
      auto late = context.complete_later();
      if (question == "nobody") return question;  // Lost.
      desk.put(std::move(late), checkpoint);
      return question;
    });
    REQUIRE(worker->start());
  }
  Client connect(const std::string& identity) const { return Client::connect(home.client(identity)).value(); }
  ActivityHandle<std::string> start(const std::string& id, const std::string& question = "who") {
    StartOptions options{.id = id, .task_queue = "q", .start_to_close_timeout = 1min, .heartbeat_timeout = 30s};
    options.retry_policy = RetryPolicy{.initial_interval = 1ms, .maximum_attempts = 3};
    return client.start(ask, options, question).value();
  }
};

}  // namespace

TEST_CASE("an activity is completed by another program with its token", "[conformance][async]") {
  Room room;
  const auto handle = room.start("a");
  const auto activity = room.other.async_activity(room.desk.take().first.release());
  activity.heartbeat(1);
  REQUIRE(activity.save_now(2));
  CHECK(handle.describe()->heartbeat_details<int>().value() == 2);
  REQUIRE(activity.complete("me"));
  CHECK(handle.result().value() == "me");
  CHECK(activity.complete("me too").error().code == ErrorCode::kFailedPrecondition);
}

TEST_CASE("an activity is completed by its ID", "[conformance][async]") {
  Room room;
  const auto handle = room.start("a");
  const auto released = room.desk.take().first.release();
  const auto activity = room.other.async_activity({.activity_id = "a", .run_id = handle.run_id()});
  REQUIRE(activity.save_now(3));
  REQUIRE(activity.complete_async("by ID").get());
  CHECK(handle.result().value() == "by ID");
  // The server knows of the end, whoever asks.
  CHECK(room.other.async_activity(released).complete("late").error().code == ErrorCode::kNotFound);
  const auto late = room.other.async_activity({.activity_id = "a", .run_id = handle.run_id()});
  CHECK(late.complete("late").error().code == ErrorCode::kNotFound);
  CHECK(room.other.async_activity({.activity_id = "none"}).complete("x").error().code == ErrorCode::kNotFound);
}

TEST_CASE("heartbeats from outside tell of pause, reset and cancellation", "[conformance][async]") {
  Room room;
  const auto handle = room.start("a");
  const auto activity = room.other.async_activity(room.desk.take().first.release());
  CHECK_FALSE(activity.save_now(1)->activity_paused);
  REQUIRE(handle.pause());
  CHECK(activity.save_now(2)->activity_paused);
  REQUIRE(handle.unpause());
  CHECK_FALSE(activity.save_now(3)->activity_paused);
  REQUIRE(handle.reset());
  CHECK(activity.save_now(4)->activity_reset);
  CHECK(activity.stop_causes() == std::vector{StopCause::kPaused, StopCause::kReset});
  CHECK(activity.fail(ApplicationError("as asked")));
  const auto again = room.desk.take().first;
  REQUIRE(handle.cancel());
  CHECK(again.save_now(5)->cancel_requested);
  REQUIRE(again.report_canceled("half"));
  const auto error = handle.result().error();
  CHECK(error.code == ErrorCode::kActivityCanceled);
  CHECK(room.client.converter().details<std::string>(*error.failure).value() == "half");
}

TEST_CASE("a cancellation that nobody asked for is refused", "[conformance][async]") {
  Room room;
  const auto handle = room.start("a");
  const auto late = room.desk.take().first;
  CHECK(late.report_canceled().error().code == ErrorCode::kInvalidArgument);
  REQUIRE(late.complete("done all the same"));
  CHECK(handle.result().value() == "done all the same");
}

TEST_CASE("a failure from outside leaves the next attempt its last details", "[conformance][async]") {
  Room room;
  const auto handle = room.start("a");
  const bool by_id = GENERATE(false, true);
  {
    const auto activity =
        by_id ? room.other.async_activity({.activity_id = "a"}) : room.other.async_activity(TaskToken());
    const auto late = room.desk.take();
    CHECK(late.second == 0);
    auto first = late.first.task_token();
    const auto with_token = room.other.async_activity(first);
    REQUIRE((by_id ? activity : with_token).fail(ApplicationError("once", {.type = "Once"}), 17));
  }
  auto [second, checkpoint] = room.desk.take();
  CHECK(checkpoint == 17);
  second.heartbeat(18);
  second.heartbeat(19);
  REQUIRE(second.fail(ApplicationError("twice", {.type = "Twice", .details = {}})));
  auto [third, newest] = room.desk.take();
  CHECK(newest == 19);
  REQUIRE(third.fail(ApplicationError("enough", {.type = "Enough", .non_retryable = true})));
  const auto error = handle.result().error();
  CHECK(error.code == ErrorCode::kActivityFailed);
  CHECK(error.failure->find("Enough") != nullptr);
}

TEST_CASE("a late completion that is lost is tried again", "[conformance][async]") {
  Room room;
  SECTION("inside the function") {
    const auto error = room.client
                           .execute(ask,
                                    {.id = "a",
                                     .task_queue = "q",
                                     .start_to_close_timeout = 1min,
                                     .retry_policy = RetryPolicy{.maximum_attempts = 1}},
                                    "nobody")
                           .error();
    CHECK(error.failure->type == "CompletionLost");
  }
  SECTION("after it") {
    const auto handle = room.start("a");
    {
      const auto lost = room.desk.take();
    }
    auto second = room.desk.take().first;
    CHECK(handle.describe()->attempt == 2);
    CHECK(handle.describe()->last_failure->type == "CompletionLost");
    REQUIRE(second.complete("found"));
    CHECK(handle.result().value() == "found");
  }
}

TEST_CASE("a late completion outlives its worker and the program's client", "[conformance][async]") {
  Room room;
  const auto handle = room.other.handle<std::string>(room.start("a").id());
  std::optional<LateCompletion> late = room.desk.take().first;
  REQUIRE(room.worker->stop(10s));
  room.worker.reset();
  room.client = room.connect("the next client");
  SECTION("and still reports") {
    REQUIRE(late->complete("still here"));
    CHECK(handle.result().value() == "still here");
  }
  SECTION("and its loss is still told") {
    late.reset();
    for (int i = 0; i < 2'000 && !handle.describe()->last_failure; ++i) std::this_thread::sleep_for(5ms);
    CHECK(handle.describe()->last_failure.value().type == "CompletionLost");
  }
}

TEST_CASE("a report whose answer was lost is a success", "[conformance][async]") {
  Room room;
  const auto address = room.home.address();
  test::FlakyProxy proxy(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  auto through = room.home.client("far away");
  through.address = proxy.address();
  const auto far = Client::connect(through).value();
  const auto handle = room.start("a");
  const auto activity = far.async_activity(room.desk.take().first.release(), {.call = {.timeout = 20s}});
  REQUIRE(activity.save_now(1));
  proxy.delay(500ms);
  auto completed = activity.complete_async("once");
  CHECK(handle.result().value() == "once");  // It has arrived; its answer is still on the way.
  proxy.cut_all();
  proxy.delay(0ms);
  CHECK(completed.get());
  CHECK(far.stats().retries > 0);
}
