// Heartbeats of an AsyncActivity or LateCompletion: throttled ones and those of save_now(). One is under way at a time,
// always with the newest details, so nothing older comes after something newer.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "client/async_reports.h"
#include "client/retry_rules.h"
#include "core/wire_size.h"

namespace longbeat::internal {
namespace {

constexpr Nanoseconds kLongestSavePatience = std::chrono::seconds(16);

bool is_refusal(ErrorCode code) {
  return code == ErrorCode::kInvalidArgument || code == ErrorCode::kUndecodable;
}

/// A send must leave time for another one before the server's timer has run out.
Nanoseconds longest_beat(Nanoseconds heartbeat_timeout) {
  if (heartbeat_timeout <= Nanoseconds::zero()) return kLongestBeat;
  return std::clamp<Nanoseconds>(heartbeat_timeout / 4, kShortestBeat, kLongestBeat);
}

}  // namespace

std::string AsyncReports::beat_name() const {
  if (target_.id.activity_id.empty()) return "a heartbeat of a token's attempt";
  return "a heartbeat of activity '" + target_.id.activity_id + "'";
}

/// Does what can be done now about heartbeats, and arranges to be woken for the rest.
void AsyncReports::step() {
  const auto gone = std::erase_if(saves_, [](const auto& save) { return save.caller.expired(); });
  if (gone > 0) end_urgency();
  if (no_more_beats()) drop_ready();
  if (throttle_.in_flight()) return;  // Its end comes back here.
  if (!saves_.empty()) {
    const TimePoint due = save_due();
    return due <= loop_.now() ? send_beat(std::nullopt) : wake_at(due);
  }
  while (!no_more_beats()) {
    const TimePoint now = loop_.now();
    if (has_news()) throttle_.request();
    if (preparing_ && !late_) return;  // So does that of this, or of its patience.
    const auto due = throttle_.due();
    if (due && *due <= now) return beat_now();
    if (due || !throttle_.open(now)) return wake_at(due.value_or(throttle_.opens_at()));
    cell_.arm();
    if (!has_news()) return;
    cell_.disarm();
  }
}

/// Whether a heartbeat waits that no send has covered yet. While one value hangs in the courier the next stays in the
/// cell; only that it came is new, once.
bool AsyncReports::has_news() {
  if (!cell_.has_news()) return false;
  return !preparing_ || cell_.take_repeat() || cell_.last_sequence() != beaten_sequence_;
}

void AsyncReports::wake_at(TimePoint at) {
  loop_.cancel(timer_);
  timer_ = loop_.schedule(at, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->step();
  });
}

/// At once, after a failure when the throttle says so; but early enough for an answer, which says more than a passed
/// deadline.
TimePoint AsyncReports::save_due() const {
  TimePoint due = throttle_.due().value_or(TimePoint::min());
  for (const auto& save : saves_) {
    if (const auto latest = latest_try(failed_at_, save.until)) due = std::min(due, *latest);
  }
  return due;
}

/// What nobody waits for any more is not sent for its own sake.
void AsyncReports::end_urgency() {
  if (saves_.empty() && !heartbeat_open_) throttle_.withdraw();
}

void AsyncReports::beat_now() {
  if (ready_) return send_beat(std::exchange(ready_, std::nullopt));
  if (!preparing_) return prepare_beat();
  if (newest_sequence_ > 0) return send_beat(std::nullopt);
  throttle_.withdraw();  // It would erase what the server has.
}

// --- A value on its way through user code ---

void AsyncReports::prepare_beat() {
  preparing_ = heartbeat_open_ = true;
  throttle_.withdraw();
  cell_.disarm();
  cell_.take_repeat();
  beaten_sequence_ = cell_.last_sequence();
  encode_timer_ =
      loop_.schedule(loop_.now() + HeartbeatThrottle::encode_patience(heartbeat_timeout_), [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || !self->preparing_) return;
        self->late_ = true;
        self->throttle_.request();
        self->step();
      });
  std::shared_ptr<DetailsValue> value = cell_.take();
  courier_.post(CourierJob::kConvert, key_,
                [self = shared_from_this(), counters = core_.counters, value = std::move(value)]() mutable {
                  // Shared, because a std::function has to be copyable.
                  const auto beat = std::make_shared<Beat>(self->prepared(std::move(value)));
                  if (self->loop_.post([self, beat] { self->check_beat(std::move(*beat)); })) return;
                  end_call(*counters, beat->begun.ends, canceled_error(beat->begun.what));
                });
}

