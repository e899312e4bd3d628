// How an attempt ends: the newest details first, then the report, repeated until it is settled.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/planted.h"
#include "core/handover.h"
#include "core/outcome.h"
#include "core/wire_size.h"
#include "worker/attempt_driver.h"

namespace longbeat::internal {
namespace {

constexpr Nanoseconds kReportTimeout = std::chrono::seconds(10);
constexpr Nanoseconds kLongestFlush = std::chrono::seconds(60);
/// How long a report may be under way before heartbeats go on for it.
constexpr Nanoseconds kShortestWatch = std::chrono::milliseconds(20), kLongestWatch = std::chrono::seconds(2);

/// Fits into any message that has room for a failure at all.
constexpr std::size_t kSmallFailure = 32'768;

/// The activity's own failure without what a server may object to.
Failure plain_failure(const Failure& failure, const std::string& why) {
  Failure plain = bare_failure(failure, why);
  plain.next_retry_delay.reset();
  return plain;
}

}  // namespace

void AttemptDriver::function_returned(AttemptOutcome outcome) {
  returned_ = true;
  host_.loop.cancel(stuck_timer_);
  if (!running_) return finish_if_free();  // WorkerShutdown was reported meanwhile.
  const auto causes = attempt_->causes();
  const bool unknown_to_server = std::find(causes.begin(), causes.end(), StopCause::kNotFound) != causes.end();
  // A finished result counts even when the lease is over: the server decides. Only when it said that it does not, we
  // know.
  if (unknown_to_server) {
    // Of one that was given away somebody else has the result.
    if (const auto* completed = std::get_if<AttemptCompleted>(&outcome); completed && !attempt_->given_away())
      log(LogLevel::kWarn, "the result of " + name() + " (" + std::to_string(wire_size(completed->result)) +
                               " bytes) is dropped: the server does not know the attempt any more");
    outcome = AttemptAbandoned{};
  } else if (attempt_->given_away() && std::holds_alternative<AttemptCompleted>(outcome)) {
    // Whatever it returned: somebody else knows the result, or nobody does.
    if (is_lost_by_other()) {
      outcome = AttemptFailed{completion_lost_failure()};
    } else {
      outcome = AttemptLeft{};
    }
  } else if (std::holds_alternative<AttemptCompleted>(outcome) && !server_refused_details_) {
    // The program's own mistake fails the attempt, what a server does not like costs no result.
    if (auto broken = attempt_->details_failure()) outcome = AttemptFailed{*std::move(broken)};
  }
  begin_report(std::move(outcome));
}

void AttemptDriver::force_shutdown(TimePoint until) {
  report_by_ = std::min(report_by_, until);
  if (!running_) {
    if (flushing_ && (encoding_ || encoding_save_) && !encoding_late_) arm_encode_timer(report_patience());
    if (encoding_outcome_) hurry_codecs();
    return;
  }
  attempt_->stop(StopCause::kShutdown, true);
  announce_stop();
  if (running_) begin_report(forced_outcome());  // Unless it was stalled.
}

/// What becomes of an attempt whose function is not waited for any longer.
AttemptOutcome AttemptDriver::forced_outcome() const {
  if (beats_over_) return AttemptAbandoned{};  // The server does not know the attempt.
  if (attempt_->given_away() && !is_lost_by_other()) return AttemptLeft{};
  return AttemptFailed{worker_shutdown_failure()};
}

void AttemptDriver::abandon() {
  running_ = false;
  attempt_->end();
  drop_leftovers();
  refuse_saves("the worker has stopped");
  report_settled_ = true;
  encoding_outcome_ = false;
  cancel_timers();
  host_.loop.cancel(stuck_timer_);
  if (beat_call_ != 0) host_.stub.cancel(beat_call_);
  leave_to_other();
}

void AttemptDriver::cancel_timers() {
  for (const TimerId timer : {wake_timer_, own_beat_timer_, encode_timer_, lease_timer_, stall_timer_, report_timer_,
                              codec_timer_, save_timer_, decode_timer_})
    host_.loop.cancel(timer);
}

void AttemptDriver::begin_report(AttemptOutcome outcome) {
  running_ = false;
  attempt_->end();
  host_.loop.cancel(lease_timer_);
  host_.loop.cancel(wake_timer_);
  host_.loop.cancel(own_beat_timer_);
  host_.loop.cancel(stall_timer_);
  stall_watch_.reset();
  outcome_ = std::move(outcome);
  if (attempt_->given_away()) end_handover();
  if (std::holds_alternative<AttemptAbandoned>(outcome_)) {
    drop_leftovers();
    host_.count([](auto& stats) { ++stats.abandoned; });
    return report_done();
  }
  if (outcome_needs_encoding()) return encode_outcome();
  begin_sending();
}

/// The outcome is as it will be sent, unless it is too large.
void AttemptDriver::begin_sending() {
  if (const auto* completed = std::get_if<AttemptCompleted>(&outcome_)) {
    drop_leftovers();  // Nobody reads its details any more.
    if (const auto why = too_large("the result has", wire_size(completed->result)); !why.empty())
      return report_instead(application_failure("ResultTooLarge", why, true));
    return send_report();
  }
  if (auto* failed = std::get_if<AttemptFailed>(&outcome_)) {
    // As it is, the server would make it final.
    if (const auto why = too_large("the failure has", wire_size(failed->failure)); !why.empty()) {
      log(LogLevel::kWarn, name() + ": " + why + "; it is shortened");
      failed->failure = smaller_failure(failed->failure, host_.payload_bytes_max, why);
    }
  }
  if (std::holds_alternative<AttemptLeft>(outcome_) && !flush_on_leave_) {
    drop_leftovers();
    return send_report();
  }
  flushing_ = flush_at_once_ = true;
  const TimePoint now = host_.loop.now();
  flush_until_ = std::min(std::max(lease_.expiry(), now), now + kLongestFlush);
  // A beat goes without them, but nobody comes after the report.
  if (encoding_ || encoding_save_) arm_encode_timer(report_patience());
  if (auto value = encoding_ ? nullptr : attempt_->cell().take()) start_encoding(std::move(value));
  continue_flush();
  step();
}

/// The next attempt reads these details, so they go first, or inside the failure where the server takes them there.
void AttemptDriver::continue_flush() {
  if (!flushing_ || ((encoding_ || encoding_save_) && !encoding_late_)) return;
  if (encoding_) {
    drop_leftovers();
  } else if (auto value = attempt_->cell().take()) {
    return start_encoding(std::move(value));  // It came while an older one was being encoded.
  }
  const bool inside = std::holds_alternative<AttemptFailed>(outcome_) && host_.failure_takes_details;
  if (unsaved_details() && !inside && !beats_over_ && host_.loop.now() < flush_until_) {
    if (!throttle_.in_flight() && std::exchange(flush_at_once_, false)) throttle_.request_now();
    return;  // Whoever called goes on with step(), and the answer comes back here.
  }
  flushing_ = false;
  send_report();
}

void AttemptDriver::send_report() {
  if (std::holds_alternative<AttemptLeft>(outcome_)) {
    host_.count([](auto& stats) { ++stats.handed_over; });
    return report_done();
  }
  const auto& token = attempt_->task().token;
  const auto answered = [weak = weak_from_this()](StatusOr<> answer) {
    if (const auto self = weak.lock()) self->report_answered(answer);
  };
  if (const auto* completed = std::get_if<AttemptCompleted>(&outcome_)) {
    host_.stub.respond_completed({host_.namespace_name, host_.identity, token, completed->result}, kReportTimeout,
                                 answered);
  } else if (const auto* canceled = std::get_if<AttemptCanceled>(&outcome_)) {
    host_.stub.respond_canceled({host_.namespace_name, host_.identity, token, canceled->details}, kReportTimeout,
                                answered);
  } else if (const auto* failed = std::get_if<AttemptFailed>(&outcome_)) {
    FailedParams params{host_.namespace_name, host_.identity, token, failed->failure, std::nullopt};
    const bool inside = host_.failure_takes_details && !planted(Bug::kDetailsNotInFailure);
    if (inside && unsaved_details()) params.last_heartbeat_details = *newest_.payloads;
    host_.stub.respond_failed(std::move(params), kReportTimeout, answered);
  }
  watch_report();
}

/// A report that hangs must not cost the attempt: its lease would run out while the report is on its way.
void AttemptDriver::watch_report() {
  if (!has_heartbeat_timeout_ || report_troubled_) return;
  const TimePoint now = host_.loop.now();
  const Nanoseconds patience = std::clamp<Nanoseconds>((lease_.expiry() - now) / 2, kShortestWatch, kLongestWatch);
  report_timer_ = host_.loop.schedule(now + patience, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->report_troubled_ = true;
    self->step();
  });
}

