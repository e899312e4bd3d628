#include "longbeat/client.h"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/start_params.h"
#include "client_setup.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

constexpr Activity<int(std::string, int)> repeat{"repeat"};
constexpr Activity<void()> tick{"tick"};
constexpr Activity<int(std::string, std::optional<int>, std::optional<bool>)> find{"find"};

using Setup = EagerClient;

}  // namespace

TEST_CASE("a start", "[client]") {
  Setup setup;
  setup.service.starts = {StartedActivity{"run-1", true, {}}};
  SECTION("carries every option in the wire's terms") {
    auto all = start_options();
    all.heartbeat_timeout = 5s;
    all.start_delay = 2s;
    all.retry_policy = RetryPolicy{.initial_interval = 3s, .maximum_attempts = 4};
    all.priority = Priority{.priority_key = 1, .fairness_key = "t"};
    all.id_reuse_policy = IdReusePolicy::kRejectDuplicate;
    all.id_conflict_policy = IdConflictPolicy::kUseExisting;
    all.summary = "say \"hi\"\n";
    const auto handle = setup.client.start(repeat, all, "text", 3);
    REQUIRE(handle.ok());
    CHECK(handle->id() == "a");
    CHECK(handle->run_id() == "run-1");
    const auto& sent = setup.service.seen_starts.at(0);
    CHECK(sent.namespace_name == "default");
    CHECK(sent.type == "repeat");
    CHECK(sent.task_queue == "q");
    CHECK(sent.input == Payloads{json_payload("\"text\""), json_payload("3")});
    CHECK(sent.start_to_close == 1min);
    CHECK(sent.schedule_to_close == 0s);
    CHECK(sent.heartbeat == 5s);
    CHECK(sent.start_delay == 2s);
    CHECK(sent.retry->initial_interval == 3s);
    CHECK(sent.retry->maximum_attempts == 4);
    CHECK(sent.priority->priority_key == 1);
    CHECK(sent.id_reuse_policy == 3);
    CHECK(sent.id_conflict_policy == 2);
    CHECK(sent.summary == json_payload("\"say \\\"hi\\\"\\u000a\""));
    CHECK(sent.request_id.size() == 36);
    CHECK_THAT(sent.identity, ContainsSubstring("@"));
  }
  SECTION("uses another request ID each time") {
    setup.service.starts.push_back(StartedActivity{"run-2", true, {}});
    CHECK(setup.client.start(tick, start_options()).ok());
    CHECK(setup.client.start(tick, start_options()).ok());
    CHECK(setup.service.seen_starts.at(0).request_id != setup.service.seen_starts.at(1).request_id);
  }
  SECTION("may leave out optional arguments at the end") {
    const Client& client = setup.client;
    setup.service.starts.assign(3, StartedActivity{"run-1", true, {}});
    CHECK(client.start(find, start_options(), "a").ok());
    CHECK(client.start(find, start_options(), "a", std::nullopt).ok());
    CHECK(client.start(find, start_options(), "a", 2, true).ok());
    CHECK(setup.service.seen_starts.at(0).input == Payloads{json_payload("\"a\"")});
    CHECK(setup.service.seen_starts.at(1).input.size() == 2);
    CHECK(setup.service.seen_starts.at(2).input.size() == 3);
  }
  SECTION("by name takes any arguments, or encoded ones") {
    setup.service.starts.push_back(StartedActivity{"run-2", true, {}});
    CHECK(setup.client.start(dynamic_activity("repeat"), start_options(), 1, true).ok());
    CHECK(setup.client.start(dynamic_activity("repeat"), start_options(), Payloads{json_payload("9")}).ok());
    CHECK(setup.service.seen_starts.at(0).input == Payloads{json_payload("1"), json_payload("true")});
    CHECK(setup.service.seen_starts.at(1).input == Payloads{json_payload("9")});
  }
  SECTION("with bad options or a bad name is refused without a call") {
    auto bad = start_options();
    bad.id = "";
    CHECK(setup.client.start(tick, bad).error().code == ErrorCode::kInvalidArgument);
    CHECK(setup.client.start(dynamic_activity(""), start_options()).error().code == ErrorCode::kInvalidArgument);
    CHECK(setup.service.seen_starts.empty());
  }
}

TEST_CASE("a start that is refused", "[client][errors]") {
  Setup setup;
  SECTION("because the ID is taken tells the run in the way") {
    setup.service.starts = {
        Status{StatusCode::kAlreadyExists, "activity execution already started", AlreadyStartedDetail{"r", "run-0"}}};
    const auto error = setup.client.start(tick, start_options()).error();
    CHECK(error.code == ErrorCode::kAlreadyStarted);
    CHECK(error.run_id == "run-0");
    CHECK(error.message == "start of activity 'a' at 127.0.0.1:7233: activity execution already started (run run-0)");
  }
  SECTION("by an unknown namespace or a server out of reach has its own code") {
    setup.service.starts = {Status{StatusCode::kNotFound, "Namespace x is not found.", NamespaceNotFoundDetail{"x"}},
                            refused(StatusCode::kUnavailable)};
    CHECK(setup.client.start(tick, start_options()).error().code == ErrorCode::kNotFound);
    CHECK(setup.client.start(tick, start_options()).error().code == ErrorCode::kUnavailable);
  }
  SECTION("is counted") {
    setup.service.starts = {refused(StatusCode::kUnavailable), StartedActivity{}};
    CHECK_FALSE(setup.client.start(tick, start_options()).ok());
    CHECK(setup.client.start(tick, start_options()).ok());
    CHECK(setup.client.stats().calls == 2);
    CHECK(setup.client.stats().failed_calls == 1);
  }
}