/// On the courier: converter, interceptors and codecs are user code.
AsyncReports::Beat AsyncReports::prepared(std::shared_ptr<DetailsValue> value) {
  Beat beat;
  Result<> valid = check();
  ClientCallParams params{target_.by_token ? "RecordActivityTaskHeartbeat" : "RecordActivityTaskHeartbeatById",
                          target_.id.activity_id,
                          target_.id.run_id,
                          {},
                          {},
                          {},
                          {}};
  if (value) {
    auto details = value->encode(core_.converter);
    if (!details) {
      valid = std::move(details).error();
    } else {
      params.input = *std::move(details);
    }
  }
  beat.begun = begin_call(core_, std::move(params), {call_.timeout, {}}, "heartbeat of", std::move(valid));
  if (!value || beat.begun.refused) return beat;
  beat.sequence = value->sequence;
  auto details = core_.format.encode(std::move(beat.begun.params.input));
  if (details) {
    beat.details = std::make_shared<const Payloads>(*std::move(details));
  } else {
    beat.begun.refused = std::move(details).error();
  }
  return beat;
}

void AsyncReports::check_beat(Beat beat) {
  if (beat.begun.refused) {
    const Error why = *beat.begun.refused;
    return beat_refused(std::move(beat.begun), why);
  }
  if (!beat.details) return beat_ready(std::move(beat));
  const std::size_t bytes = wire_size(*beat.details);
  const auto timeout = beat.begun.timeout;
  core_.payload_limit->learn(
      loop_, stub_, core_.namespace_name, bytes, timeout,
      [self = shared_from_this(), bytes, kept = std::make_shared<Beat>(std::move(beat))](std::size_t bytes_max) {
        if (auto fits = check_size("details", bytes, bytes_max); !fits)
          return self->beat_refused(std::move(kept->begun), fits.error());
        self->use(kept->details, kept->sequence);
        self->beat_ready(std::move(*kept));
      });
}

void AsyncReports::beat_ready(Beat beat) {
  ready_ = std::move(beat.begun);
  throttle_.request();
  preparing_ = false;
  value_settled();
}

void AsyncReports::beat_refused(BegunCall begun, const Error& why) {
  if (is_refusal(why.code)) {
    refuse_details(why.message);
  } else {
    log(LogLevel::kWarn, beat_name() + " is not sent: " + to_string(why));
  }
  if (!throttle_.in_flight() && saves_.empty()) {  // The interval counts from here: the next may be refused as well.
    throttle_.sent(loop_.now());
    throttle_.acknowledged();
  }
  end_beat(std::move(begun), why);
  preparing_ = heartbeat_open_ = false;
  value_settled();
}

void AsyncReports::value_settled() {
  if (!preparing_) {
    late_ = false;
    loop_.cancel(encode_timer_);
  }
  if (!preparing_ && !worker_encodes_) {
    for (const auto& then : std::exchange(waiting_for_value_, {})) then();
  }
  step();
}

void AsyncReports::when_encoded(Nanoseconds patience, std::function<void()> then) {
  if (!preparing_ && !worker_encodes_) return then();
  const auto once = [then = std::make_shared<std::function<void()>>(std::move(then))] {
    if (const auto waits = std::exchange(*then, nullptr)) waits();
  };
  waiting_for_value_.emplace_back(once);
  loop_.schedule(loop_.now() + patience, once);
}

/// `then` runs when they are known to be usable, or not.
void AsyncReports::note(Payloads details, std::uint64_t sequence, std::function<void()> then) {
  const std::size_t bytes = wire_size(details);
  auto kept = std::make_shared<const Payloads>(std::move(details));
  core_.payload_limit->learn(loop_, stub_, core_.namespace_name, bytes, core_.call_timeout,
                             [self = shared_from_this(), bytes, kept = std::move(kept), sequence,
                              then = std::move(then)](std::size_t bytes_max) {
                               if (const auto fits = check_size("details", bytes, bytes_max); !fits) {
                                 self->refuse_details(fits.error().message);
                               } else {
                                 self->use(kept, sequence);
                               }
                               if (then) then();
                             });
}

