#include "client/retrying_stub.h"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "fake_service.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

struct Setup {
  ManualLoop loop{};
  FakeService service{loop};
  int retries = 0;
  RetryingStub stub{loop, service, 1, [this] { ++retries; }};
  std::optional<StatusOr<StartedActivity>> answer{};

  CallId start(Nanoseconds timeout = 10s) {
    StartActivityParams params;
    params.request_id = "request-1";
    return stub.start_activity(std::move(params), timeout, [this](StatusOr<StartedActivity> got) {
      REQUIRE_FALSE(answer.has_value());
      answer.emplace(std::move(got));
    });
  }
};

}  // namespace

TEST_CASE("a call that the server cannot answer", "[client][retry]") {
  Setup setup;
  SECTION("is sent again with the same request ID until it is answered") {
    setup.service.starts = {refused(StatusCode::kUnavailable), refused(StatusCode::kUnavailable),
                            StartedActivity{"run", true}};
    setup.start();
    setup.loop.run_for(2s);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->value().run_id == "run");
    REQUIRE(setup.service.seen_starts.size() == 3);
    CHECK(setup.service.seen_starts[2].request_id == "request-1");
    CHECK(setup.retries == 2);
  }
  SECTION("waits about 100 ms at first and longer each time") {
    setup.service.starts = {refused(StatusCode::kUnavailable), refused(StatusCode::kUnavailable), StartedActivity{}};
    setup.start();
    setup.loop.run_for(2s);
    const auto& sent = setup.service.sent_at;
    REQUIRE(sent.size() == 3);
    CHECK(sent[1] - sent[0] >= 81ms);
    CHECK(sent[1] - sent[0] <= 121ms);
    CHECK(sent[2] - sent[1] >= 137ms);
    CHECK(sent[2] - sent[1] <= 205ms);
  }
  SECTION("waits about a second when the server has no room") {
    setup.service.starts = {refused(StatusCode::kResourceExhausted), StartedActivity{}};
    setup.start();
    setup.loop.run_for(2s);
    const auto& sent = setup.service.sent_at;
    REQUIRE(sent.size() == 2);
    CHECK(sent[1] - sent[0] >= 801ms);
    CHECK(sent[1] - sent[0] <= 1201ms);
  }
  SECTION("is repeated for as long as its own timeout lasts while the server is away") {
    for (int i = 0; i < 15; ++i) setup.service.starts.push_back(refused(StatusCode::kUnavailable));
    setup.service.starts.push_back(StartedActivity{"run", true});
    setup.start(2min);
    setup.loop.run_for(2min);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->ok());
    CHECK(setup.service.seen_starts.size() == 16);
  }
  SECTION("is given up after ten tries with the last refusal, when it need not pass") {
    for (int i = 0; i < 20; ++i)
      setup.service.starts.push_back(refused(StatusCode::kInternal, "try " + std::to_string(i)));
    setup.start(10min);
    setup.loop.run_for(10min);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().message == "try 9");
    CHECK(setup.service.seen_starts.size() == 10);
  }
  SECTION("is tried until just before its own timeout, then given up with the last refusal") {
    for (int i = 0; i < 30; ++i) setup.service.starts.push_back(refused(StatusCode::kUnavailable));
    const auto began = setup.loop.now();
    const auto timeout = GENERATE(100ms, 300ms, 1s, 8s);
    setup.start(timeout);
    setup.loop.run_for(timeout);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kUnavailable);
    CHECK(setup.service.sent_at.back() > began + timeout - 20ms);
    CHECK(setup.service.timeouts.back() >= 5ms);
    CHECK(setup.retries >= 2);
  }
  SECTION("leaves each try only what is left of the whole") {
    setup.service.starts = {refused(StatusCode::kUnavailable)};
    setup.start(1s);
    setup.loop.run_for(2s);
    REQUIRE(setup.service.timeouts.size() == 2);
    CHECK(setup.service.timeouts[0] == 1s);
    CHECK(setup.service.timeouts[1] < 921ms);
    CHECK(setup.answer->error().code == StatusCode::kDeadlineExceeded);
  }
}