TEST_CASE("a result", "[client][result]") {
  Setup setup;
  const auto handle = setup.client.handle<int>("a", "run-1");
  SECTION("is decoded") {
    setup.service.outcomes = {completed({json_payload("42")})};
    CHECK(handle.result().value() == 42);
    CHECK(setup.service.seen_polls.at(0).run_id == "run-1");
  }
  SECTION("of nothing is nothing") {
    setup.service.outcomes = {completed({})};
    CHECK(setup.client.handle<void>("a").result().ok());
  }
  SECTION("stays encoded for who wants it so") {
    setup.service.outcomes = {completed({json_payload("[1]")})};
    CHECK(setup.client.handle<Payloads>("a").result().value() == Payloads{json_payload("[1]")});
  }
  SECTION("of another type is undecodable") {
    setup.service.outcomes = {completed({json_payload("\"text\"")})};
    CHECK(handle.result().error().code == ErrorCode::kUndecodable);
  }
  SECTION("that is a failure comes typed, with its causes") {
    Failure failure{.kind = FailureKind::kApplication, .message = "no space", .type = "Disk"};
    failure.cause = std::make_shared<const Failure>(Failure{.kind = FailureKind::kTimeout, .message = "slow"});
    setup.service.outcomes = {closed(failure)};
    const auto error = handle.result().error();
    CHECK(error.code == ErrorCode::kActivityFailed);
    REQUIRE(error.failure != nullptr);
    CHECK(error.failure->type == "Disk");
    CHECK(error.failure->cause->kind == FailureKind::kTimeout);
    CHECK_THAT(error.message,
               ContainsSubstring("activity 'a' (run run-1): ApplicationError(Disk): no space: caused by"));
  }
  SECTION("tells canceled, terminated and timed out apart") {
    setup.service.outcomes = {closed({.kind = FailureKind::kCanceled}), closed({.kind = FailureKind::kTerminated}),
                              closed({.kind = FailureKind::kTimeout, .timeout_type = TimeoutType::kHeartbeat})};
    CHECK(handle.result().error().code == ErrorCode::kActivityCanceled);
    CHECK(handle.result().error().code == ErrorCode::kActivityTerminated);
    const auto error = handle.result().error();
    CHECK(error.code == ErrorCode::kActivityTimedOut);
    CHECK(error.failure->timeout_type == TimeoutType::kHeartbeat);
  }
  SECTION("that does not come in time leaves the activity alone") {
    const auto error = handle.result({.timeout = 90s}).error();
    CHECK(error.code == ErrorCode::kDeadlineExceeded);
    CHECK(error.message ==
          "result of activity 'a' (run run-1) at 127.0.0.1:7233: it was not seen to close in time: the server did not "
          "answer: late");
    CHECK(handle.result({.timeout = 0s}).error().code == ErrorCode::kDeadlineExceeded);
  }
  SECTION("counts as retries what is asked again after errors, not after empty answers") {
    setup.service.outcomes = {
        refused(StatusCode::kUnavailable),       PolledOutcome{"run-1", {}}, refused(StatusCode::kDeadlineExceeded),
        refused(StatusCode::kResourceExhausted), PolledOutcome{"run-1", {}}, completed({json_payload("42")})};
    CHECK(handle.result().value() == 42);
    CHECK(setup.client.stats().retries == 3);
    setup.service.outcomes = {refused(StatusCode::kNotFound)};
    CHECK_FALSE(handle.result().ok());
    CHECK(setup.client.stats().retries == 3);
  }
  SECTION("is not waited for once stop was requested") {
    std::stop_source source;
    source.request_stop();
    CHECK(handle.result({.stop_token = source.get_token()}).error().code == ErrorCode::kCanceled);
    CHECK(setup.service.seen_polls.empty());
  }
}

TEST_CASE("a description", "[client]") {
  Setup setup;
  internal::ActivityDescription from;
  from.activity_id = "a";
  from.run_id = "run-1";
  from.status = 1;
  from.run_state = 2;
  from.attempt = 3;
  from.last_failure = Failure{.message = "before"};
  const auto handle = setup.client.handle<int>("a");
  SECTION("shows progress as a value") {
    from.heartbeat_details = {json_payload("17")};
    setup.service.descriptions = {from};
    const auto description = handle.describe().value();
    CHECK(description.status == ActivityStatus::kRunning);
    CHECK(description.run_state == ActivityRunState::kStarted);
    CHECK(description.attempt == 3);
    CHECK(description.last_failure->message == "before");
    CHECK(description.heartbeat_details<int>().value() == 17);
    CHECK(description.heartbeat_details<std::string>().error().code == ErrorCode::kUndecodable);
  }
  SECTION("without progress has none") {
    setup.service.descriptions = {from};
    CHECK(handle.describe().value().heartbeat_details<int>().value() == std::nullopt);
  }
  SECTION("keeps a status of a newer server as unspecified") {
    from.status = 99;
    setup.service.descriptions = {from};
    CHECK(handle.describe().value().status == ActivityStatus::kUnspecified);
  }
}

