// Heartbeats that nobody calls for: they go on as long as the work moves, and the attempt fails when it does not.
#include <utility>

#include "core/outcome.h"
#include "worker/attempt_driver.h"

namespace longbeat::internal {
namespace {

std::string duration_text(Nanoseconds duration) {
  const auto milliseconds = duration / std::chrono::milliseconds(1);
  return milliseconds % 1000 == 0 ? std::to_string(milliseconds / 1000) + " s" : std::to_string(milliseconds) + " ms";
}

Failure stall_failure(const AutoBeat& beat, Nanoseconds timeout) {
  const auto& progress = beat.progress;
  return application_failure(
      "ActivityStalled",
      "no progress for " + duration_text(timeout) +
          (beat.counter_given ? ": the progress counter stands at " + std::to_string(progress.given)
                              : ": advance() and heartbeats stand at " + std::to_string(progress.own)));
}

}  // namespace

/// Looks whether the work moves. Comes with each step and, while an AutoHeartbeat lives, with a timer of its own.
void AttemptDriver::watch_progress() {
  if (!running_ || attempt_->lost() || !attempt_->has_auto_beat()) return;
  const TimePoint now = host_.loop.now();
  const AutoBeat beat = attempt_->look_at_progress();
  if (!stalled_ && beat.number != auto_beat_) {  // One began, or ended.
    auto_beat_ = beat.number;
    stall_watch_.reset();
    if (beat.number != 0) stall_watch_.emplace(beat.stall_timeout, now, beat.progress);
  } else if (stall_watch_ && stall_watch_->stalled(beat.progress, now)) {
    stall(beat);
  }
  host_.loop.cancel(std::exchange(stall_timer_, 0));
  if (!running_ || !stall_watch_) return;
  stall_timer_ = host_.loop.schedule(stall_watch_->next_look(), weakly(&AttemptDriver::step));
}

void AttemptDriver::stall(const AutoBeat& beat) {
  const Nanoseconds timeout = stall_watch_->timeout();
  stall_watch_.reset();
  if (!std::exchange(stalled_, true)) {
    attempt_->fail_stalled(stall_failure(beat, timeout));
    withdraw_beats();
    // The lease's end brings the report, or, where there is none, as much time again without progress.
    if (!has_heartbeat_timeout_) stall_watch_.emplace(timeout, host_.loop.now(), beat.progress);
  } else {
    attempt_->stop(StopCause::kStalled, true);
  }
  announce_stop();
}

/// What the activity itself has to say still goes out, also while it cleans up.
void AttemptDriver::withdraw_beats() {
  if (!unsaved_details() && !encoding_ && saves_.empty()) throttle_.withdraw();
}

/// The function has not noticed, and the server would only see a timeout. Its slot stays taken until it returns.
void AttemptDriver::report_stall() {
  if (auto failure = attempt_->stall_failure()) begin_report(AttemptFailed{*std::move(failure)});
}

}  // namespace longbeat::internal