std::size_t AttemptDriver::report_bytes() const {
  if (const auto* completed = std::get_if<AttemptCompleted>(&outcome_)) return wire_size(completed->result);
  if (const auto* failed = std::get_if<AttemptFailed>(&outcome_)) return wire_size(failed->failure);
  if (const auto* canceled = std::get_if<AttemptCanceled>(&outcome_)) return wire_size(canceled->details);
  return 0;
}

std::string AttemptDriver::report_text() const {
  return "the report of " + name() + " (" + std::to_string(report_bytes()) + " bytes)";
}

void AttemptDriver::report_answered(const StatusOr<>& answer) {
  if (report_settled_) return;
  host_.loop.cancel(std::exchange(report_timer_, 0));
  switch (report_policy_.judge(answer, host_.loop.now())) {
    case ReportAnswer::kAccepted:
      host_.count([&](auto& stats) {
        if (std::holds_alternative<AttemptCompleted>(outcome_)) ++stats.completed;
        if (std::holds_alternative<AttemptFailed>(outcome_)) ++stats.failed;
        if (std::holds_alternative<AttemptCanceled>(outcome_)) ++stats.canceled;
      });
      return report_done();
    case ReportAnswer::kStale:
      host_.count([](auto& stats) { ++stats.reports_stale; });
      log(LogLevel::kWarn, report_text() + " is dropped: the server does not know the attempt any more");
      if (planted(Bug::kSlotLeaks)) return;
      return report_done();
    case ReportAnswer::kUnknown:
      host_.count([](auto& stats) { ++stats.reports_unknown; });
      log(LogLevel::kWarn, report_text() +
                               " may have been applied: the answer was lost, and now the server does not "
                               "know the attempt any more");
      return report_done();
    case ReportAnswer::kTooLarge: {
      const std::string why = "the report of " + std::to_string(report_bytes()) +
                              " bytes does not fit into a message: " + answer.error().message;
      if (std::holds_alternative<AttemptFailed>(outcome_)) return report_less(why);
      return report_instead(application_failure("ResultTooLarge", why, true));
    }
    case ReportAnswer::kRefused: {
      const std::string why =
          "the server refused the report of " + std::to_string(report_bytes()) + " bytes: " + answer.error().message;
      if (const auto* failed = std::get_if<AttemptFailed>(&outcome_))
        return report_instead(plain_failure(failed->failure, why));
      return report_instead(application_failure("ReportRefused", why));
    }
    case ReportAnswer::kRepeat:
      if (planted(Bug::kReportGivenUp)) return give_up(to_string(answer.error()));
      host_.count([](auto& stats) { ++stats.reports_repeated; });
      report_troubled_ = true;
      report_timer_ = host_.loop.schedule(host_.loop.now() + report_policy_.next_pause(host_.random),
                                          weakly(&AttemptDriver::send_report));
      return step();
    case ReportAnswer::kGivenUp:
      return give_up(to_string(answer.error()));
  }
}

