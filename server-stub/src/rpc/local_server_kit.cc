// What tests want of a LocalServer: its time, waits and trouble.
#include <array>
#include <utility>
#include <variant>

#include "longbeat/activity_description.h"
#include "rpc/local_server_impl.h"

LONGBEAT_BEGIN

namespace {

using server::Phase;

/// Times of day are 64-bit nanoseconds, which end in the year 2262.
constexpr std::chrono::nanoseconds kClockEnd = std::chrono::hours(200 * 365 * 24);
/// How long a wait lasts in real time when nobody says.
constexpr std::chrono::milliseconds kRealTimeout{30'000};

template <class One>
constexpr std::size_t index_of() {
  return []<class... Each>(std::type_identity<std::variant<Each...>>) {
    std::size_t index = 0;
    static_cast<void>(((std::is_same_v<One, Each> || (++index, false)) || ...));
    return index;
  }(std::type_identity<server::Request>());
}

std::vector<std::size_t> types_of(WorkerCall call) {
  using namespace server;
  const std::vector<std::size_t> reports{index_of<CompletedRequest>(), index_of<FailedRequest>(),
                                         index_of<CanceledRequest>()};
  switch (call) {
    case WorkerCall::kPoll:
      return {index_of<PollTaskRequest>()};
    case WorkerCall::kHeartbeat:
      return {index_of<HeartbeatRequest>()};
    case WorkerCall::kReport:
      return reports;
    case WorkerCall::kAny:
      break;
  }
  std::vector<std::size_t> all{index_of<PollTaskRequest>(), index_of<HeartbeatRequest>(),
                               index_of<RecordWorkerHeartbeatRequest>(), index_of<ShutdownWorkerRequest>()};
  all.insert(all.end(), reports.begin(), reports.end());
  return all;
}

std::optional<internal::StatusCode> status_code(ErrorCode code) {
  using internal::StatusCode;
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return StatusCode::kInvalidArgument;
    case ErrorCode::kNotFound:
      return StatusCode::kNotFound;
    case ErrorCode::kFailedPrecondition:
      return StatusCode::kFailedPrecondition;
    case ErrorCode::kResourceExhausted:
      return StatusCode::kResourceExhausted;
    case ErrorCode::kPermissionDenied:
      return StatusCode::kPermissionDenied;
    case ErrorCode::kUnimplemented:
      return StatusCode::kUnimplemented;
    case ErrorCode::kUnavailable:
      return StatusCode::kUnavailable;
    case ErrorCode::kDeadlineExceeded:
      return StatusCode::kDeadlineExceeded;
    case ErrorCode::kInternal:
      return StatusCode::kInternal;
    default:
      return std::nullopt;
  }
}

ActivityRunState run_state_of(Phase phase) {
  switch (phase) {
    case Phase::kScheduled:
      return ActivityRunState::kScheduled;
    case Phase::kStarted:
    case Phase::kResetRequested:
      return ActivityRunState::kStarted;
    case Phase::kCancelRequested:
      return ActivityRunState::kCancelRequested;
    case Phase::kPauseRequested:
      return ActivityRunState::kPauseRequested;
    case Phase::kPaused:
      return ActivityRunState::kPaused;
    default:
      return ActivityRunState::kUnspecified;
  }
}

ActivityStatus status_of(Phase phase) {
  switch (phase) {
    case Phase::kCompleted:
      return ActivityStatus::kCompleted;
    case Phase::kFailed:
      return ActivityStatus::kFailed;
    case Phase::kCanceled:
      return ActivityStatus::kCanceled;
    case Phase::kTerminated:
      return ActivityStatus::kTerminated;
    case Phase::kTimedOut:
      return ActivityStatus::kTimedOut;
    case Phase::kPaused:
      return ActivityStatus::kPaused;
    default:
      return ActivityStatus::kRunning;
  }
}

Error refused(ErrorCode code, const std::string& message) {
  return {code, message, nullptr, {}};
}

}  // namespace

