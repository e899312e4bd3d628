// How an attempt ends: the newest details first, then the report, repeated until it is settled.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "core/outcome.h"
#include "worker/attempt_driver.h"

namespace longbeat::internal {
namespace {

constexpr Nanoseconds kReportTimeout = std::chrono::seconds(10);
constexpr Nanoseconds kLongestFlush = std::chrono::seconds(60);

std::size_t data_bytes(const Payloads& payloads) {
  std::size_t bytes = 0;
  for (const auto& payload : payloads) bytes += payload.data.size();
  return bytes;
}

}  // namespace

void AttemptDriver::function_returned(AttemptOutcome outcome) {
  returned_ = true;
  if (!running_) return finish_if_free();  // WorkerShutdown was reported meanwhile.
  const auto causes = attempt_->causes();
  const bool unknown_to_server = std::find(causes.begin(), causes.end(), StopCause::kNotFound) != causes.end();
  // A finished result counts even when the lease is over: the server decides. Only when it said that it does not, we
  // know.
  if (unknown_to_server) outcome = AttemptAbandoned{};
  begin_report(std::move(outcome));
}

void AttemptDriver::force_shutdown(TimePoint until) {
  report_by_ = std::min(report_by_, until);
  if (!running_) {
    if (flushing_ && encoding_ && !encoding_late_) arm_encode_timer(report_patience());
    return;
  }
  attempt_->stop(StopCause::kShutdown, true);
  announce_stop();
  begin_report(AttemptFailed{worker_shutdown_failure()});
}

void AttemptDriver::abandon() {
  running_ = false;
  attempt_->end();
  drop_leftovers();
  settle_saves(UINT64_MAX, Error{ErrorCode::kLeaseLost, "save_now: the worker has stopped"});
  report_settled_ = true;
  for (const TimerId timer : {wake_timer_, encode_timer_, lease_timer_, report_timer_}) host_.loop.cancel(timer);
  if (beat_call_ != 0) host_.stub.cancel(beat_call_);
}

void AttemptDriver::begin_report(AttemptOutcome outcome) {
  running_ = false;
  attempt_->end();
  host_.loop.cancel(lease_timer_);
  host_.loop.cancel(wake_timer_);
  outcome_ = std::move(outcome);
  if (std::holds_alternative<AttemptAbandoned>(outcome_)) {
    drop_leftovers();
    host_.count([](auto& stats) { ++stats.abandoned; });
    return report_done();
  }
  if (const auto* completed = std::get_if<AttemptCompleted>(&outcome_)) {
    drop_leftovers();  // Nobody reads details of a completed activity.
    const std::size_t bytes = data_bytes(completed->result);
    if (bytes > host_.payload_bytes_max) {
      return report_instead(application_failure("ResultTooLarge",
                                                "the result has " + std::to_string(bytes) +
                                                    " bytes, the server takes " +
                                                    std::to_string(host_.payload_bytes_max),
                                                true));
    }
    return send_report();
  }
  flushing_ = flush_at_once_ = true;
  const TimePoint now = host_.loop.now();
  flush_until_ = std::min(std::max(lease_.expiry(), now), now + kLongestFlush);
  if (encoding_) {
    arm_encode_timer(report_patience());  // A beat goes without it, but nobody comes after the report.
  } else if (auto value = attempt_->cell().take()) {
    start_encoding(std::move(value));
  }
  continue_flush();
  step();
}

/// The next attempt reads these details, so they go first, or inside the failure where the server takes them there.
void AttemptDriver::continue_flush() {
  if (!flushing_ || (encoding_ && !encoding_late_)) return;
  if (auto value = attempt_->cell().take(); value && !encoding_) {
    return start_encoding(std::move(value));  // It came while an older one was being encoded.
  } else if (value) {
    host_.courier.post(CourierJob::kConvert, attempt_->key(),
                       [late = std::shared_ptr<DetailsValue>(std::move(value))] {});
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
    if (host_.failure_takes_details && unsaved_details()) params.last_heartbeat_details = *newest_.payloads;
    host_.stub.respond_failed(std::move(params), kReportTimeout, answered);
  }
}

void AttemptDriver::report_answered(const StatusOr<>& answer) {
  if (report_settled_) return;
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
      return report_done();
    case ReportAnswer::kUnknown:
      host_.count([](auto& stats) { ++stats.reports_unknown; });
      return report_done();
    case ReportAnswer::kTooLarge:
      return report_instead(application_failure(
          "ResultTooLarge", "the report does not fit into a message: " + answer.error().message, true));
    case ReportAnswer::kRefused:
      return report_instead(
          application_failure("ReportRefused", "the server refused the report: " + answer.error().message));
    case ReportAnswer::kRepeat:
      host_.count([](auto& stats) { ++stats.reports_repeated; });
      report_troubled_ = true;
      report_timer_ = host_.loop.schedule(host_.loop.now() + report_policy_.next_pause(host_.random),
                                          weakly(&AttemptDriver::send_report));
      return step();
    case ReportAnswer::kGivenUp:
      host_.count([](auto& stats) { ++stats.reports_given_up; });
      log(LogLevel::kError, "the report of " + name() + " is given up: " + to_string(answer.error()));
      return report_done();
  }
}

/// What ran cannot be reported as it is; the caller learns at least that, and why.
void AttemptDriver::report_instead(Failure failure) {
  if (std::exchange(replaced_, true)) {
    host_.count([](auto& stats) { ++stats.reports_given_up; });
    log(LogLevel::kError, "the report of " + name() + " is given up: " + failure.message);
    return report_done();
  }
  log(LogLevel::kWarn, name() + ": " + failure.message);
  outcome_ = AttemptFailed{std::move(failure)};
  acknowledged_.sequence = newest_.sequence;  // Refused for its size perhaps: the details stay out of the second try.
  send_report();
}

void AttemptDriver::report_done() {
  report_settled_ = true;
  flushing_ = report_troubled_ = false;
  for (const TimerId timer : {wake_timer_, encode_timer_, lease_timer_, report_timer_}) host_.loop.cancel(timer);
  if (beat_call_ != 0) host_.stub.cancel(std::exchange(beat_call_, 0));
  settle_saves(UINT64_MAX, Error{ErrorCode::kLeaseLost, "save_now: the attempt has ended"});
  finish_if_free();
}

void AttemptDriver::finish_if_free() {
  if (report_settled_ && returned_) host_.settled(attempt_->key());
}

/// A value that nobody needs any more dies where its destructor may run.
void AttemptDriver::drop_leftovers() {
  if (auto value = attempt_->cell().take()) {
    host_.courier.post(CourierJob::kConvert, attempt_->key(),
                       [leftover = std::shared_ptr<DetailsValue>(std::move(value))] {});
  }
}

}  // namespace longbeat::internal