TEST_CASE("a cancel", "[client]") {
  Setup setup;
  const auto handle = setup.client.handle<int>("a", "run-1");
  setup.service.cancels = {StatusOr<void>(), refused(StatusCode::kFailedPrecondition, "closed")};
  CHECK(handle.cancel("superseded").ok());
  const auto& sent = setup.service.seen_cancels.at(0);
  CHECK(sent.reason == "superseded");
  CHECK(sent.run.run_id == "run-1");
  CHECK(sent.request_id.size() == 36);
  CHECK(handle.cancel().error().code == ErrorCode::kFailedPrecondition);
}

TEST_CASE("a blocking call on the loop's own thread is refused", "[client][errors]") {
  Setup setup;
  setup.connection->eager.pretends_to_be_the_loop = true;
  const auto started = setup.client.start(tick, start_options());
  CHECK(started.error().code == ErrorCode::kInternal);
  CHECK_THAT(started.error().message, ContainsSubstring("event loop"));
  CHECK(setup.client.handle<int>("a").result().error().code == ErrorCode::kInternal);
}

TEST_CASE("interceptors", "[client][interceptor]") {
  struct Marker final : ClientInterceptor {
    Marker(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
    Result<CallEnded> call(ClientCallParams& params) override {
      log_.push_back(name_ + " " + params.operation);
      params.header[name_] = json_payload("1");
      return [this](const Result<>& result) { log_.push_back(name_ + (result ? " ok" : " failed")); };
    }
    std::vector<std::string>& log_;
    std::string name_;
  };
  struct Wall final : ClientInterceptor {
    Result<CallEnded> call(ClientCallParams&) override {
      return Error{ErrorCode::kPermissionDenied, "not today", {}, {}};
    }
  };
  struct Renamer final : ClientInterceptor {
    Result<CallEnded> call(ClientCallParams& params) override {
      params.activity_id = "tenant-" + params.activity_id;
      return CallEnded();
    }
  };
  struct Broken final : ClientInterceptor {
    explicit Broken(bool at_once) : at_once_(at_once) {}
    Result<CallEnded> call(ClientCallParams&) override {
      if (at_once_) throw std::runtime_error("no tracer");
      return [](const Result<>&) { throw std::runtime_error("no tracer"); };
    }
    bool at_once_;
  };
  std::vector<std::string> log;
  ClientOptions with;
  const auto outer = std::make_shared<Marker>(log, "outer"), inner = std::make_shared<Marker>(log, "inner");
  SECTION("stand around every call, the first one outermost") {
    with.interceptors = {outer, inner};
    Setup setup(with);
    setup.service.starts = {StartedActivity{"run-1", true, {}}};
    setup.service.outcomes = {closed({})};
    CHECK(setup.client.start(tick, start_options()).ok());
    CHECK_FALSE(setup.client.handle<int>("a").result().ok());
    CHECK(log == std::vector<std::string>{"outer StartActivityExecution", "inner StartActivityExecution", "inner ok",
                                          "outer ok", "outer PollActivityExecution", "inner PollActivityExecution",
                                          "inner failed", "outer failed"});
    CHECK(setup.service.seen_starts.at(0).header.size() == 2);
  }
  SECTION("may refuse a call, of which those outside hear") {
    with.interceptors = {outer, std::make_shared<Wall>(), inner};
    Setup setup(with);
    CHECK(setup.client.start(tick, start_options()).error().message == "not today");
    CHECK(log == std::vector<std::string>{"outer StartActivityExecution", "outer failed"});
    CHECK(setup.service.seen_starts.empty());
  }
  SECTION("are not asked when the call is refused for what it says") {
    with.interceptors = {outer};
    Setup setup(with);
    CHECK_FALSE(setup.client.handle<int>("a").unpause({.jitter = -1s}).ok());
    CHECK(log.empty());
  }
  SECTION("may change whom the call means, and the handle means the same") {
    with.interceptors = {std::make_shared<Renamer>()};
    Setup setup(with);
    setup.service.starts = {StartedActivity{"run-1", true, {}}};
    CHECK(setup.client.start(tick, start_options())->id() == "tenant-a");
    CHECK(setup.service.seen_starts.at(0).activity_id == "tenant-a");
  }
  SECTION("that throw fail the call, or nothing once it has ended") {
    with.interceptors = {std::make_shared<Broken>(true)};
    Setup failing(with);
    CHECK_THAT(failing.client.start(tick, start_options()).error().message, ContainsSubstring("no tracer"));
    with.interceptors = {std::make_shared<Broken>(false)};
    Setup working(with);
    working.service.starts = {StartedActivity{"run-1", true, {}}};
    CHECK(working.client.start(tick, start_options()).ok());
  }
}