TEST_CASE("a call that would be refused again", "[client][retry]") {
  const auto status = GENERATE(refused(StatusCode::kInvalidArgument), refused(StatusCode::kNotFound),
                               refused(StatusCode::kAlreadyExists), refused(StatusCode::kDeadlineExceeded),
                               refused(StatusCode::kUnimplemented), refused(StatusCode::kPermissionDenied),
                               refused(StatusCode::kResourceExhausted, "Received message larger than max (9 vs. 4)"));
  Setup setup;
  setup.service.starts = {status, StartedActivity{}};
  setup.start();
  setup.loop.run_for(1min);
  REQUIRE(setup.answer.has_value());
  CHECK(setup.answer->error() == status);
  CHECK(setup.service.seen_starts.size() == 1);
}

TEST_CASE("a canceled call", "[client][retry]") {
  Setup setup;
  SECTION("ends during a try") {
    const auto call = setup.start();
    setup.loop.run_for(1ms);
    setup.stub.cancel(call);
    CHECK_FALSE(setup.answer.has_value());
    setup.loop.run_ready();
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kCancelled);
    CHECK(setup.service.hanging() == 0);
  }
  SECTION("ends between two tries, without another one") {
    setup.service.starts = {refused(StatusCode::kUnavailable), StartedActivity{}};
    const auto call = setup.start();
    setup.loop.run_for(5ms);
    setup.stub.cancel(call);
    setup.stub.cancel(call);
    setup.loop.run_for(1min);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kCancelled);
    CHECK(setup.service.seen_starts.size() == 1);
  }
  SECTION("is ignored when it has ended") {
    setup.service.starts = {StartedActivity{"run", true}};
    const auto call = setup.start();
    setup.loop.run_for(5ms);
    setup.stub.cancel(call);
    setup.loop.run_for(1min);
    CHECK(setup.answer->ok());
  }
}

namespace {

/// What a call of the stub ended with, and how often it was sent.
struct Ended {
  std::optional<StatusOr<>> answer{};
  std::size_t sent = 0;
};

/// Any call of the stub that answers with nothing, against a server that answers these.
template <class Params>
Ended call(FakeService::Script<Params> FakeService::* script,
           CallId (RetryingStub::*method)(Params, Nanoseconds, Done<void>), Params params,
           std::deque<StatusOr<>> answers) {
  Setup setup;
  (setup.service.*script).answers = std::move(answers);
  Ended ended;
  (setup.stub.*method)(std::move(params), 1min, [&](StatusOr<> got) { ended.answer.emplace(std::move(got)); });
  setup.loop.run_for(2min);
  ended.sent = (setup.service.*script).seen.size();
  return ended;
}

const Status kGone = not_found("activity not found for ID: a");
const Status kAway = refused(StatusCode::kUnavailable);
const Status kBusy = refused(StatusCode::kResourceExhausted);
constexpr const char* kPerhaps = "(an earlier try of this call may have got through)";

}  // namespace

TEST_CASE("a report by token", "[client][retry][reports]") {
  SECTION("is not repeated for a worker, which does it itself") {
    const auto ended =
        call(&FakeService::completions, &RetryingStub::respond_completed, CompletedParams{}, {kAway, {}});
    CHECK(ended.answer->error() == kAway);
    CHECK(ended.sent == 1);
  }
  SECTION("is repeated for who asks for it") {
    CompletedParams completed;
    FailedParams failed;
    CanceledParams canceled;
    completed.retried = failed.retried = canceled.retried = true;
    CHECK(call(&FakeService::completions, &RetryingStub::respond_completed, completed, {kAway, {}}).answer->ok());
    CHECK(call(&FakeService::failures, &RetryingStub::respond_failed, failed, {kAway, {}}).answer->ok());
    CHECK(call(&FakeService::cancellations, &RetryingStub::respond_canceled, canceled, {kAway, {}}).answer->ok());
  }
  SECTION("that finds nothing after a try of unknown end has done what it could") {
    CompletedParams params;
    params.retried = true;
    const auto ended = call(&FakeService::completions, &RetryingStub::respond_completed, params, {kAway, kGone});
    CHECK(ended.answer->ok());
    CHECK(ended.sent == 2);
  }
  SECTION("that finds nothing at once, or after the server had no room, just says so") {
    CompletedParams params;
    params.retried = true;
    CHECK(call(&FakeService::completions, &RetryingStub::respond_completed, params, {kGone}).answer->error() == kGone);
    const auto ended = call(&FakeService::completions, &RetryingStub::respond_completed, params, {kBusy, kGone});
    CHECK(ended.answer->error() == kGone);
    CHECK(ended.sent == 2);
  }
  SECTION("does not blame itself for an unknown namespace") {
    CompletedParams params;
    params.retried = true;
    const Status unknown{StatusCode::kNotFound, "Namespace x is not found.", NamespaceNotFoundDetail{"x"}};
    const auto ended = call(&FakeService::completions, &RetryingStub::respond_completed, params, {kAway, unknown});
    CHECK(ended.answer->error() == unknown);
  }
}