Result<> LocalServer::Impl::needs_stage(const char* operation) const {
  if (in_process) return {};
  return refused(
      ErrorCode::kFailedPrecondition,
      std::string("LocalServer::") + operation + ": a server on a port cannot; start it as kInProcess or kManualClock");
}

Result<> LocalServer::advance(std::chrono::nanoseconds by) {
  if (!impl_->stage || !impl_->stage->stage().clock()->manual()) {
    return refused(ErrorCode::kFailedPrecondition,
                   "LocalServer::advance: its clock is the machine's; start it as kManualClock");
  }
  if (by < std::chrono::nanoseconds::zero()) {
    return refused(ErrorCode::kInvalidArgument,
                   "LocalServer::advance: by is " + std::to_string(by.count()) + " ns, must be at least 0");
  }
  if (const auto left = kClockEnd - elapsed(); by > left) {
    return refused(ErrorCode::kInvalidArgument, "LocalServer::advance: by is " + std::to_string(by.count()) +
                                                    " ns, and the clock ends 200 years after start(), in " +
                                                    std::to_string(left.count()) + " ns");
  }
  using Ended = server::Stage::Ended;
  const auto end = impl_->stage->stage().advance(by);
  switch (end.how) {
    case Ended::kMet:
      return {};
    case Ended::kRefused:
      return refused(ErrorCode::kFailedPrecondition, "LocalServer::advance: " + end.why);
    case Ended::kStopped:
      return refused(ErrorCode::kCanceled, "LocalServer::advance: " + end.why);
    default:
      return refused(ErrorCode::kDeadlineExceeded, "LocalServer::advance: time could not move: " + end.why);
  }
}

std::chrono::nanoseconds LocalServer::elapsed() const {
  return (impl_->stage ? impl_->stage->stage().clock()->now() : internal::system_clock().now()) - impl_->started;
}

Result<> LocalServer::Impl::wait(const std::function<bool()>& met, const std::string& what,
                                 const LocalWaitOptions& options) {
  using Ended = server::Stage::Ended;
  if (options.real_timeout && *options.real_timeout <= std::chrono::milliseconds::zero()) {
    return refused(ErrorCode::kInvalidArgument, what + ": LocalWaitOptions.real_timeout is " +
                                                    std::to_string(options.real_timeout->count()) +
                                                    " ms, must be more than 0");
  }
  const auto& clock = *stage->stage().clock();
  const internal::TimePoint now = clock.now(), real = internal::system_clock().now();
  const auto real_timeout = options.real_timeout.value_or(kRealTimeout);
  const bool timeout_is_real = !clock.manual() && options.timeout && !options.real_timeout;
  const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(internal::TimePoint::max() - real);
  const auto real_until = timeout_is_real || real_timeout >= longest ? internal::TimePoint::max() : real + real_timeout;
  const auto before = stats();
  const auto until = options.timeout && *options.timeout < internal::TimePoint::max() - now
                         ? now + *options.timeout
                         : internal::TimePoint::max();
  bool too_late = false;  // Its clock may go on, for clients that outlive it.
  const auto met_or_stopped = [&] { return met() || (too_late = stopped); };
  const auto end = stage->stage().wait_until(met_or_stopped, until, real_until);
  if (too_late) return refused(ErrorCode::kCanceled, what + ": the server has been stopped");
  switch (end.how) {
    case Ended::kMet:
      return {};
    case Ended::kLate:
      return refused(ErrorCode::kDeadlineExceeded, what + ": not within its timeout");
    case Ended::kRealLate: {
      const auto passed = std::to_string((clock.now() - now) / std::chrono::seconds(1));
      return refused(ErrorCode::kDeadlineExceeded, what + ": not within " + std::to_string(real_timeout.count()) +
                                                       " ms of real time, while its clock went on by " + passed +
                                                       " s: " + happened_since(before));
    }
    case Ended::kBusy:
      return refused(ErrorCode::kDeadlineExceeded, what + ": time stood still, somebody is at work: " + end.why);
    case Ended::kNothingLeft:
      return refused(ErrorCode::kDeadlineExceeded, what + ": it does not come by itself: " + end.why);
    case Ended::kRefused:
      return refused(ErrorCode::kFailedPrecondition, what + ": " + end.why);
    case Ended::kStopped:
      break;
  }
  return refused(ErrorCode::kCanceled, what + ": " + end.why);
}

