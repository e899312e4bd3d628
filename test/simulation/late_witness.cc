#include "simulation/late_witness.h"

#include <algorithm>

#include "simulation/wire.h"
#include "simulation/witness.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;

namespace {

/// A call takes 10 s at most, one under way is waited for, and a courier may be busy.
constexpr Nanoseconds kLossKnown = 30s;

bool is_gone(const internal::Status& status) {
  return status.code == internal::StatusCode::kNotFound;
}

}  // namespace

const char* name_of(LateWitness::Kind kind) {
  switch (kind) {
    case LateWitness::Kind::kCompleted:
      return "a completion";
    case LateWitness::Kind::kFailed:
      return "a failure";
    case LateWitness::Kind::kCanceled:
      return "a cancellation";
  }
  return "?";
}

void LateWitness::answered(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                           bool commit_failed) {
  const auto heard = [&](const std::string& token, const auto& then) {
    const auto found = duties_.find(token);
    if (token.empty() || found == duties_.end()) return;
    if (reply && !commit_failed) return then(found->second);
    if (!reply && is_gone(reply.error())) found->second.refused = true;
  };
  if (const auto* completed = std::get_if<server::CompletedRequest>(&request)) {
    heard(completed->token,
          [&](Duty& duty) { accepted(duty, Kind::kCompleted, count_of(unpack_payloads(completed->result))); });
  } else if (const auto* failed = std::get_if<server::FailedRequest>(&request)) {
    heard(failed->token, [&](Duty& duty) {
      accepted(duty, Kind::kFailed, count_of(unpack_payloads(failed->last_heartbeat_details)));
    });
  } else if (const auto* canceled = std::get_if<server::CanceledRequest>(&request)) {
    heard(canceled->token, [&](Duty& duty) { accepted(duty, Kind::kCanceled, 0); });
  } else if (const auto* beat = std::get_if<server::HeartbeatRequest>(&request)) {
    heard(beat->token, [&](Duty& duty) {
      world_.trace("late: details " + std::to_string(count_of(unpack_payloads(beat->details))) + " of " + duty.name);
      duty.saved = std::max(duty.saved, count_of(unpack_payloads(beat->details)));
    });
  }
}

void LateWitness::accepted(Duty& duty, Kind kind, std::uint64_t count) {
  if (duty.accepted) fail_(duty.name + " has two outcomes");
  duty.accepted = kind;
  duty.accepted_count = count;
}

void LateWitness::sent(const std::string& token, Kind kind, const std::string& failure_type, bool by_object) {
  Duty& duty = duties_[token];
  if (duty.told_ok) fail_(duty.name + " has its outcome, and " + name_of(kind) + " is sent");
  if (duty.released && by_object) fail_(duty.name + " was released, and its object sends " + name_of(kind));
  if (failure_type != "CompletionLost") return;
  if (!duty.lost) fail_(duty.name + " is reported lost, which is not so");
  duty.loss_sent = true;
}

void LateWitness::try_ended(const std::string& token, Kind kind, const internal::StatusOr<>& answer) {
  if (answer) return;
  switch (answer.error().code) {
    case internal::StatusCode::kUnavailable:
    case internal::StatusCode::kDeadlineExceeded:
    case internal::StatusCode::kAborted:
    case internal::StatusCode::kInternal:
    case internal::StatusCode::kUnknown:
      duties_[token].perhaps = kind;
      break;
    default:
      break;
  }
}

void LateWitness::worker_reports(const std::string& token, const std::string& failure_type) {
  const auto found = duties_.find(token);
  if (found == duties_.end()) return;
  Duty& duty = found->second;
  if (failure_type == "CompletionLost") {
    if (!duty.lost) fail_(duty.name + " is reported lost by its worker, which is not so");
    duty.loss_sent = true;
  } else {
    duty.excused = true;
  }
}

void LateWitness::handed_over(const std::string& token, const std::string& name, const std::string& process) {
  duties_[token].name = name;
  duties_[token].process = process;
}

void LateWitness::told(const std::string& token, Kind kind, std::uint64_t count, const Result<>& result) {
  Duty& duty = duties_[token];
  const std::string what = name_of(kind) + (" of " + duty.name);
  if (result) {
    const bool as_told = duty.accepted == kind && (count == 0 || duty.accepted_count == count);
    // As far as can be told: an earlier try of the same may have got through, and the attempt is gone.
    if (!as_told && !(duty.refused && duty.perhaps == kind && !is_held_(token))) {
      fail_(what + " was told as done, and was not");
    }
    duty.told_ok = true;
    return;
  }
  switch (result.error().code) {
    case ErrorCode::kNotFound:
      if (is_held_(token)) fail_(what + " was told as too late, and was not");
      if (duty.perhaps == kind) fail_(what + " was told as too late, though a try may have got through");
      return;
    case ErrorCode::kInvalidArgument:
      if (kind != Kind::kCanceled) fail_(what + " was refused: " + to_string(result.error()));
      return;
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      return;
    default:
      fail_(what + " ended with " + to_string(result.error()));
  }
}

void LateWitness::told_second(const std::string& token, const Result<>& result) {
  if (result || result.error().code != ErrorCode::kFailedPrecondition) {
    fail_(duties_[token].name + " was taken a second outcome of while the first was on its way");
  }
}

void LateWitness::saved(const std::string& token, std::uint64_t count, const Result<>& result) {
  Duty& duty = duties_[token];
  if (result && duty.saved < count) fail_("details of " + duty.name + " were told as saved, and were not");
  if (!result && result.error().code == ErrorCode::kNotFound && is_held_(token)) {
    fail_("saving details of " + duty.name + " was told as too late, and was not");
  }
}

void LateWitness::lost(const std::string& token) {
  Duty& duty = duties_[token];
  duty.lost = true;
  duty.lost_at = world_.now();
  if (!duty.runs) check_loss(token, world_.now());
}

void LateWitness::returned(const std::string& token, bool in_peace) {
  const auto found = duties_.find(token);
  if (found == duties_.end()) return;
  Duty& duty = found->second;
  duty.runs = false;
  duty.excused |= !in_peace;
  if (duty.lost) check_loss(token, world_.now());
}

void LateWitness::check_loss(const std::string& token, TimePoint since) {
  const auto frozen = frozen_until_.find(duties_[token].process);
  const TimePoint from = frozen == frozen_until_.end() ? since : std::max(since, frozen->second);
  world_.after(from + kLossKnown - world_.now(), [this, token, from] {
    const Duty& duty = duties_[token];
    if (duty.excused || !is_held_(token)) return;
    const auto again = frozen_until_.find(duty.process);
    if (again != frozen_until_.end() && again->second > from) return check_loss(token, again->second);
    if (!duty.loss_sent) return fail_(duty.name + " was lost, and nobody reports it");
    if (from - kLossKnown > faults_ended_at_) fail_(duty.name + " was lost, and its attempt goes on");
  });
}

void LateWitness::died(const std::string& process) {
  for (auto& [token, duty] : duties_) duty.excused |= duty.process == process;
}

void LateWitness::stopping(const std::string& process) {
  for (auto& [token, duty] : duties_) duty.excused |= duty.process == process && duty.runs;
}

}  // namespace longbeat::simulation
