// A function that goes on after it was asked to stop, codecs that do not end: whoever looks at the log learns which,
// where and for how long.
#include <string>
#include <utility>

#include "base/log.h"
#include "worker/attempt_driver.h"

namespace longbeat::internal {
namespace {

std::string age_text(TimePoint since, TimePoint now) {
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
  if (age < std::chrono::seconds(10)) return std::to_string(age.count()) + " ms ago";
  return std::to_string(age.count() / 1000) + " s ago";
}

const char* kind_of(const AttemptOutcome& outcome) {
  if (std::holds_alternative<AttemptCompleted>(outcome)) return "result";
  return std::holds_alternative<AttemptCanceled>(outcome) ? "cancellation" : "failure";
}

}  // namespace

void AttemptDriver::watch_function() {
  if (returned_ || !stuck_watch_.begin(host_.loop.now())) return;
  stuck_timer_ = host_.loop.schedule(stuck_watch_.next(), weakly(&AttemptDriver::tell_stuck));
}

void AttemptDriver::tell_stuck() {
  if (returned_) return;
  log(LogLevel::kWarn, name() + (decoding_ ? " is not begun" : " does not end") + whereabouts());
  if (stuck_watch_.told() && !decoding_) host_.count([](auto& stats) { ++stats.attempts_stuck; });
  stuck_timer_ = host_.loop.schedule(stuck_watch_.next(), weakly(&AttemptDriver::tell_stuck));
}

void AttemptDriver::tell_stuck_codecs() {
  log(LogLevel::kWarn, name() + " has ended and is not reported: the codecs have its " + kind_of(outcome_) +
                           " and do not end, begun " + age_text(*codec_watch_.since(), host_.loop.now()));
  codec_watch_.told();
}

void AttemptDriver::watch_decoding() {
  decode_timer_ = host_.loop.schedule(host_.loop.now() + StuckWatch::kPatience, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->decoding_) log(LogLevel::kWarn, self->name() + " is not begun" + self->whereabouts());
  });
}

/// Call it before the courier gets heartbeat details; whoever brings them back cancels the timer. It does not need the
/// driver: a codec that hangs may outlive the attempt.
TimerId AttemptDriver::watch_details() {
  const TimePoint now = host_.loop.now();
  return host_.loop.schedule(
      now + StuckWatch::kPatience, [weak = weak_from_this(), attempt = attempt_, now, &loop = host_.loop] {
        const auto self = weak.lock();
        if (self && std::exchange(self->details_told_, true)) return;
        log(LogLevel::kWarn, attempt->name() +
                                 ": the codecs or converters have its heartbeat details and do not end, begun " +
                                 age_text(now, loop.now()));
      });
}

std::string AttemptDriver::whereabouts() const {
  const TimePoint now = host_.loop.now();
  std::string text;
  if (const auto thread = attempt_->thread_number(); thread != 0) {
    text += ", on thread " + std::to_string(thread) + " (" + attempt_->thread_name() + ")";
  }
  if (decoding_) {
    text += ", codecs decode its input";
    if (!newest_.payloads->empty()) text += " and the last attempt's heartbeat details";
  }
  text += ", begun " + age_text(begun_, now);
  if (stuck_watch_.since()) {
    text += ", asked to stop " + age_text(*stuck_watch_.since(), now) + " (";
    const char* separator = "";
    for (const StopCause cause : attempt_->causes()) {
      text.append(separator).append(to_string(cause));
      separator = ", ";
    }
    text += ")";
  }
  if (last_beat_) {
    text += ", last heartbeat acknowledged " + age_text(*last_beat_, now);
  } else {
    text += ", no heartbeat acknowledged";
  }
  return text;
}

}  // namespace longbeat::internal
