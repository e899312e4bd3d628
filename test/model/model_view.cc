// The machine's states as facts.
#include "model/model.h"

namespace longbeat::model {
namespace {

using server::Phase;
using server::StoredFailure;

constexpr Duration kTick = Model::kTick;

std::string status_text(Phase phase) {
  switch (phase) {
    case Phase::kPaused:
      return "PAUSED";
    case Phase::kCompleted:
      return "COMPLETED";
    case Phase::kFailed:
      return "FAILED";
    case Phase::kCanceled:
      return "CANCELED";
    case Phase::kTerminated:
      return "TERMINATED";
    case Phase::kTimedOut:
      return "TIMED_OUT";
    default:
      return "RUNNING";
  }
}

std::string state_text(const server::ActivityProgress& progress) {
  switch (progress.phase) {
    case Phase::kScheduled:
      return "SCHEDULED";
    case Phase::kStarted:
      return "STARTED";
    case Phase::kCancelRequested:
      return "CANCEL_REQUESTED";
    case Phase::kPauseRequested:
      return "PAUSE_REQUESTED";
    case Phase::kResetRequested:
      return progress.pending_reset.lands_paused ? "PAUSE_REQUESTED" : "STARTED";
    case Phase::kPaused:
      return "PAUSED";
    default:
      return "-";
  }
}

FailureSeen seen(const StoredFailure& failure) {
  FailureSeen out{.message = failure.message};
  switch (failure.kind) {
    case StoredFailure::Kind::kOpaque:
      // The model keeps of a worker's failure what can be seen of it: "kind|message".
      out.kind = failure.opaque.substr(0, failure.opaque.find('|'));
      out.message = failure.opaque.substr(failure.opaque.find('|') + 1);
      break;
    case StoredFailure::Kind::kMessage:
      break;
    case StoredFailure::Kind::kTimeout:
      out.kind = "timeout(" + std::string(to_string(failure.timeout)) + ", " + or_none(failure.details) + ")";
      break;
    case StoredFailure::Kind::kCanceled:
      out.kind = "canceled(" + or_none(failure.details) + ", " + or_none(failure.identity) + ")";
      break;
    case StoredFailure::Kind::kTerminated:
      out.kind = "terminated(" + or_none(failure.identity) + ")";
      break;
    case StoredFailure::Kind::kServer:
      out.kind = failure.non_retryable ? "server(final)" : "server";
      break;
  }
  for (const StoredFailure& cause : failure.cause) out.cause.push_back(seen(cause));
  return out;
}

std::string name_of(const internal::StatusDetail& detail) {
  if (std::holds_alternative<internal::NotFoundDetail>(detail)) return "NotFoundFailure";
  if (std::holds_alternative<internal::AlreadyStartedDetail>(detail)) return "ActivityExecutionAlreadyStartedFailure";
  return std::holds_alternative<std::monostate>(detail) ? "" : "another detail";
}

/// What waits for its time: backoff counts from the end of the attempt, start delay from the schedule.
void add_waiting(const server::ActivityState& state, server::Time now, Facts& facts) {
  const auto& progress = state.progress;
  const bool waits = progress.phase == Phase::kScheduled && progress.dispatch_time > now;
  const bool backs_off = waits && progress.current_retry_interval.count() > 0;
  facts["retry interval"] = backs_off ? ticks_text(progress.current_retry_interval, kTick) : "-";
  facts["next attempt"] = "-";
  if (backs_off) {
    facts["next attempt"] = "end + " + ticks_text(progress.dispatch_time - progress.last_attempt_complete_time, kTick);
  } else if (waits) {
    facts["next attempt"] = "schedule + " + ticks_text(progress.dispatch_time - state.input->schedule_time, kTick);
  }
}

}  // namespace

OptionsSeen seen(const server::ActivityOptions& options) {
  const auto& [s2c, s2s, stc, heartbeat] = options.timeouts;
  return {s2c,
          s2s,
          stc,
          heartbeat,
          options.retry.initial_interval,
          options.retry.maximum_interval,
          options.retry.backoff_coefficient,
          options.retry.maximum_attempts};
}

std::string options_answer(const server::ActivityOptions& options) {
  const OptionsSeen all = seen(options);
  return options.task_queue.str() + ", s2s " + ticks_text(all.s2s, kTick) + ", " + timeouts_text(all, kTick) +
         ", start delay " + ticks_text(options.start_delay, kTick) + ", retry " + retry_text(all, kTick);
}

std::string refusal_text(const internal::Status& status) {
  return refusal_text(status.code, name_of(status.detail), status.message);
}

std::string outcome_text(const server::Outcome& outcome) {
  const std::string what = outcome.has_failure ? to_text(seen(outcome.failure)) : "result " + or_none(outcome.result);
  return what + ", retry state " + std::to_string(static_cast<int>(outcome.retry_state));
}

Facts facts_of(const server::ActivityState& state, const std::string& run, server::Time now) {
  const auto& progress = state.progress;
  const auto& input = *state.input;
  const Duration total = input.options.timeouts.schedule_to_close;
  const Duration delay = input.options.start_delay;
  Facts facts{
      {"describe", "OK"},
      {"run", run},
      {"status", status_text(progress.phase)},
      {"state", state_text(progress)},
      {"attempt", std::to_string(progress.attempt)},
      {"cancel reason", or_none(progress.notes ? progress.notes->cancel_reason : "")},
      {"worker", or_none(progress.worker_identity.str())},
      {"started", yes_no(progress.started_time != server::Time{})},
      {"beats", std::to_string(progress.heartbeat_count)},
      {"beat", yes_no(progress.last_heartbeat_time != server::Time{})},
      {"details", or_none(state.heartbeat_details)},
      {"last failure", state.last_failure ? to_text(seen(*state.last_failure)) : "-"},
      {"attempt ended", yes_no(progress.last_attempt_complete_time != server::Time{})},
      {"closed", yes_no(server::is_closed(progress.phase))},
      {"outcome", state.outcome ? outcome_text(*state.outcome) : "-"},
      {"options", options_answer(input.options)},
      {"due", "schedule + " + ticks_text(delay, kTick)},
      {"expires", total.count() > 0 ? "schedule + " + ticks_text(delay + total, kTick) : "-"},
      {"input", or_none(input.input)},
  };
  add_waiting(state, now, facts);
  return facts;
}

}  // namespace longbeat::model
