// Attempts whose end is left to a LateCompletion: what the two tell each other while the function still runs.
#include <utility>

#include "core/handover.h"
#include "worker/attempt_driver.h"

namespace longbeat::internal {

void AttemptDriver::connect_handover() {
  const auto handover = attempt_->handover();
  if (!handover || handover->connected() || !running_) return;
  handover->connect(
      weakly(&AttemptDriver::leave_early),
      [weak = weak_from_this()](Payloads details, std::weak_ptr<const void> caller, Done<HeartbeatFlags> done) {
        const auto self = weak.lock();
        return self && self->save_for_other(std::move(details), std::move(caller), std::move(done));
      });
}

/// What the server said. A lease or a shutdown is this worker's own affair.
void AttemptDriver::tell_handover() {
  const auto handover = attempt_->handover();
  if (!handover || left_early_) return;
  for (const StopCause cause : attempt_->causes()) {
    switch (cause) {
      case StopCause::kCanceled:
      case StopCause::kPaused:
      case StopCause::kReset:
      case StopCause::kNotFound:
        handover->tell(cause);
        break;
      case StopCause::kShutdown:
      case StopCause::kLeaseLost:
      case StopCause::kTimedOut:
      case StopCause::kBrokenDetails:
      case StopCause::kStalled:
        break;
    }
  }
}

/// An outcome is there before the function has returned: it is not waited for any longer, as at a shutdown.
void AttemptDriver::leave_early(bool flush) {
  if (!running_) {  // On its way out already.
    if (flush || report_settled_ || !std::holds_alternative<AttemptLeft>(outcome_) || !flushing_) return;
    flushing_ = false;
    return send_report();
  }
  left_early_ = true;
  flush_on_leave_ = flush;
  attempt_->stop(StopCause::kNotFound, true);
  announce_stop();
  if (running_) begin_report(AttemptLeft{});  // Unless it was stalled.
}

/// False when the function has returned: what follows is not this worker's to send.
bool AttemptDriver::save_for_other(Payloads details, std::weak_ptr<const void> caller, Done<HeartbeatFlags> done) {
  if (!running_) return false;
  UrgentSave save;
  save.details = std::move(details);
  save.sequence = attempt_->cell().next_sequence();
  save.caller = std::move(caller);
  save.settle = [weak = weak_from_this(), done = std::move(done)](const Result<>& answer) {
    if (answer) {
      const auto self = weak.lock();
      return done(self ? self->flags_ : HeartbeatFlags{});
    }
    const bool refused = answer.error().code == ErrorCode::kInvalidArgument;
    // A lost lease is this worker's: the server may see it otherwise.
    done(refused ? invalid_argument(answer.error().message) : unavailable(answer.error().message));
  };
  take_save(std::move(save));
  step();
  return true;
}

bool AttemptDriver::is_lost_by_other() const {
  const auto handover = attempt_->handover();
  return handover && handover->lost();
}

/// Somebody reports in this worker's stead, with what it has not sent.
bool AttemptDriver::is_for_other() const {
  const auto handover = attempt_->handover();
  return handover && handover->stage() == Handover::Stage::kWithWorker;
}

/// With everything that was put here: a failure from there takes it along.
void AttemptDriver::leave_to_other() {
  if (const auto handover = attempt_->handover())
    drop_value(handover->leave({newest_.payloads, newest_.sequence, attempt_->cell().take(), encoding_}));
}

/// The worker reports something itself: then nobody else can.
void AttemptDriver::end_handover() {
  if (std::holds_alternative<AttemptLeft>(outcome_) || std::holds_alternative<AttemptAbandoned>(outcome_)) return;
  if (const auto handover = attempt_->handover())
    handover->end("its worker has ended the attempt: the activity function threw, or stopped");
}

}  // namespace longbeat::internal