void AsyncReports::use(std::shared_ptr<const Payloads> details, std::uint64_t sequence) {
  if (sequence < newest_sequence_) return;  // Something newer took the fast way.
  newest_ = std::move(details);
  newest_sequence_ = sequence;
}

std::optional<Payloads> AsyncReports::unacknowledged() const {
  if (newest_sequence_ <= acknowledged_sequence_) return std::nullopt;
  return *newest_;
}

// --- What must arrive ---

void AsyncReports::save(DetailsToSave save) {
  use(std::make_shared<const Payloads>(std::exchange(save.details, {})), save.sequence);
  saves_.push_back(std::move(save));
  throttle_.request_now();
  step();
}

void AsyncReports::go_ahead(const std::optional<Payloads>& given, DetailsToSave heartbeat,
                            std::function<void(bool)> then) {
  if (!given && !unacknowledged()) return then(true);
  const auto half = [this](TimePoint until) {
    return std::max<Nanoseconds>((until - loop_.now()) / 2, std::chrono::milliseconds(1));
  };
  core_.abilities->learn(
      stub_, half(heartbeat.until),
      [self = shared_from_this(), given, half, heartbeat = std::move(heartbeat), then = std::move(then)](bool inside) {
        const auto newest = self->unacknowledged();
        if (inside || heartbeat.caller.expired() || (!given && !newest)) return then(inside);
        DetailsToSave ahead = heartbeat;
        ahead.details = given ? *given : *newest;
        ahead.sequence = given ? self->next_sequence() : self->newest_sequence_;
        ahead.until = self->loop_.now() + half(heartbeat.until);
        ahead.done = [name = self->beat_name(), then](const StatusOr<HeartbeatFlags>& answer) {
          if (!answer && !gone(answer.error()))
            log(LogLevel::kWarn, name + " that goes ahead of a failure has not arrived: " + to_string(answer.error()));
          then(false);
        };
        self->save(std::move(ahead));
      });
}

bool AsyncReports::saves(std::uint64_t sequence) const {
  return std::any_of(saves_.begin(), saves_.end(), [&](const auto& save) { return save.sequence == sequence; });
}

void AsyncReports::settle_saves(const std::function<bool(DetailsToSave&)>& over,
                                const StatusOr<HeartbeatFlags>& answer) {
  std::vector<DetailsToSave> settled, left;
  for (auto& save : std::exchange(saves_, {})) (over(save) ? settled : left).push_back(std::move(save));
  saves_ = std::move(left);
  for (const auto& save : settled) save.done(answer);
}

// --- Under way ---

void AsyncReports::send_beat(std::optional<BegunCall> begun) {
  const Nanoseconds timeout = beat_timeout(begun);
  throttle_.sent(loop_.now());
  cell_.disarm();
  if (!begun) beaten_sequence_ = cell_.last_sequence();
  const auto sent = std::make_shared<SentBeat>(SentBeat{newest_, newest_sequence_, std::move(begun)});
  auto done = [self = shared_from_this(), sent](const StatusOr<HeartbeatFlags>& answer) {
    self->beat_answered(std::move(*sent), answer);
  };
  if (target_.by_token) {
    stub_.record_heartbeat({core_.namespace_name, core_.identity, target_.token, *newest_}, timeout, std::move(done));
    return;
  }
  ActivityById id = target_.id;
  if (sent->begun) {
    id.activity_id = sent->begun->params.activity_id;
    id.run_id = sent->begun->params.run_id;
  } else if (!saves_.empty()) {
    id.activity_id = saves_.back().activity_id;
    id.run_id = saves_.back().run_id;
  }
  stub_.record_heartbeat_by_id(
      {{core_.namespace_name, id.workflow_id, id.activity_id, id.run_id}, core_.identity, *newest_}, timeout,
      std::move(done));
}

/// Short, because the next waits for it. One that saves by ID is not repeated, so it has all the time there is.
Nanoseconds AsyncReports::beat_timeout(const std::optional<BegunCall>& begun) const {
  if (saves_.empty()) {
    const auto call = begun ? begun->timeout : call_.timeout.value_or(core_.call_timeout);
    return std::max<Nanoseconds>(std::min(call, longest_beat(heartbeat_timeout_)), std::chrono::milliseconds(1));
  }
  Nanoseconds rest = std::chrono::milliseconds(1);
  for (const auto& save : saves_) rest = std::max<Nanoseconds>(rest, save.until - loop_.now());
  return target_.by_token ? std::min(rest, save_patience_) : rest;
}

