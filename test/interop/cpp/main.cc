// interop_cpp ROLE ADDRESS QUEUE [scrambled]: longbeat's SDK beside Temporal's. Roles: `worker` serves the activities
// until SIGTERM; `values`, `failure` and `control` call those that another language serves, and say what was not as
// expected, `values-of-js` with numbers as JavaScript has them; `complete` completes the activity whose token is in the
// file QUEUE.
#include <longbeat/client.h>
#include <longbeat/failure.h>
#include <longbeat/json.h>
#include <longbeat/log.h>
#include <longbeat/worker.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "checks.h"
#include "control.h"
#include "scramble.h"
#include "values.h"

using namespace std::chrono_literals;

namespace interop {

struct Progress {
  int step = 0;
  std::string place{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress, step, place)

struct Resumed {
  std::string language{};
  int attempt = 0;
  Progress progress{};
  std::string note{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Resumed, language, attempt, progress, note)

using CardDetails = std::map<std::string, int>;

inline constexpr longbeat::Activity<Resumed(std::string go)> resume{"resume"};
inline constexpr longbeat::Activity<std::string(std::string path)> hand_on{"hand_on"};
inline constexpr longbeat::Activity<void()> refuse{"refuse_card"};
inline constexpr longbeat::Activity<std::map<std::string, std::string>()> whose{"whose"};

/// The first attempt leaves details and fails once the file `go` is there; the next tells what it found.
Resumed run_resume(longbeat::ActivityContext& ctx, const std::string& go) {
  if (ctx.info().heartbeat_details.size() == 1) {  // Node's heartbeats have one value.
    return {"C++", ctx.info().attempt, std::get<0>(ctx.previous_details<Progress>().value()), {}};
  }
  if (ctx.info().attempt > 1) {
    auto [progress, note] = ctx.previous_details<Progress, std::string>().value();
    return {"C++", ctx.info().attempt, progress, note};
  }
  ctx.heartbeat(Progress{3, "too early"}, std::string("old"));
  ctx.heartbeat(Progress{4, "K\u00f6ln"}, std::string("from C++"));
  while (!std::filesystem::exists(go)) {
    ctx.throw_if_stopped();
    ctx.sleep_for(50ms);
  }
  throw longbeat::ApplicationError("slipped");
}

/// Leaves its token in the file `path`, for whoever completes it.
std::string run_hand_on(longbeat::ActivityContext& ctx, const std::string& path) {
  auto later = ctx.complete_later();
  std::ofstream(path + ".new", std::ios::binary) << later.task_token().bytes;
  std::filesystem::rename(path + ".new", path);
  later.release();
  return {};
}

void run_refuse(const longbeat::DataConverter& converter) {
  try {
    try {
      throw std::runtime_error("line is dead");
    } catch (...) {
      std::throw_with_nested(longbeat::ApplicationError(
          "the bank said no", {.type = "BankError", .details = converter.to_payloads(7).value()}));
    }
  } catch (...) {
    std::throw_with_nested(longbeat::ApplicationError(
        "no such card", {.type = "CardRefused",
                         .non_retryable = true,
                         .details = converter.to_payloads(CardDetails{{"card", 7}}, std::string("blocked")).value()}));
  }
}

/// What an activity knows of the workflow that it belongs to.
std::map<std::string, std::string> run_whose(longbeat::ActivityContext& ctx) {
  const longbeat::ActivityInfo& info = ctx.info();
  return {{"workflow_id", info.workflow_id},     {"workflow_run_id", info.workflow_run_id},
          {"workflow_type", info.workflow_type}, {"activity_id", info.activity_id},
          {"namespace", info.namespace_name},    {"run_id", info.run_id}};
}

int run_worker(const longbeat::Client& client, const std::string& queue) {
  longbeat::Worker worker(client, {.task_queue = queue});
  const auto echo = [&](const auto& activity, const auto& value, Bytes) {
    worker.serve(activity, [value](const std::decay_t<decltype(value)>& got) {
      if (got != value) throw longbeat::ApplicationError("not the value agreed on", {.non_retryable = true});
      return got;
    });
  };
  for_each_kind(echo);
  echo(kEchoInt, kWide, Bytes::kSame);
  worker.serve(longbeat::Activity<void()>{"nothing"}, [] {});
  worker.serve(resume, run_resume);
  worker.serve(hand_on, run_hand_on);
  worker.serve(whose, run_whose);
  worker.serve(refuse, [converter = client.converter()] { run_refuse(converter); });
  serve_control(worker);
  worker.run().value();
  return 0;
}

longbeat::StartOptions options(const std::string& queue, std::string_view what) {
  return {.id = queue + "/" + std::string(what), .task_queue = queue, .start_to_close_timeout = 10s, .call = {20s}};
}

/// Says what does not come back as it went.
auto echo_check(const longbeat::Client& client, const std::string& queue, Checks& checks) {
  return [&](const auto& activity, const auto& value, Bytes bytes) {
    const std::string name(activity.name());
    const auto start = options(queue, name);
    const auto got = client.execute(activity, start, value);
    if (!got) return checks.expect(false, name + ": " + to_string(got.error()));
    checks.expect(*got == value, name + ": another value came back");
    const auto sent = client.converter().to_payload(value).value();
    const auto payloads = client.handle<longbeat::Payloads>(start.id).result({.timeout = 10s}).value();
    const bool nothing = name == "echo_null" && payloads.empty();  // Go answers so.
    checks.expect(bytes == Bytes::kOther || nothing || payloads == longbeat::Payloads{sent},
                  name + ": sent " + sent.data + ", got " + (payloads.empty() ? "nothing" : payloads[0].data));
  };
}

void call_safe_values(const longbeat::Client& client, const std::string& queue, Checks& checks) {
  for_each_kind(echo_check(client, queue, checks));
  const auto nothing = client.execute(longbeat::Activity<void()>{"nothing"}, options(queue, "nothing"));
  checks.expect(nothing.ok(), "nothing: an error");
}

int call_values(const longbeat::Client& client, const std::string& queue) {
  Checks checks;
  call_safe_values(client, queue, checks);
  echo_check(client, queue, checks)(kEchoInt, kWide, Bytes::kSame);
  return checks.exit_code();
}

/// JavaScript rounds larger numbers without a word, this one to what is none of ours.
int call_values_of_js(const longbeat::Client& client, const std::string& queue) {
  Checks checks;
  call_safe_values(client, queue, checks);
  const auto rounded = client.execute(kEchoInt, options(queue, "echo_int"), std::numeric_limits<std::int64_t>::max());
  checks.expect(!rounded && rounded.error().code == longbeat::ErrorCode::kUndecodable,
                "echo_int: " + (rounded ? "it is " + std::to_string(*rounded) : to_string(rounded.error())));
  return checks.exit_code();
}

int call_failure(const longbeat::Client& client, const std::string& queue) {
  Checks checks;
  const auto ended = client.execute(refuse, options(queue, "refuse_card"));
  if (ended || !ended.error().failure) {
    checks.expect(false, ended ? "it succeeded" : to_string(ended.error()));
    return checks.exit_code();
  }
  const longbeat::Failure& failure = *ended.error().failure;
  const longbeat::Failure& root = failure.root_cause();
  const bool from_go = failure.source == "GoSDK";  // Its failures do not tell their place.
  checks.expect(failure.kind == longbeat::FailureKind::kApplication && failure.message == "no such card" &&
                    failure.type == "CardRefused" && failure.non_retryable && failure.stack_trace.empty() == from_go,
                "the failure: " + in_full(failure));
  const auto& converter = client.converter();
  const auto details = converter.from_payloads<std::tuple<CardDetails, std::string>>(failure.details);
  checks.expect(details && *details == std::tuple(CardDetails{{"card", 7}}, std::string("blocked")), "its details");
  const longbeat::Failure* bank = failure.find("BankError");
  if (bank != nullptr && bank == failure.cause.get() && bank->message == "the bank said no") {
    const auto number = converter.from_payloads<std::tuple<int>>(bank->details);
    checks.expect(number && *number == std::tuple(7), "the details of its cause");
  } else {
    checks.expect(false, "its cause: " + in_full(failure));
  }
  // A plain error of Go or Node has no type.
  checks.expect((root.type.empty() || root.type == "OSError") && root.message == "line is dead",
                "its root: " + in_full(failure));
  return checks.exit_code();
}

int complete(const longbeat::Client& client, const std::string& path) {
  Checks checks;
  std::ifstream file(path, std::ios::binary);
  const longbeat::TaskToken token{{std::istreambuf_iterator<char>(file), {}}};
  const auto activity = client.async_activity(token);
  const auto saved = activity.save_now(Progress{5, "from C++"});
  checks.expect(saved.ok(), "the heartbeat was refused");
  const auto done = activity.complete(std::string("completed by C++"));
  checks.expect(done.ok(), "the completion was refused");
  const auto again = activity.complete(std::string("too late"));
  checks.expect(!again.ok(), "it was completed twice");
  return checks.exit_code();
}

}  // namespace interop

int main(int argc, char** argv) try {
  // What attempts are made to do is no news.
  longbeat::set_log_sink([](const longbeat::LogRecord& record) { std::cerr << to_string(record) << "\n"; },
                         longbeat::LogLevel::kError);
  const std::map<std::string, int (*)(const longbeat::Client&, const std::string&)> roles = {
      {"worker", interop::run_worker},
      {"values", interop::call_values},
      {"values-of-js", interop::call_values_of_js},
      {"failure", interop::call_failure},
      {"control", interop::call_control},
      {"complete", interop::complete}};
  const bool scrambled = argc == 5 && std::string(argv[4]) == "scrambled";
  if ((argc != 4 && !scrambled) || !roles.contains(argv[1])) {
    std::cerr << "usage: interop_cpp worker|values|values-of-js|failure|control|complete ADDRESS QUEUE [scrambled]\n";
    return 2;
  }
  longbeat::ClientOptions options{.address = argv[2]};
  if (scrambled) {
    options.codecs = {std::make_shared<interop::Scramble>()};
    options.encode_common_attributes = true;
  }
  const auto client = longbeat::Client::connect(options).value();
  return roles.at(argv[1])(client, argv[3]);
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
