// How waits end that do not end well.
#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include "kit_room.h"
#include "longbeat/log.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

int sleeps(ActivityContext& ctx, int) {
  ctx.sleep_for(1h);
  return ctx.info().attempt;
}

/// Keeps thousands of lines about attempts out of the test's output.
struct Silence {
  Silence() {
    set_log_sink([](const LogRecord&) {});
  }
  ~Silence() { set_log_sink({}); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
};

void check_refused(const Result<>& result, ErrorCode code, const std::string& text) {
  REQUIRE(!result);
  CHECK(result.error().code == code);
  CHECK_THAT(result.error().message, ContainsSubstring(text));
}

}  // namespace

TEST_CASE("a condition that throws leaves everything usable", "[local][waits]") {
  KitRoom room(sleeps);
  const auto handle = room.start("a");
  CHECK_THROWS_AS(room.server.wait_until([]() -> bool { throw 1; }), int);
  CHECK(room.server.advance(1s));
  CHECK(handle.result({.timeout = 5h}).value() == 1);
  CHECK(room.server.wait_until([] { return true; }));
}

TEST_CASE("a condition only looks", "[local][waits]") {
  KitRoom room(sleeps);
  const auto handle = room.start("a");
  const auto asked_inside = [&](const auto& ask) {
    Result<> inside;
    const auto once = [&] {
      inside = ask();
      return true;
    };
    CHECK(room.server.wait_until(once));
    return inside;
  };
  const std::string why = "by the condition of a wait on the same server";
  SECTION("and does not advance") {
    check_refused(asked_inside([&] { return room.server.advance(1s); }), ErrorCode::kFailedPrecondition, why);
  }
  SECTION("and does not wait") {
    check_refused(asked_inside([&] { return room.server.wait_until([] { return true; }); }),
                  ErrorCode::kFailedPrecondition, why);
    check_refused(asked_inside([&] { return room.server.wait_for("a", ActivityStatus::kCompleted); }),
                  ErrorCode::kFailedPrecondition, why);
  }
  SECTION("and may look at the counters") {
    CHECK(room.server.wait_until([&] { return room.server.stats().completed == 1; }));
  }
  SECTION("and one that calls a client is told so") {
    const auto end = room.server.wait_until([&] { return handle.describe()->status == ActivityStatus::kCompleted; });
    check_refused(end, ErrorCode::kDeadlineExceeded, "nor calls a client");
  }
  SECTION("and is not missing") {
    check_refused(room.server.wait_until({}), ErrorCode::kInvalidArgument, "met is empty");
  }
  CHECK(handle.result().value() == 1);
}

