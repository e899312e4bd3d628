#include "worker/attempt_driver.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/planted.h"
#include "core/handover.h"
#include "core/wire_size.h"

namespace longbeat::internal {
namespace {

constexpr Nanoseconds kLateReport = std::chrono::milliseconds(500);

/// When the worker's own first beat leaves: most short activities have ended by then and need none. The first beat of
/// the activity takes its place.
Nanoseconds own_beat_pause(Nanoseconds heartbeat_timeout) {
  return std::clamp<Nanoseconds>(heartbeat_timeout / 200, std::chrono::milliseconds(1), std::chrono::milliseconds(50));
}

}  // namespace

AttemptDriver::AttemptDriver(AttemptHost& host, std::shared_ptr<Attempt> attempt, const Lease& lease,
                             TimePoint report_until)
    : host_(host),
      attempt_(std::move(attempt)),
      lease_(lease),
      throttle_(attempt_->task().heartbeat),
      has_heartbeat_timeout_(attempt_->task().heartbeat > Nanoseconds::zero()),
      report_policy_(report_until) {
  // A heartbeat without a value must not erase what earlier attempts have left.
  const bool kept = !planted(Bug::kDetailsNotTakenOver);
  newest_.payloads =
      kept ? std::make_shared<const Payloads>(attempt_->info().heartbeat_details) : std::make_shared<const Payloads>();
  acknowledged_ = newest_;
}

void AttemptDriver::start(Executor& executor) {
  begun_ = host_.loop.now();
  attempt_->connect([&loop = host_.loop, poke = weakly(&AttemptDriver::poked)] { loop.post(poke); });
  arm_lease();
  plan_own_beat();
  step();
  if (host_.format.changes_payloads()) return decode_task(executor);
  // Behind whatever else this round of the loop brings: a burst of tasks then wakes one thread, not one for each.
  host_.loop.post([weak = weak_from_this(), &executor] {
    if (const auto self = weak.lock()) self->submit(executor);
  });
}

void AttemptDriver::submit(Executor& executor) {
  if (report_settled_) return;  // Abandoned: nobody waits for it.
  executor.submit(
      {attempt_, [&loop = host_.loop, done = weakly(&AttemptDriver::function_returned)](AttemptOutcome outcome) {
         loop.post([done, outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
       }});
}

/// For a function that begins now: its acknowledgement makes the lease safe against a slow network.
void AttemptDriver::plan_own_beat() {
  if (has_heartbeat_timeout_) arm_own_beat(own_beat_pause(attempt_->task().heartbeat));
}

void AttemptDriver::arm_own_beat(Nanoseconds pause) {
  host_.loop.cancel(own_beat_timer_);
  own_beat_timer_ = host_.loop.schedule(host_.loop.now() + pause, weakly(&AttemptDriver::send_own_beat));
}

void AttemptDriver::send_own_beat() {
  if (!running_ || stalled_) return;
  own_beat_ = !throttle_.wanted() && !encoding_;
  throttle_.request();
  step();
}

void AttemptDriver::notify_shutdown() {
  if (!running_ || !attempt_->stop_state().announce_shutdown()) return;
  host_.courier.post(CourierJob::kStopCallbacks, Courier::with_turn(attempt_->key(), kShutdownTurn),
                     [attempt = attempt_] { attempt->stop_state().request_shutdown(); });
}

void AttemptDriver::request_shutdown() {
  if (!running_) return;
  notify_shutdown();
  if (attempt_->stop(StopCause::kShutdown, false)) announce_stop();
}

void AttemptDriver::request_stop(StopCause cause, bool lost) {
  if (running_ && attempt_->stop(cause, lost)) announce_stop();
}

/// Someone outside the loop has news: a value, an urgent save, a stop that was noticed there.
void AttemptDriver::poked() {
  if (attempt_->given_away()) connect_handover();
  announce_stop();
  for (auto& save : attempt_->take_urgent_saves()) {
    if (host_.format.changes_payloads()) {
      encode_save(std::move(save));
    } else {
      take_save(std::move(save));
    }
  }
  step();
}

/// One save_now() whose details are as they will be sent. Whoever calls goes on with step().
void AttemptDriver::take_save(UrgentSave save) {
  const bool counts = running_ ? !attempt_->lost() : awaits_details();
  if (report_settled_ || !counts)
    return save.settle(Error{ErrorCode::kLeaseLost, "save_now: this attempt does not count any more"});
  if (const auto why = too_large("the value has", wire_size(save.details)); !why.empty())
    return refuse_save(save, {ErrorCode::kInvalidArgument, why});
  if (save.sequence > newest_.sequence)
    newest_ = {std::make_shared<const Payloads>(std::move(save.details)), save.sequence};
  saves_.push_back(std::move(save));
  if (running_) return throttle_.request_now();
  flush_at_once_ = flushing_;
}

/// The caller knows that its value is not saved. That it called shows all the same that the function goes on: older
/// details keep the lease. Whoever calls goes on with step().
void AttemptDriver::refuse_save(const UrgentSave& save, const Error& why) {
  save.settle(Error{why.code, "save_now: " + why.message});
  if (running_) throttle_.request();
}

/// Does what can be done now about heartbeats, and arranges to be woken for the rest.
void AttemptDriver::step() {
  std::erase_if(saves_, [](const auto& save) { return save.caller.expired(); });
  if (report_settled_) return;
  if (running_ && attempt_->lost()) return;  // Nothing it does can count; let the server's timer run out.
  watch_progress();
  if (report_settled_) return;
  const bool unasked = (report_troubled_ && has_heartbeat_timeout_) || (stall_watch_ && !stalled_) || heard_late_save();
  if (unasked && !throttle_.in_flight()) throttle_.request();
  for (;;) {
    const TimePoint now = host_.loop.now();
    if (!encoded_first_ && fetch_details(now)) continue;
    const auto due = beats_over_ ? std::nullopt : throttle_.due();
    if (due && *due <= now && (!encoding_ || encoding_late_)) {
      send_beat(now);
      continue;
    }
    if (due) {
      if (!encoding_ || encoding_late_) wake_at(*due);
      return;
    }
    // Their ends come back here.
    if (throttle_.in_flight() || (encoding_ && !encoding_late_) || beats_over_ || !running_) return;
    if (!throttle_.open(now)) return wake_at(throttle_.opens_at());
    attempt_->cell().arm();
    if (!heard_since_beat()) return;
    attempt_->cell().disarm();
    if (encoding_) throttle_.request();
  }
}

/// Takes the newest value out of the cell once it could leave. True when something changed.
bool AttemptDriver::fetch_details(TimePoint now) {
  if (!running_ || encoding_ || !throttle_.open(now)) return false;
  auto& cell = attempt_->cell();
  bool changed = false;
  if (cell.take_repeat()) {
    changed = !throttle_.wanted();  // Asked for again and again, it must not keep the loop here.
    throttle_.request();
  }
  if (auto value = cell.take()) {
    start_encoding(std::move(value));
    changed = true;
  }
  return changed;
}

/// Whether a heartbeat waits that no send has covered yet. While one value hangs in the courier the next stays in the
/// cell, and would be there for ever; only that it came is new, once.
bool AttemptDriver::heard_since_beat() {
  auto& cell = attempt_->cell();
  if (!cell.has_news()) return false;
  if (!encoding_) return true;
  return cell.take_repeat() || cell.last_sequence() != beaten_sequence_;
}

void AttemptDriver::start_encoding(std::unique_ptr<DetailsValue> value) {
  encoding_ = true;
  arm_encode_timer(running_ ? HeartbeatThrottle::encode_patience(attempt_->task().heartbeat) : report_patience());
  std::shared_ptr<DetailsValue> shared = std::move(value);
  host_.courier.post(
      CourierJob::kConvert, attempt_->key(),
      [shared, attempt = attempt_, format = host_.format, &loop = host_.loop, watch = watch_details(),
       weak = weak_from_this()] {
        auto details = shared->encode(attempt->converter());
        if (details) details = format.encode(*std::move(details));
        loop.post([weak, attempt, &loop, watch, sequence = shared->sequence, details = std::move(details)]() mutable {
          loop.cancel(watch);
          const auto self = weak.lock();
          if (self && !self->report_settled_) return self->encoded(sequence, std::move(details));
          if (const auto handover = attempt->handover()) handover->tell_details(sequence, std::move(details));
        });
      });
}

void AttemptDriver::arm_encode_timer(Nanoseconds patience) {
  host_.loop.cancel(encode_timer_);
  encoding_late_ = false;
  encode_timer_ = host_.loop.schedule(host_.loop.now() + patience, [weak = weak_from_this()] {
    const auto self = weak.lock();
    const bool waited_for = self && (self->encoding_ || (self->flushing_ && self->encoding_save_));
    if (!waited_for) return;
    self->encoding_late_ = !planted(Bug::kSlowCodecCostsLease);
    self->throttle_.request();
    self->continue_flush();
    self->step();
  });
}

/// Unless a report waits for another value that is still with the courier.
void AttemptDriver::end_encode_timer() {
  if (encoding_ || (flushing_ && encoding_save_)) return;
  encoding_late_ = false;
  host_.loop.cancel(encode_timer_);
}

/// How long a report waits for the newest details: half of the time in which it counts, of which no beat makes more
/// meanwhile; a moment also when the lease is over, for the server may take the report all the same; never more than
/// half of what a worker on its way out has left.
Nanoseconds AttemptDriver::report_patience() const {
  const TimePoint now = host_.loop.now();
  const Nanoseconds left = std::max<Nanoseconds>(report_by_ - now, Nanoseconds::zero()) / 2;
  const Nanoseconds lease_left = has_heartbeat_timeout_ ? lease_.expiry() - now : Nanoseconds::max();
  const Nanoseconds patience = lease_left > Nanoseconds::zero() ? lease_left / 2 : kLateReport;
  return std::min({patience, left, kLongestBeat});
}

void AttemptDriver::encoded(std::uint64_t sequence, Result<Payloads> details) {
  encoding_ = false;
  end_encode_timer();
  if (!details) {
    refuse_details(details.error().message);
  } else {
    use_details(*std::move(details), sequence);
    flush_at_once_ = flushing_;
  }
  encoded_first_ = running_ && throttle_.wanted() && throttle_.open(host_.loop.now());
  continue_flush();
  step();
}

void AttemptDriver::use_details(Payloads details, std::uint64_t sequence) {
  if (sequence <= newest_.sequence && !planted(Bug::kOlderDetailsWin)) return;  // Something newer took the fast way.
  if (const auto why = too_large("they have", wire_size(details)); !why.empty()) return refuse_details(why);
  newest_ = {std::make_shared<const Payloads>(std::move(details)), sequence};
  throttle_.request();
}

/// "the value has 9 bytes, the server takes 8"; "" when it takes them.
std::string AttemptDriver::too_large(const char* what_has, std::size_t bytes) const {
  if (bytes <= host_.payload_bytes_max) return {};
  return std::string(what_has) + ' ' + std::to_string(bytes) + " bytes, the server takes " +
         std::to_string(host_.payload_bytes_max);
}

/// A running attempt fails with this; one that has ended can only do without them.
void AttemptDriver::refuse_details(const std::string& why) {
  if (!running_) return log(LogLevel::kWarn, name() + ": its last heartbeat details are not sent: " + why);
  attempt_->fail_details(why);
  announce_stop();
  throttle_.request();  // With older details: the function may have cleaning up to do.
}

void AttemptDriver::send_beat(TimePoint now) {
  const Nanoseconds rest = lease_.expiry() - now;
  const Nanoseconds timeout = running_ ? std::clamp(rest / 2, kShortestBeat, kLongestBeat) : kLongestBeat;
  if (encoding_late_ || save_late_) host_.count([](auto& stats) { ++stats.heartbeats_without_newest; });
  host_.loop.cancel(own_beat_timer_);
  // Nobody else sends any before the function is begun, and its codecs may take longer than the lease.
  if (decoding_) arm_own_beat(HeartbeatThrottle::interval_for(attempt_->task().heartbeat));
  throttle_.sent(now, !std::exchange(own_beat_, false));
  encoded_first_ = save_heard_ = false;
  attempt_->cell().disarm();
  beaten_sequence_ = attempt_->cell().last_sequence();
  HeartbeatParams params{host_.namespace_name, host_.identity, attempt_->task().token, *newest_.payloads};
  beat_call_ = host_.stub.record_heartbeat(
      std::move(params), timeout, [weak = weak_from_this(), now, sent = newest_](StatusOr<HeartbeatFlags> answer) {
        if (const auto self = weak.lock()) self->beat_answered(now, sent, answer);
      });
}

void AttemptDriver::beat_answered(TimePoint sent_at, const Details& sent, const StatusOr<HeartbeatFlags>& answer) {
  beat_call_ = 0;
  if (report_settled_) return;
  if (answer) {
    throttle_.acknowledged();
    host_.count([](auto& stats) { ++stats.heartbeats_acknowledged; });
    if (sent.sequence >= acknowledged_.sequence) acknowledged_ = sent;
    lease_.acknowledged(planted(Bug::kLeaseFromAnswer) ? host_.loop.now() : sent_at);
    last_beat_ = sent_at;
    attempt_->publish(lease_);
    flags_ = *answer;
    if (running_) apply(*answer);  // First: who waited for this answer may ask at once what it told.
    settle_saves(sent.sequence, Result<>());
    arm_lease();
  } else {
    host_.count([](auto& stats) { ++stats.heartbeats_failed; });
    if (planted(Bug::kFailedBeatIsSaved)) acknowledged_ = sent;
    if (planted(Bug::kLeaseFromFailedSend)) {
      lease_.acknowledged(sent_at);
      attempt_->publish(lease_);
      arm_lease();
    }
    throttle_.failed(host_.loop.now(), host_.random, answer.error().code == StatusCode::kUnavailable);
    if (stalled_) withdraw_beats();
    const Status& status = answer.error();
    if (gone(status)) {
      beats_over_ = true;
      if (running_ && attempt_->stop(StopCause::kNotFound, true)) announce_stop();
      if (encoding_outcome_) return give_up("the server does not know the attempt any more");
    } else if ((status.code == StatusCode::kInvalidArgument || ReportPolicy::too_large(status)) &&
               sent.sequence > acknowledged_.sequence) {
      // The server objects to these details; beats go on with the last good ones.
      server_refused_details_ = true;
      attempt_->fail_details("the server refused them: " + status.message);
      if (newest_.sequence == sent.sequence) newest_.payloads = acknowledged_.payloads;
      settle_saves(sent.sequence, Error{ErrorCode::kInvalidArgument, "save_now: " + status.message});
      announce_stop();
    }
  }
  continue_flush();
  step();
}

void AttemptDriver::apply(const HeartbeatFlags& flags) {
  bool news = false;
  if (flags.cancel_requested) news |= attempt_->stop(StopCause::kCanceled, false);
  if (flags.activity_reset) news |= attempt_->stop(StopCause::kReset, false);
  if (flags.activity_paused && !planted(Bug::kPauseIsNoStop)) news |= attempt_->stop(StopCause::kPaused, false);
  if (news) announce_stop();
}

void AttemptDriver::wake_at(TimePoint at) {
  host_.loop.cancel(wake_timer_);
  wake_timer_ = host_.loop.schedule(at, weakly(&AttemptDriver::step));
}

void AttemptDriver::arm_lease() {
  host_.loop.cancel(lease_timer_);
  lease_timer_ = 0;
  if (!running_ || attempt_->lost() || lease_.stop_at() == TimePoint::max()) return;
  lease_timer_ = host_.loop.schedule(lease_.stop_at(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->running_) return;
    if (self->attempt_->look()) self->announce_stop();
    if (!self->attempt_->lost()) self->arm_lease();
  });
}

/// The flags are set already; the callbacks of the tokens are user code and run on the courier.
void AttemptDriver::announce_stop() {
  tell_listeners();
  if (attempt_->given_away()) tell_handover();
  const bool lost = attempt_->lost();
  if (attempt_->stopped()) watch_function();
  if (attempt_->stopped() && !std::exchange(announced_stop_, true)) {
    host_.courier.post(CourierJob::kStopCallbacks, attempt_->key(),
                       [attempt = attempt_] { attempt->stop_state().request_stop(); });
  }
  if (!lost || std::exchange(announced_lost_, true)) return;
  if (!left_early_) host_.count([](auto& stats) { ++stats.leases_lost; });
  tell_saves_lost();
  host_.courier.post(CourierJob::kStopCallbacks, Courier::with_turn(attempt_->key(), kLostTurn),
                     [attempt = attempt_] { attempt->stop_state().request_lost(); });
  if (stalled_ && running_ && !beats_over_) report_stall();
}

void AttemptDriver::tell_listeners() {
  for (auto& listener : attempt_->stop_state().listeners_to_tell()) {
    if (listener->courier_key == 0) {
      listener->courier_key = Courier::with_turn(attempt_->key(), next_turn_);
      next_turn_ = next_turn_ == UINT16_MAX ? kFirstListenerTurn : static_cast<std::uint16_t>(next_turn_ + 1);
    }
    const std::uint64_t key = listener->courier_key;
    host_.courier.post(CourierJob::kStopCallbacks, key,
                       [listener = std::move(listener), attempt = attempt_] { listener->deliver(attempt->causes()); });
  }
}

/// Nobody waits for them any more. What is not encoded yet may still go out with a forced report.
void AttemptDriver::tell_saves_lost() {
  const Error error{ErrorCode::kLeaseLost, "save_now: this attempt does not count any more"};
  settle_saves(UINT64_MAX, error);
  for (auto& save : unencoded_saves_) std::exchange(save.settle, [](const Result<>&) {})(error);
}

/// Also those that no poked() will see any more.
void AttemptDriver::refuse_saves(const char* why) {
  const Error error{ErrorCode::kLeaseLost, std::string("save_now: ") + why};
  settle_saves(UINT64_MAX, error);
  for (const auto& save : std::exchange(unencoded_saves_, {})) save.settle(error);
  for (const auto& save : attempt_->take_urgent_saves()) save.settle(error);
}

void AttemptDriver::settle_saves(std::uint64_t up_to, const Result<>& answer) {
  const auto settled =
      std::stable_partition(saves_.begin(), saves_.end(), [&](const auto& save) { return save.sequence > up_to; });
  for (auto save = settled; save != saves_.end(); ++save) save->settle(answer);
  saves_.erase(settled, saves_.end());
}

}  // namespace longbeat::internal