TEST_CASE("a heartbeat is not repeated as it was: something newer may have arrived", "[client][retry][reports]") {
  const Status end = GENERATE(as<Status>(), kAway, kBusy);
  Setup setup;
  std::optional<StatusOr<HeartbeatFlags>> got;
  const auto told = [&](StatusOr<HeartbeatFlags> answer) { got.emplace(std::move(answer)); };
  SECTION("by token") {
    setup.service.heartbeats = {end, HeartbeatFlags{}};
    setup.stub.record_heartbeat({}, 1min, told);
  }
  SECTION("by ID") {
    setup.service.heartbeats_by_id.answers = {end, HeartbeatFlags{}};
    setup.stub.record_heartbeat_by_id({{"space", "", "a", "run"}, "me", {}}, 1min, told);
  }
  setup.loop.run_for(2min);
  REQUIRE(got.has_value());
  CHECK(got->error() == end);
  CHECK(setup.service.sent_at.size() == 1);
}

TEST_CASE("a report by ID", "[client][retry][reports]") {
  const TargetParams latest{"space", "", "a", ""}, run{"space", "", "a", "run"};
  SECTION("that closes a run is repeated when it names the run") {
    const auto completed = call(&FakeService::completions_by_id, &RetryingStub::respond_completed_by_id,
                                CompletedByIdParams{run, "me", {}}, {kAway, {}});
    CHECK(completed.answer->ok());
    const auto canceled = call(&FakeService::cancellations_by_id, &RetryingStub::respond_canceled_by_id,
                               CanceledByIdParams{run, "me", {}}, {kAway, kGone});
    CHECK(canceled.answer->error().message == kGone.message + " " + kPerhaps);
  }
  SECTION("that might close a newer run is sent once") {
    const auto ended = call(&FakeService::completions_by_id, &RetryingStub::respond_completed_by_id,
                            CompletedByIdParams{latest, "me", {}}, {kAway, {}});
    CHECK(ended.answer->error() == kAway);
    CHECK(ended.sent == 1);
  }
  SECTION("of a failure is sent once: the second one would meet the next attempt") {
    const auto ended = call(&FakeService::failures_by_id, &RetryingStub::respond_failed_by_id,
                            FailedByIdParams{run, "me", {}, {}}, {kAway, {}});
    CHECK(ended.answer->error() == kAway);
    CHECK(ended.sent == 1);
  }
  SECTION("is sent again when the server had no room for it") {
    const auto failed = call(&FakeService::failures_by_id, &RetryingStub::respond_failed_by_id,
                             FailedByIdParams{run, "me", {}, {}}, {kBusy, {}});
    CHECK(failed.answer->ok());
    const auto completed = call(&FakeService::completions_by_id, &RetryingStub::respond_completed_by_id,
                                CompletedByIdParams{latest, "me", {}}, {kBusy, {}});
    CHECK(completed.answer->ok());
  }
}

TEST_CASE("a deletion", "[client][retry]") {
  SECTION("of a run that is gone after a try of unknown end has been done") {
    const auto ended =
        call(&FakeService::deletions, &RetryingStub::delete_activity, RunParams{"space", "a", "run"}, {kAway, kGone});
    CHECK(ended.answer->ok());
    CHECK(ended.sent == 2);
  }
  SECTION("of a run that never was is an error") {
    const auto ended =
        call(&FakeService::deletions, &RetryingStub::delete_activity, RunParams{"space", "a", "run"}, {kGone});
    CHECK(ended.answer->error() == kGone);
  }
  SECTION("of the latest run is sent once: the second one might meet a run that has been started since") {
    const auto ended =
        call(&FakeService::deletions, &RetryingStub::delete_activity, RunParams{"space", "a", ""}, {kAway, {}});
    CHECK(ended.answer->error() == kAway);
    CHECK(ended.sent == 1);
  }
}

