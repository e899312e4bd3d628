#include "testing/attempt_server.h"

#include <algorithm>

namespace longbeat::internal {

AttemptServer::AttemptServer(VirtualLoop& loop, std::shared_ptr<const VirtualClock> clock)
    : RefusingStub("there is no server in an ActivityEnvironment; give the activity what it calls as a fake"),
      loop_(loop),
      clock_(std::move(clock)) {}

void AttemptServer::begin_with(const ActivityTask& task) {
  seen_.with([&](AttemptSeen& seen) {
    seen.details = task.heartbeat_details;
    seen.deadlines = AttemptDeadlines(task);
  });
}

AttemptSeen AttemptServer::seen() const {
  return seen_.with([](const AttemptSeen& seen) { return seen; });
}

Payloads AttemptServer::details() const {
  return seen_.with([](const AttemptSeen& seen) { return seen.details; });
}

bool AttemptServer::cut_off_for_good() const {
  const auto now = clock_->passed();
  return std::any_of(outages_.begin(), outages_.end(), [&](const Outage& outage) {
    return outage.from <= now && outage.until == std::chrono::nanoseconds::max();
  });
}

bool AttemptServer::timed_out() const {
  return seen_.with([&](const AttemptSeen& seen) { return !seen.outcome && seen.deadlines.passed(clock_->passed()); });
}

std::optional<TimeoutType> AttemptServer::timeout() const {
  if (forgotten()) return std::nullopt;
  const auto deadline = seen_.with([](const AttemptSeen& seen) { return seen.deadlines.next(); });
  return deadline ? std::optional(deadline->type) : std::nullopt;
}

bool AttemptServer::asked(StopCause cause) const {
  const auto now = clock_->passed();
  return std::any_of(asked_.begin(), asked_.end(),
                     [&](const Asked& asked) { return asked.cause == cause && asked.at <= now; });
}

std::optional<Status> AttemptServer::trouble() const {
  const auto now = clock_->passed();
  const bool cut_off = std::any_of(outages_.begin(), outages_.end(),
                                   [&](const Outage& outage) { return outage.from <= now && now < outage.until; });
  if (cut_off) return Status{StatusCode::kUnavailable, "disconnected by the test", {}};
  if (forgotten()) return Status{StatusCode::kNotFound, "the test has made the server forget this attempt", {}};
  if (timed_out()) return Status{StatusCode::kNotFound, "this attempt has timed out", {}};
  return std::nullopt;
}

CallId AttemptServer::get_system_info(Nanoseconds, Done<SystemInfo> done) {
  loop_.post([done = std::move(done)] { done(SystemInfo{"", true}); });
  return 0;
}

CallId AttemptServer::record_heartbeat(HeartbeatParams params, Nanoseconds, Done<HeartbeatFlags> done) {
  auto why_not = trouble();
  seen_.with([&](AttemptSeen& seen) {
    seen.beats.push_back({clock_->passed(), params.details, !why_not});
    if (why_not) return;
    seen.details = std::move(params.details);
    seen.deadlines.beaten(clock_->passed());
  });
  StatusOr<HeartbeatFlags> answer =
      HeartbeatFlags{asked(StopCause::kCanceled), asked(StopCause::kPaused), asked(StopCause::kReset)};
  if (why_not) answer = *std::move(why_not);
  loop_.post([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  return 0;
}

CallId AttemptServer::take(AttemptOutcome outcome, Done<void> done) {
  auto why_not = trouble();
  if (!why_not) seen_.with([&](AttemptSeen& seen) { seen.outcome = std::move(outcome); });
  StatusOr<> answer;
  if (why_not) answer = *std::move(why_not);
  loop_.post([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  return 0;
}

CallId AttemptServer::respond_completed(CompletedParams params, Nanoseconds, Done<void> done) {
  return take(AttemptCompleted{std::move(params.result)}, std::move(done));
}

CallId AttemptServer::respond_failed(FailedParams params, Nanoseconds, Done<void> done) {
  return take(AttemptFailed{std::move(params.failure)}, std::move(done));
}

CallId AttemptServer::respond_canceled(CanceledParams params, Nanoseconds, Done<void> done) {
  return take(AttemptCanceled{std::move(params.details)}, std::move(done));
}

}  // namespace longbeat::internal
