// What comes is decoded before the function sees it, what goes is encoded before it is sent. Codecs are user code, so
// all of it runs on the courier. Without codecs nothing here is used.
#include <utility>

#include "base/log.h"
#include "core/outcome.h"
#include "worker/attempt_driver.h"

namespace longbeat::internal {
namespace {

constexpr const char* kCodecFailureType = "WireCodecError";
constexpr std::size_t kWhyBytesMax = 4'000;

/// Stays the activity's own failure, without what could not be encoded.
Failure without_unencodable(const WireFormat& format, const Failure& failure, const std::string& why) {
  Failure plain = application_failure(failure.type, format.hides_texts() ? kEncodedFailure : failure.message,
                                      failure.non_retryable);
  plain.next_retry_delay = failure.next_retry_delay;
  plain.message += " (without its details: " + sendable_text(why, kWhyBytesMax) + ")";
  return plain;
}

Failure encoded_failure(const WireFormat& format, const Failure& failure) {
  auto encoded = format.encode(failure);
  return encoded ? *std::move(encoded) : without_unencodable(format, failure, encoded.error().message);
}

AttemptOutcome encoded_outcome(const WireFormat& format, AttemptOutcome outcome) {
  if (auto* completed = std::get_if<AttemptCompleted>(&outcome)) {
    auto result = format.encode(std::move(completed->result));
    if (result) return AttemptCompleted{*std::move(result)};
    return AttemptFailed{encoded_failure(
        format, application_failure(kCodecFailureType, "the activity's result: " + result.error().message))};
  }
  if (auto* canceled = std::get_if<AttemptCanceled>(&outcome)) {
    auto details = format.encode(std::move(canceled->details));
    if (details) return AttemptCanceled{*std::move(details)};
    log(LogLevel::kWarn, "a canceled activity is reported without its details: " + details.error().message);
    return AttemptCanceled{};
  }
  if (auto* failed = std::get_if<AttemptFailed>(&outcome))
    return AttemptFailed{encoded_failure(format, failed->failure)};
  return outcome;
}

}  // namespace

void AttemptDriver::decode_task(Executor& executor) {
  host_.courier.post(CourierJob::kConvert, attempt_->key(),
                     [format = host_.format, input = attempt_->take_input(), details = newest_.payloads,
                      &loop = host_.loop, &executor, weak = weak_from_this()]() mutable {
                       loop.post([weak, &executor, task = opened(format, std::move(input), *details)]() mutable {
                         if (const auto self = weak.lock()) self->task_opened(executor, std::move(task));
                       });
                     });
}

Result<AttemptDriver::OpenedTask> AttemptDriver::opened(const WireFormat& format, Payloads input,
                                                        Payloads heartbeat_details) {
  auto arguments = format.decode(std::move(input));
  if (!arguments) return Error{ErrorCode::kUndecodable, "the activity's arguments: " + arguments.error().message};
  auto details = format.decode(std::move(heartbeat_details));
  if (!details)
    return Error{ErrorCode::kUndecodable, "the heartbeat details of the last attempt: " + details.error().message};
  return OpenedTask{*std::move(arguments), *std::move(details)};
}

void AttemptDriver::task_opened(Executor& executor, Result<OpenedTask> task) {
  if (!running_) {  // Reported meanwhile, without having begun.
    returned_ = true;
    return finish_if_free();
  }
  if (task) {
    attempt_->open(std::move(task->input), std::move(task->heartbeat_details));
    return submit(executor);
  }
  log(LogLevel::kWarn, name() + " is not begun: " + task.error().message);
  if (attempt_->lost()) return function_returned(AttemptAbandoned{});
  function_returned(AttemptFailed{application_failure(kCodecFailureType, task.error().message)});
}

void AttemptDriver::encode_save(UrgentSave save) {
  host_.courier.post(
      CourierJob::kConvert, Courier::with_turn(attempt_->key(), kSaveTurn),
      [format = host_.format, save = std::move(save), &loop = host_.loop, weak = weak_from_this()]() mutable {
        auto details = format.encode(std::move(save.details));
        if (!details) return save.settle(Error{details.error().code, "save_now: " + details.error().message});
        save.details = *std::move(details);
        loop.post([weak, save = std::move(save)]() mutable {
          const auto self = weak.lock();
          if (!self) return save.settle(Error{ErrorCode::kLeaseLost, "save_now: the attempt has ended"});
          self->take_save(std::move(save));
          self->step();
        });
      });
}

bool AttemptDriver::outcome_needs_encoding() const {
  if (const auto* failed = std::get_if<AttemptFailed>(&outcome_)) return host_.format.changes(failed->failure);
  if (!host_.format.changes_payloads()) return false;
  if (const auto* completed = std::get_if<AttemptCompleted>(&outcome_)) return !completed->result.empty();
  const auto* canceled = std::get_if<AttemptCanceled>(&outcome_);
  return canceled != nullptr && !canceled->details.empty();
}

void AttemptDriver::encode_outcome() {
  watch_report();  // A codec that takes long must not cost the lease either.
  host_.courier.post(CourierJob::kConvert, Courier::with_turn(attempt_->key(), kReportTurn),
                     [format = host_.format, outcome = std::move(outcome_), &loop = host_.loop,
                      done = weakly(&AttemptDriver::outcome_encoded)]() mutable {
                       loop.post([done, encoded = encoded_outcome(format, std::move(outcome))]() mutable {
                         done(std::move(encoded));
                       });
                     });
}

void AttemptDriver::outcome_encoded(AttemptOutcome outcome) {
  if (report_settled_) return;  // Abandoned.
  host_.loop.cancel(std::exchange(report_timer_, 0));
  outcome_ = std::move(outcome);
  begin_sending();
}

}  // namespace longbeat::internal