TEST_CASE("a mutation with a request ID is repeated under the same one", "[client][retry][operator]") {
  const TargetParams target{"space", "", "a", ""};
  SECTION("termination") {
    Setup setup;
    setup.service.terminations.answers = {kAway, StatusOr<>()};
    bool ok = false;
    setup.stub.terminate_activity({{"space", "a", ""}, "me", "request-1", "why"}, 1min,
                                  [&](StatusOr<> got) { ok = got.ok(); });
    setup.loop.run_for(2min);
    CHECK(ok);
    REQUIRE(setup.service.terminations.seen.size() == 2);
    CHECK(setup.service.terminations.seen[1].request_id == "request-1");
    CHECK(setup.service.terminations.seen[1].reason == "why");
  }
  SECTION("pause, unpause and reset") {
    CHECK(call(&FakeService::pauses, &RetryingStub::pause_activity, PauseParams{target, "me", "r", ""}, {kAway, {}})
              .answer->ok());
    CHECK(call(&FakeService::unpauses, &RetryingStub::unpause_activity, UnpauseParams{target, "me", "r"}, {kAway, {}})
              .answer->ok());
    CHECK(call(&FakeService::resets, &RetryingStub::reset_activity, ResetParams{target, "me", "r"}, {kAway, {}})
              .answer->ok());
  }
  SECTION("update of options, whose answer comes back") {
    Setup setup;
    ActivityOptionsFields options;
    options.task_queue = "q";
    setup.service.updates.answers = {kAway, options};
    std::optional<StatusOr<ActivityOptionsFields>> got;
    setup.stub.update_activity_options({target, "me", "r", {}, {"task_queue.name"}, false}, 1min,
                                       [&](StatusOr<ActivityOptionsFields> answer) { got.emplace(std::move(answer)); });
    setup.loop.run_for(2min);
    REQUIRE(got.has_value());
    CHECK(got->value().task_queue == "q");
    CHECK(setup.service.updates.seen.size() == 2);
  }
}

