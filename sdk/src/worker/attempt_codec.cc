// What comes is decoded before the function sees it, what goes is encoded before it is sent. Codecs are user code, so
// all of it runs on the courier. Where there is nothing to change, nothing here is used.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/planted.h"
#include "core/outcome.h"
#include "core/wire_size.h"
#include "worker/attempt_driver.h"

namespace longbeat::internal {
namespace {

constexpr const char* kCodecFailureType = "WireCodecError";

/// Whoever looks after the worker does not see what it reports.
void tell(const std::string& name, const std::string& what) {
  log(LogLevel::kWarn, name + " " + sendable_text(what));
}

/// Stays the activity's own failure, without what could not be encoded.
Failure without_unencodable(const WireFormat& format, Failure failure, const std::string& why) {
  if (format.hides_texts() && !failure.encoded_attributes) failure.message = kEncodedFailure;
  return bare_failure(std::move(failure), "without its details: " + why);
}

Failure encoded_failure(const WireFormat& format, const Failure& failure) {
  auto encoded = format.encode(failure);
  return encoded ? *std::move(encoded) : without_unencodable(format, failure, encoded.error().message);
}

/// What could not be encoded is told under `name`.
AttemptOutcome encoded_outcome(const WireFormat& format, AttemptOutcome outcome, const std::string& name) {
  if (auto* completed = std::get_if<AttemptCompleted>(&outcome)) {
    auto result = format.encode(std::move(completed->result));
    if (result) return AttemptCompleted{*std::move(result)};
    if (planted(Bug::kFailedCodecCompletes)) return AttemptCompleted{};
    const std::string why = "the activity's result: " + result.error().message;
    tell(name, "fails instead of completing: " + why);
    return AttemptFailed{encoded_failure(format, application_failure(kCodecFailureType, why))};
  }
  if (auto* canceled = std::get_if<AttemptCanceled>(&outcome)) {
    auto details = format.encode(std::move(canceled->details));
    if (details) return AttemptCanceled{*std::move(details)};
    tell(name, "is reported as canceled without its details: " + details.error().message);
    return AttemptCanceled{};
  }
  if (const auto* failed = std::get_if<AttemptFailed>(&outcome)) {
    auto encoded = format.encode(failed->failure);
    if (encoded) return AttemptFailed{*std::move(encoded)};
    tell(name, "fails without its details: " + encoded.error().message);
    return AttemptFailed{without_unencodable(format, failed->failure, encoded.error().message)};
  }
  return outcome;
}

/// What goes out when the codecs do not end in time: what there is without them. For a result nothing can stand in.
AttemptOutcome stand_in(const WireFormat& format, const AttemptOutcome& outcome) {
  if (const auto* failed = std::get_if<AttemptFailed>(&outcome))
    return AttemptFailed{without_unencodable(format, failed->failure, "the codecs have not ended in time")};
  if (std::holds_alternative<AttemptCanceled>(outcome)) return AttemptCanceled{};
  return AttemptCompleted{};
}

}  // namespace

void AttemptDriver::decode_task(Executor& executor) {
  decoding_ = true;
  watch_decoding();
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
  decoding_ = false;
  host_.loop.cancel(decode_timer_);
  if (!running_) {  // Reported meanwhile, without having begun.
    returned_ = true;
    return finish_if_free();
  }
  if (task) {
    attempt_->open(std::move(task->input), std::move(task->heartbeat_details));
    plan_own_beat();  // Its whole lease is the function's, however long the codecs took.
    return submit(executor);
  }
  log(LogLevel::kWarn, name() + " is not begun: " + task.error().message);
  if (attempt_->lost()) return function_returned(AttemptAbandoned{});
  function_returned(AttemptFailed{application_failure(kCodecFailureType, task.error().message)});
}

/// One at a time: a codec that is slower than they come would else have ever more of them to encode.
void AttemptDriver::encode_save(UrgentSave save) {
  if (!running_ && !awaits_details())
    return save.settle(Error{ErrorCode::kLeaseLost, "save_now: this attempt does not count any more"});
  save_heard_ = true;
  unencoded_saves_.push_back(std::move(save));
  encode_next_save();
}

void AttemptDriver::encode_next_save() {
  // Of the values that nobody waits for only the newest is still of use, at the attempt's end of all.
  std::uint64_t newest = 0;
  for (const auto& save : unencoded_saves_) newest = std::max(newest, save.sequence);
  const auto waiting = unencoded_saves_.begin() + (encoding_save_ ? 1 : 0);
  const auto useless = std::stable_partition(waiting, unencoded_saves_.end(), [&](const UrgentSave& save) {
    return save.sequence == newest || (running_ && !save.caller.expired());
  });
  for (auto save = useless; save != unencoded_saves_.end(); ++save)
    save->settle(Error{ErrorCode::kLeaseLost, "save_now: the attempt has ended"});
  unencoded_saves_.erase(useless, unencoded_saves_.end());
  if (encoding_save_ || unencoded_saves_.empty()) return;
  encoding_save_ = true;
  if (flushing_ && !encoding_late_) arm_encode_timer(report_patience());
  const Nanoseconds patience = HeartbeatThrottle::encode_patience(attempt_->task().heartbeat);
  save_timer_ = host_.loop.schedule(host_.loop.now() + patience, weakly(&AttemptDriver::save_takes_long));
  host_.courier.post(CourierJob::kConvert, Courier::with_turn(attempt_->key(), kSaveTurn),
                     [format = host_.format, details = std::move(unencoded_saves_.front().details), &loop = host_.loop,
                      watch = watch_details(), done = weakly(&AttemptDriver::save_encoded)]() mutable {
                       loop.post([&loop, watch, done, encoded = format.encode(std::move(details))]() mutable {
                         loop.cancel(watch);
                         done(std::move(encoded));
                       });
                     });
}

/// Older details must keep the lease meanwhile.
void AttemptDriver::save_takes_long() {
  save_late_ = true;
  step();
}

/// Whether a save_now() is a reason for a beat with older details: once for each call, and as long as its caller waits.
bool AttemptDriver::heard_late_save() const {
  if (!running_ || !save_late_) return false;
  return save_heard_ || std::any_of(unencoded_saves_.begin(), unencoded_saves_.end(),
                                    [](const UrgentSave& save) { return !save.caller.expired(); });
}

void AttemptDriver::save_encoded(Result<Payloads> details) {
  encoding_save_ = save_late_ = false;
  host_.loop.cancel(save_timer_);
  if (unencoded_saves_.empty()) return;  // Refused meanwhile.
  UrgentSave save = std::move(unencoded_saves_.front());
  unencoded_saves_.erase(unencoded_saves_.begin());
  if (details) {
    save.details = *std::move(details);
    take_save(std::move(save));
  } else {
    refuse_save(save, details.error());
  }
  if (running_ || awaits_details()) encode_next_save();
  end_encode_timer();
  continue_flush();
  step();
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
  encoding_outcome_ = true;
  codec_watch_.begin(host_.loop.now());
  watch_codecs();
  AttemptOutcome whole = std::exchange(outcome_, stand_in(host_.format, outcome_));
  host_.courier.post(CourierJob::kConvert, Courier::with_turn(attempt_->key(), kReportTurn),
                     [format = host_.format, outcome = std::move(whole), name = name(), &loop = host_.loop,
                      done = weakly(&AttemptDriver::outcome_encoded)]() mutable {
                       loop.post([done, encoded = encoded_outcome(format, std::move(outcome), name)]() mutable {
                         done(std::move(encoded));
                       });
                     });
}

void AttemptDriver::outcome_encoded(AttemptOutcome outcome) {
  if (!std::exchange(encoding_outcome_, false)) return;  // Abandoned, or sent without.
  host_.loop.cancel(std::exchange(report_timer_, 0));
  host_.loop.cancel(codec_timer_);
  outcome_ = std::move(outcome);
  begin_sending();
}

/// Somebody else needs the slot, and somebody reads the log.
void AttemptDriver::watch_codecs() {
  host_.loop.cancel(codec_timer_);
  const TimePoint give_up_at = std::max(report_policy_.give_up_at(), *codec_watch_.since() + StuckWatch::kPatience);
  codec_timer_ = host_.loop.schedule(std::min({codec_watch_.next(), encode_until_, give_up_at}),
                                     weakly(&AttemptDriver::codecs_take_long));
}

/// The worker ends soon. Half of the time is left for sending what stands in.
void AttemptDriver::hurry_codecs() {
  if (std::holds_alternative<AttemptCompleted>(outcome_) && !planted(Bug::kUnencodedResultSent)) return;
  const TimePoint now = host_.loop.now();
  encode_until_ = std::min(encode_until_, now + std::max<Nanoseconds>(report_by_ - now, Nanoseconds::zero()) / 2);
  watch_codecs();
}

void AttemptDriver::codecs_take_long() {
  const TimePoint now = host_.loop.now();
  if (now >= encode_until_) {
    log(LogLevel::kWarn, name() + " is reported without what its codecs have not encoded in time");
    return outcome_encoded(std::exchange(outcome_, {}));
  }
  tell_stuck_codecs();
  if (now >= report_policy_.give_up_at()) return give_up("its codecs have not ended");
  watch_codecs();
}

}  // namespace longbeat::internal