std::string LocalServer::Impl::happened_since(const LocalServerStats& before) {
  if (!on_stage([this] { return in_process->engine() != nullptr; }, true).value_or(false))
    return "the server is dead since kill(), and does nothing before restart()";
  const LocalServerStats after = stats();
  std::string text;
  const auto add = [&](std::uint64_t now, std::uint64_t then, const char* what) {
    const auto count = now < then ? now : now - then;  // A restart counts anew.
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(after.activities_started, before.activities_started, "activities were started");
  add(after.tasks_handed_out, before.tasks_handed_out, "attempts began");
  add(after.failed_attempts, before.failed_attempts, "failed");
  add(after.timeouts, before.timeouts, "timed out");
  add(after.heartbeats, before.heartbeats, "heartbeats came");
  add(after.completed, before.completed, "activities completed");
  if (text.empty()) text = "no activity moved, and " + std::to_string(after.calls - before.calls) + " calls came";
  return text + "; " + std::to_string(after.open_activities) + " activities are open";
}

std::string LocalServer::Impl::state_of(const server::RunRef& run) {
  const auto look = [this, run]() -> std::string {
    const server::Engine* engine = in_process->engine();
    if (engine == nullptr) return "";
    const auto state = engine->find(run);
    if (!state) return "; there is no such activity";
    return "; it is " + std::string(to_string(state->progress.phase)) + ", in attempt " +
           std::to_string(state->progress.attempt);
  };
  return on_stage(look, true).value_or("");
}

Result<> LocalServer::wait_until(const std::function<bool()>& met, const LocalWaitOptions& options) {
  if (auto possible = impl_->needs_stage("wait_until"); !possible) return possible;
  if (!met) return refused(ErrorCode::kInvalidArgument, "LocalServer::wait_until: met is empty");
  return impl_->wait(met, "LocalServer::wait_until", options);
}

Result<> LocalServer::Impl::wait_for_state(std::shared_ptr<StateWatch> watch, const std::string& what,
                                           const LocalWaitOptions& options) {
  const auto begun = on_stage([this, watch] {
    look(*watch);
    watches.push_back(watch);
    return true;
  });
  if (!begun) return refused(ErrorCode::kCanceled, what + ": the server has been stopped");
  auto end = wait([&] { return watch->met.load(); }, what, options);
  static_cast<void>(
      on_stage([this, watch] { return std::erase(watches, watch); }));  // Stopped: it goes with the server.
  if (!end && end.error().code == ErrorCode::kDeadlineExceeded)
    return refused(end.error().code, end.error().message + state_of(watch->run));
  return end;
}

Result<> LocalServer::wait_for(const std::string& activity_id, ActivityRunState state,
                               const LocalWaitOptions& options) {
  if (auto possible = impl_->needs_stage("wait_for"); !possible) return possible;
  auto watch = std::make_shared<Impl::StateWatch>();
  watch->run = {options.namespace_name, activity_id, {}};
  watch->fits = [state](const server::ActivityState& of) { return run_state_of(of.progress.phase) == state; };
  return impl_->wait_for_state(std::move(watch), "LocalServer::wait_for: activity '" + activity_id + "'", options);
}

Result<> LocalServer::wait_for(const std::string& activity_id, ActivityStatus status, const LocalWaitOptions& options) {
  if (auto possible = impl_->needs_stage("wait_for"); !possible) return possible;
  auto watch = std::make_shared<Impl::StateWatch>();
  watch->run = {options.namespace_name, activity_id, {}};
  watch->fits = [status](const server::ActivityState& of) { return status_of(of.progress.phase) == status; };
  return impl_->wait_for_state(std::move(watch), "LocalServer::wait_for: activity '" + activity_id + "'", options);
}

Result<> LocalServer::Impl::add_fault(const char* operation, const CallFault& which, server::FaultRule rule) {
  if (auto possible = needs_stage(operation); !possible) return possible;
  const std::string what = std::string("LocalServer::") + operation;
  if (which.call < WorkerCall::kAny || which.call > WorkerCall::kReport) {
    return refused(
        ErrorCode::kInvalidArgument,
        what + ": CallFault.call is " + std::to_string(static_cast<int>(which.call)) + ", which is no WorkerCall");
  }
  if (which.times == 0)
    return refused(ErrorCode::kInvalidArgument, what + ": CallFault.times is 0, must be at least 1");
  rule.identity = which.identity;
  rule.types = types_of(which.call);
  rule.times = which.times;
  const auto added = on_stage([&server = *in_process, rule = std::move(rule)] {
    server.faults().add(rule);
    return true;
  });
  if (!added) return refused(ErrorCode::kFailedPrecondition, what + ": the server has been stopped");
  return {};
}

Result<> LocalServer::drop_requests(const CallFault& which) {
  server::FaultRule rule;
  rule.kind = server::FaultKind::kRequestLost;
  return impl_->add_fault("drop_requests", which, std::move(rule));
}

Result<> LocalServer::drop_replies(const CallFault& which) {
  server::FaultRule rule;
  rule.kind = server::FaultKind::kReplyLost;
  return impl_->add_fault("drop_replies", which, std::move(rule));
}

Result<> LocalServer::delay(const CallFault& which, std::chrono::nanoseconds by) {
  if (by <= std::chrono::nanoseconds::zero()) {
    return refused(ErrorCode::kInvalidArgument,
                   "LocalServer::delay: by is " + std::to_string(by.count()) + " ns, must be more than 0");
  }
  server::FaultRule rule;
  rule.kind = server::FaultKind::kDelayed;
  rule.delay = by;
  return impl_->add_fault("delay", which, std::move(rule));
}

Result<> LocalServer::fail(const CallFault& which, ErrorCode code) {
  const auto status = status_code(code);
  if (!status) {
    return refused(ErrorCode::kInvalidArgument,
                   "LocalServer::fail: a call does not fail with code " + std::to_string(static_cast<int>(code)));
  }
  server::FaultRule rule;
  rule.kind = server::FaultKind::kFailed;
  rule.status = {*status, "the test wants this call to fail", {}};
  return impl_->add_fault("fail", which, std::move(rule));
}

Result<> LocalServer::clear_faults() {
  if (auto possible = impl_->needs_stage("clear_faults"); !possible) return possible;
  static_cast<void>(impl_->on_stage([&server = *impl_->in_process] {  // Stopped: there are none.
    server.faults().clear();
    return true;
  }));
  return {};
}

Result<> LocalServer::kill() {
  if (auto possible = impl_->needs_stage("kill"); !possible) return possible;
  static_cast<void>(impl_->on_stage([&server = *impl_->in_process] {  // Stopped: it is dead.
    server.kill();
    return true;
  }));
  return {};
}

Result<> LocalServer::restart() {
  if (auto possible = impl_->needs_stage("restart"); !possible) return possible;
  const auto opened = impl_->on_stage([&server = *impl_->in_process]() -> server::StatusOr<> {
    if (server.engine() != nullptr) return internal::failed_precondition("LocalServer::restart: the server runs");
    return server.open();
  });
  if (!opened) return refused(ErrorCode::kFailedPrecondition, "LocalServer::restart: the server has been stopped");
  if (!*opened) return server::to_error(opened->error());
  return {};
}

LONGBEAT_END