void AsyncReports::beat_answered(SentBeat sent, const StatusOr<HeartbeatFlags>& answer) {
  apply(answer);
  if (answer) {
    throttle_.acknowledged();
    failed_at_ = TimePoint::max();
    save_patience_ = kLongestBeat;
    troubled_ = false;
    if (!preparing_ && !ready_) heartbeat_open_ = false;
    if (sent.sequence >= acknowledged_sequence_) {
      acknowledged_ = sent.details;
      acknowledged_sequence_ = sent.sequence;
    }
    settle_saves([&](const auto& save) { return save.sequence <= sent.sequence; }, answer);
    end_beat(std::move(sent.begun), {});
  } else {
    beat_failed(sent, answer.error());
    const auto what = sent.begun ? sent.begun->what : beat_name();
    end_beat(std::move(sent.begun), to_error(answer.error(), what));
  }
  step();
}

void AsyncReports::beat_failed(const SentBeat& sent, const Status& status) {
  const TimePoint now = loop_.now();
  const auto rule = target_.by_token ? repetition(Rpc::kRecordHeartbeat, false)
                                     : repetition(Rpc::kRecordHeartbeatById, !target_.id.run_id.empty());
  const bool late = status.code == StatusCode::kDeadlineExceeded && target_.by_token;
  const bool again = late || worth_repeating(status, rule);
  const Error error = to_error(status, beat_name());
  if (again) {
    throttle_.failed(now, random_, status.code == StatusCode::kUnavailable);
    core_.counters->retries.fetch_add(1, std::memory_order_relaxed);
    failed_at_ = now;
    if (late) save_patience_ = std::min(save_patience_ * 2, kLongestSavePatience);
    if (!closed_ && !std::exchange(troubled_, true))
      log(LogLevel::kWarn, beat_name() + " has not got through and is repeated: " + to_string(error));
  } else {
    throttle_.acknowledged();
    if (!preparing_ && !ready_) heartbeat_open_ = false;
    const bool told = saves(sent.sequence) || closed_ || error.code == ErrorCode::kNotFound;
    if (!told && is_refusal(error.code)) refuse_details(error.message);
    if (!told && !is_refusal(error.code)) log(LogLevel::kWarn, beat_name() + " is not sent: " + to_string(error));
  }
  if (is_refusal(error.code) && newest_sequence_ == sent.sequence && sent.sequence > acknowledged_sequence_) {
    newest_ = acknowledged_;  // Refused once, refused again.
    acknowledged_sequence_ = newest_sequence_;
  }
  settle_saves(
      [&](DetailsToSave& save) {
        if (save.sequence > sent.sequence) return false;
        if (!again || !latest_try(now, save.until)) return true;
        return !late && !passes_with_time(status) && ++save.odd_errors >= kMostTries;
      },
      status);
  end_urgency();
}

/// Interceptors want to know how it ended, and are user code.
void AsyncReports::end_beat(std::optional<BegunCall> begun, Result<> result) {
  if (!begun) return;
  if (begun->ends.empty()) return end_call(*core_.counters, {}, result);
  courier_.post(CourierJob::kConvert, key_,
                [counters = core_.counters, ends = std::move(begun->ends), result = std::move(result)] {
                  end_call(*counters, ends, result);
                });
}

void AsyncReports::drop_ready() {
  if (!ready_) return;
  const auto what = ready_->what;
  end_beat(std::exchange(ready_, std::nullopt), canceled_error(what));
}

/// A value that nobody needs any more dies where its destructor may run.
void AsyncReports::drop_value(std::unique_ptr<DetailsValue> value) {
  if (value) courier_.post(CourierJob::kConvert, key_, [leftover = std::shared_ptr<DetailsValue>(std::move(value))] {});
}

bool AsyncReports::leaves_unsent(bool value_waited) const {
  if (stage_.load() != Stage::kOpen || stop_->lost() || with_worker()) return false;
  return value_waited || preparing_ || ready_ || (unacknowledged() && !throttle_.in_flight());
}

}  // namespace longbeat::internal