namespace {

/// A method of the stub, with a request.
struct Method {
  std::string name{};
  Repetition expected{};
  std::function<void(ServiceStub&, std::function<void(Status)>)> call{};
};

template <class T>
Done<T> ended_with(std::function<void(Status)> ended) {
  return [ended = std::move(ended)](const StatusOr<T>& got) {
    ended(got ? Status{StatusCode::kOk, {}, {}} : got.error());
  };
}

template <class Params, class T>
Method method(std::string name, Repetition expected, CallId (ServiceStub::*function)(Params, Nanoseconds, Done<T>),
              std::type_identity_t<Params> params = {}) {
  return {std::move(name), expected, [=](ServiceStub& stub, std::function<void(Status)> ended) {
            (stub.*function)(params, 1min, ended_with<T>(std::move(ended)));
          }};
}

/// What the stub does with that method, as who calls it sees it.
Repetition observed(const Method& of) {
  const auto against = [&](std::deque<Status> refusals) {
    Setup setup;
    setup.service.refusals = std::move(refusals);
    setup.service.system.reset();
    Status end;
    of.call(setup.stub, [&](Status status) { end = std::move(status); });
    setup.loop.run_for(2min);
    return std::pair(end, setup.service.sent_at.size());
  };
  if (against({kBusy}).second == 1) return Repetition::kNever;
  if (against({kAway}).second == 1) return Repetition::kOnlyRefused;
  const auto end = against({kAway, kGone}).first;
  if (end.code == StatusCode::kOk) return Repetition::kGoneIsDone;
  return end == kGone ? Repetition::kAlways : Repetition::kUnrecognized;
}

/// All but heartbeats.
std::vector<Method> methods() {
  using enum Repetition;
  using Stub = ServiceStub;
  const RunParams latest{"space", "a", ""}, run{"space", "a", "run"};
  const TargetParams last{"space", "", "a", ""}, target{"space", "", "a", "run"};
  CompletedParams completed;
  FailedParams failed;
  CanceledParams canceled;
  completed.retried = failed.retried = canceled.retried = true;
  DescribeParams watched{run};
  watched.retried = false;
  std::vector<Method> all{
      method("describe_namespace", kAlways, &Stub::describe_namespace, "space"),
      method("describe_task_queue", kAlways, &Stub::describe_task_queue),
      method("list_workers", kAlways, &Stub::list_workers),
      method("count_workers", kAlways, &Stub::count_workers),
      method("describe_worker", kAlways, &Stub::describe_worker),
      method("start_activity", kAlways, &Stub::start_activity),
      method("poll_outcome", kNever, &Stub::poll_outcome, run),
      method("describe_activity", kAlways, &Stub::describe_activity, {latest}),
      method("describe_activity, by a watch", kNever, &Stub::describe_activity, watched),
      method("list_activities", kAlways, &Stub::list_activities),
      method("count_activities", kAlways, &Stub::count_activities),
      method("request_cancel", kAlways, &Stub::request_cancel, {latest, "me", "r", ""}),
      method("terminate_activity", kAlways, &Stub::terminate_activity, {latest, "me", "r", ""}),
      method("delete_activity", kOnlyRefused, &Stub::delete_activity, latest),
      method("delete_activity of a run", kGoneIsDone, &Stub::delete_activity, run),
      method("pause_activity", kAlways, &Stub::pause_activity, {last, "me", "r", ""}),
      method("unpause_activity", kAlways, &Stub::unpause_activity),
      method("reset_activity", kAlways, &Stub::reset_activity),
      method("update_activity_options", kAlways, &Stub::update_activity_options),
      method("poll_tasks", kNever, &Stub::poll_tasks),
      method("respond_completed, by a worker", kNever, &Stub::respond_completed),
      method("respond_completed", kGoneIsDone, &Stub::respond_completed, completed),
      method("respond_failed, by a worker", kNever, &Stub::respond_failed),
      method("respond_failed", kGoneIsDone, &Stub::respond_failed, failed),
      method("respond_canceled, by a worker", kNever, &Stub::respond_canceled),
      method("respond_canceled", kGoneIsDone, &Stub::respond_canceled, canceled),
      method("respond_completed_by_id", kOnlyRefused, &Stub::respond_completed_by_id, {last, "me", {}}),
      method("respond_completed_by_id of a run", kUnrecognized, &Stub::respond_completed_by_id, {target, "me", {}}),
      method("respond_failed_by_id", kOnlyRefused, &Stub::respond_failed_by_id, {last, "me", {}, {}}),
      method("respond_failed_by_id of a run", kOnlyRefused, &Stub::respond_failed_by_id, {target, "me", {}, {}}),
      method("respond_canceled_by_id", kOnlyRefused, &Stub::respond_canceled_by_id, {last, "me", {}}),
      method("respond_canceled_by_id of a run", kUnrecognized, &Stub::respond_canceled_by_id, {target, "me", {}}),
      method("record_worker_heartbeat", kNever, &Stub::record_worker_heartbeat),
      method("shutdown_worker", kNever, &Stub::shutdown_worker),
  };
  all.push_back({"get_system_info", kAlways, [](ServiceStub& stub, std::function<void(Status)> ended) {
                   stub.get_system_info(1min, ended_with<SystemInfo>(std::move(ended)));
                 }});
  return all;
}

}  // namespace

TEST_CASE("each call is repeated as far as a second one could do no harm", "[client][retry]") {
  for (const auto& one : methods()) {
    INFO(one.name);
    CHECK((observed(one) == one.expected));
  }
}

TEST_CASE("a call that could have a second effect is repeated only when it was refused unseen", "[client][retry]") {
  CHECK(worth_repeating(kBusy, Repetition::kOnlyRefused));
  CHECK_FALSE(worth_repeating(kAway, Repetition::kOnlyRefused));
  CHECK_FALSE(worth_repeating(refused(StatusCode::kInternal), Repetition::kOnlyRefused));
  CHECK_FALSE(worth_repeating(refused(StatusCode::kResourceExhausted, "Received message larger than max (9 vs. 4)"),
                              Repetition::kOnlyRefused));
  CHECK_FALSE(worth_repeating(kBusy, Repetition::kNever));
}