/// The failure stays the activity's own. First its details go, then those of the last heartbeat, then causes and text.
void AttemptDriver::report_less(const std::string& why) {
  Failure& failure = std::get<AttemptFailed>(outcome_).failure;
  if (has_details(failure)) {
    log(LogLevel::kWarn, name() + ": " + why + "; it goes without its details");
    failure = smaller_failure(failure, host_.payload_bytes_max, why);
  } else if (host_.failure_takes_details && unsaved_details()) {
    log(LogLevel::kWarn, name() + ": " + why + "; it goes without the last heartbeat's details");
    acknowledged_.sequence = newest_.sequence;
  } else {
    Failure smaller = smaller_failure(failure, kSmallFailure, why);
    if (report_bytes() <= kSmallFailure || wire_size(smaller) >= report_bytes()) return give_up(why);
    log(LogLevel::kWarn, name() + ": " + why + "; it is shortened");
    failure = std::move(smaller);
  }
  send_report();
}

/// What ran cannot be reported as it is; the caller learns at least that, and why.
void AttemptDriver::report_instead(Failure failure) {
  if (std::exchange(replaced_, true)) return give_up(failure.message);
  log(LogLevel::kWarn, name() + ": " + failure.message);
  outcome_ = AttemptFailed{std::move(failure)};
  acknowledged_.sequence = newest_.sequence;  // Refused for its size perhaps: the details stay out of the second try.
  send_report();
}

void AttemptDriver::give_up(const std::string& why) {
  host_.count([](auto& stats) { ++stats.reports_given_up; });
  log(LogLevel::kError, report_text() + " is given up: " + why);
  given_up_ = why;
  report_done();
}

void AttemptDriver::report_done() {
  report_settled_ = true;
  flushing_ = report_troubled_ = encoding_outcome_ = false;
  cancel_timers();
  if (beat_call_ != 0) host_.stub.cancel(std::exchange(beat_call_, 0));
  refuse_saves("the attempt has ended");
  // Also what the server did not know: the other side may ask it again.
  leave_to_other();
  finish_if_free();
}

void AttemptDriver::finish_if_free() {
  if (!report_settled_ || !returned_) return;
  drop_leftovers();  // A thread of the program's own may have put one just now.
  host_.settled(attempt_->key());
}

/// A value that nobody needs any more dies where its destructor may run.
void AttemptDriver::drop_leftovers() {
  if (!is_for_other()) drop_value(attempt_->cell().take());
}

void AttemptDriver::drop_value(std::unique_ptr<DetailsValue> value) {
  if (!value) return;
  host_.courier.post(CourierJob::kConvert, attempt_->key(),
                     [leftover = std::shared_ptr<DetailsValue>(std::move(value))] {});
}

}  // namespace longbeat::internal