TEST_CASE("a wait ends in real time though something repeats", "[local][waits]") {
  const Silence silence;
  SECTION("an attempt that fails without end") {
    KitRoom room([](ActivityContext&, int) -> int { throw std::runtime_error("never"); });
    const auto handle =
        room.start("a", {.retry_policy = RetryPolicy{.initial_interval = 1ms, .backoff_coefficient = 1}});
    const auto end = room.server.wait_for("a", ActivityStatus::kCompleted, {.real_timeout = 200ms});
    check_refused(end, ErrorCode::kDeadlineExceeded, "activity 'a': not within 200 ms of real time, while its clock");
    CHECK_THAT(end.error().message, ContainsSubstring(" attempts began, ") && ContainsSubstring(" failed; 1 ") &&
                                        ContainsSubstring(", in attempt "));
    const auto again = room.server.wait_until([] { return false; }, {.timeout = 10'000h, .real_timeout = 50ms});
    check_refused(again, ErrorCode::kDeadlineExceeded, "not within 50 ms of real time");
    handle.terminate().value();
  }
  SECTION("a worker that calls a dead server") {
    KitRoom room(sleeps);
    room.start("a");
    room.server.wait_for("a", ActivityRunState::kStarted).value();
    room.server.kill().value();
    check_refused(room.server.wait_until([] { return false; }, {.real_timeout = 200ms}), ErrorCode::kDeadlineExceeded,
                  "the server is dead since kill(), and does nothing before restart()");
    room.server.restart().value();
  }
  SECTION("also on a server in real time") {
    KitRoom room(sleeps, LocalServerKind::kInProcess);
    check_refused(room.server.wait_for("b", ActivityStatus::kCompleted, {.timeout = 1h, .real_timeout = 20ms}),
                  ErrorCode::kDeadlineExceeded, "0 activities are open; there is no such activity");
  }
}

TEST_CASE("a wait ends when the server stops", "[local][waits]") {
  const auto kind = GENERATE(LocalServerKind::kManualClock, LocalServerKind::kInProcess);
  const bool worker = GENERATE(false, true);
  KitRoom room(worker ? sleeps : KitRoom::Function(), kind);
  const std::string why = "the server has been stopped";
  std::promise<void> asked;
  const auto never = [&, told = false]() mutable {
    if (!std::exchange(told, true)) asked.set_value();
    return false;
  };
  auto until = std::async(std::launch::async, [&] { return room.server.wait_until(never, {.real_timeout = 1h}); });
  auto for_state = std::async(std::launch::async, [&] {
    return room.server.wait_for("nobody", ActivityStatus::kCompleted, {.real_timeout = 1h});
  });
  asked.get_future().wait();
  room.server.stop();
  check_refused(until.get(), ErrorCode::kCanceled, why);
  check_refused(for_state.get(), ErrorCode::kCanceled, why);
  // As does one that begins afterwards, unless there is nothing to wait for.
  check_refused(room.server.wait_until([] { return false; }), ErrorCode::kCanceled, why);
  check_refused(room.server.wait_for("nobody", ActivityStatus::kCompleted), ErrorCode::kCanceled, why);
  CHECK(room.server.wait_until([] { return true; }));
}

TEST_CASE("a result without a limit ends with a server that is gone for good", "[local][waits]") {
  const Silence silence;
  const auto kind = GENERATE(LocalServerKind::kManualClock, LocalServerKind::kInProcess);
  std::optional<LocalServer> server(LocalServer::start({.kind = kind}).value());
  const auto client = Client::connect({.transport = server->transport()}).value();
  Worker worker(client, {.task_queue = "tests"});
  worker.serve(work, sleeps);
  const auto handle = client.start(work, {.id = "a", .task_queue = "other", .start_to_close_timeout = 1h}, 1).value();
  std::stop_source give_up;
  const auto wait = [&] {
    return std::async(std::launch::async, [&] { return handle.result({.stop_token = give_up.get_token()}); });
  };
  const auto ended = [&](auto result) {
    if (result.wait_for(10s) != std::future_status::ready) give_up.request_stop();
    return result.get().error();
  };
  const auto check_gone = [](const Error& error) {
    CHECK(error.code == ErrorCode::kUnavailable);
    CHECK_THAT(error.message, ContainsSubstring("has ended, and does not come back"));
  };
  SECTION("that is destroyed") {
    server.reset();
    check_gone(ended(wait()));
    check_gone(handle.describe().error());
  }
  SECTION("that stops, beside a worker") {
    worker.start().value();
    auto before = wait();
    server->stop();
    check_gone(ended(std::move(before)));
    check_gone(ended(wait()));
  }
  SECTION("that stops after a kill()") {
    server->kill().value();
    auto before = wait();
    server->stop();
    check_gone(ended(std::move(before)));
  }
  SECTION("but not with one that comes back") {
    server->kill().value();
    auto before = wait();
    server->restart().value();
    handle.terminate().value();
    CHECK(ended(std::move(before)).code == ErrorCode::kActivityTerminated);
  }
}

TEST_CASE("values that mean nothing are refused at once", "[local][waits]") {
  KitRoom room(sleeps);
  const auto nanoseconds_max = std::chrono::nanoseconds::max();
  check_refused(room.server.advance(nanoseconds_max), ErrorCode::kInvalidArgument, "ends 200 years after start()");
  CHECK(room.server.elapsed() == 0s);
  check_refused(room.server.wait_until([] { return true; }, {.real_timeout = 0ms}), ErrorCode::kInvalidArgument,
                "LocalWaitOptions.real_timeout is 0 ms, must be more than 0");
  CHECK(room.server.wait_until([] { return true; },
                               {.timeout = nanoseconds_max, .real_timeout = std::chrono::milliseconds::max()}));
  check_refused(room.server.drop_replies({.call = static_cast<WorkerCall>(77)}), ErrorCode::kInvalidArgument,
                "CallFault.call is 77, which is no WorkerCall");
  const auto unknown = LocalServer::start({.kind = static_cast<LocalServerKind>(77)});
  REQUIRE(!unknown);
  CHECK_THAT(unknown.error().message, ContainsSubstring("LocalServerOptions.kind is 77"));
}
