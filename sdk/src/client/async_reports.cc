#include "client/async_reports.h"

#include <utility>

#include "base/log.h"
#include "client/option_checks.h"
#include "client/retry_rules.h"
#include "core/wire_size.h"

namespace longbeat::internal {
namespace {

bool gone(const Status& status) {
  return status.code == StatusCode::kNotFound && !std::holds_alternative<NamespaceNotFoundDetail>(status.detail);
}

bool may_have_got_through(const Status& status) {
  switch (status.code) {
    case StatusCode::kCancelled:
    case StatusCode::kUnknown:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kAborted:
    case StatusCode::kInternal:
    case StatusCode::kUnavailable:
    case StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

/// What a LateCompletion has from its worker is older than all that is put here: what it knew when it left, and what
/// came behind.
constexpr std::uint64_t kOfWorker = 1, kAddedByWorker = 2;

}  // namespace

AsyncReports::AsyncReports(ClientCore& core, AsyncTarget target, const AsyncActivityOptions& options)
    : core_(core),
      loop_(core.connection->loop()),
      stub_(core.connection->stub()),
      courier_(core.connection->courier()),
      target_(std::move(target)),
      call_(options.call),
      key_(courier_.new_key()),
      throttle_(options.heartbeat_timeout.value_or(Nanoseconds(0))),
      random_(core.new_seed()) {
  cell_.arm();
}

Result<> AsyncReports::check() const {
  if (target_.by_token) {
    if (target_.token.empty()) return Error{ErrorCode::kInvalidArgument, "TaskToken.bytes is empty, but required"};
    return {};
  }
  if (auto name = check_name("ActivityById.activity_id", target_.id.activity_id); !name) return name;
  if (auto run = check_request_id("ActivityById.run_id", target_.id.run_id); !run) return run;
  return check_request_id("ActivityById.workflow_id", target_.id.workflow_id);
}

void AsyncReports::hand_over(const std::shared_ptr<Attempt>& attempt) {
  while (cell_.next_sequence() < kAddedByWorker) {
  }
  handover_ = std::make_shared<Handover>();
  handover_->listen(
      [weak = weak_from_this()](StopCause cause) {
        if (const auto self = weak.lock()) self->stop(cause, cause == StopCause::kNotFound);
      },
      [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->settled();
      },
      [weak = weak_from_this()](std::shared_ptr<const Payloads> newest) {
        if (const auto self = weak.lock()) self->added(std::move(newest));
      });
  attempt_ = attempt;
  if (attempt->give_away(handover_)) return;
  attempt_.reset();
  handover_->end("the attempt has ended, or its end was given away before");
}

bool AsyncReports::goes_with_worker() const noexcept {
  const auto attempt = attempt_.lock();
  return attempt && attempt->given_away() && !attempt->ended();
}

void AsyncReports::put_with_worker(std::unique_ptr<DetailsValue> value) const {
  if (const auto attempt = attempt_.lock()) attempt->put(std::move(value));
}

void AsyncReports::put(std::unique_ptr<DetailsValue> value) {
  if (cell_.put(std::move(value))) post(&AsyncReports::step);
}

void AsyncReports::repeat() {
  if (const auto attempt = attempt_.lock(); attempt && goes_with_worker()) return attempt->repeat();
  if (cell_.repeat()) post(&AsyncReports::step);
}

void AsyncReports::refuse_details(const std::string& why) noexcept {
  log(LogLevel::kWarn, "a heartbeat of activity '" + target_.id.activity_id + "' is not sent: " + why);
  if (!stop_->stop(StopCause::kBrokenDetails, false)) return;
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->stop(StopCause::kBrokenDetails, false);
  });
}

Result<> AsyncReports::claim() {
  const auto refused = [](const char* why) {
    return Error{ErrorCode::kFailedPrecondition, std::string("no outcome can be reported here: ") + why};
  };
  if (disarmed()) return refused("the task token was released");
  Stage stage = Stage::kOpen;
  if (stage_.compare_exchange_strong(stage, Stage::kReporting)) return {};
  if (stage == Stage::kReporting) return refused("another one is on its way");
  return refused(stage == Stage::kReported ? "one has been reported already" : "the worker has ended the attempt");
}

void AsyncReports::release_claim() {
  Stage stage = Stage::kReporting;
  stage_.compare_exchange_strong(stage, Stage::kOpen);
}

void AsyncReports::post(void (AsyncReports::*method)()) {
  loop_.post([weak = weak_from_this(), method] {
    if (const auto self = weak.lock()) ((*self).*method)();
  });
}

void AsyncReports::close() {
  // Here, where user code may run.
  cell_.take().reset();
  unsent_.with([](auto& kept) { return std::exchange(kept, nullptr); }).reset();
  loop_.post([self = shared_from_this()] {
    self->closed_ = true;
    self->loop_.cancel(self->timer_);
  });
}

bool AsyncReports::owes_an_outcome() const {
  const Stage stage = stage_.load();
  return !disarmed() && (stage == Stage::kOpen || stage == Stage::kReporting);
}

void AsyncReports::lose_soon(std::function<void(bool)> decided) {
  loop_.post([self = shared_from_this(), decided = std::move(decided)]() mutable { self->lose(std::move(decided)); });
}

// --- Values that are not on their way yet ---

std::shared_ptr<const DetailsValue> AsyncReports::unsent() {
  std::shared_ptr<const DetailsValue> left_over;
  auto newest = unsent_.with([&](auto& kept) {
    left_over = cell_.take();
    if (left_over && (!kept || kept->sequence < left_over->sequence)) kept.swap(left_over);
    return kept;
  });
  let_die(std::move(left_over));
  return newest;
}

bool AsyncReports::holds_unsent() const {
  return unsent_.with([&](const auto& kept) { return kept != nullptr; });
}

void AsyncReports::forget_unsent(std::uint64_t sequence) {
  let_die(unsent_.with([&](auto& kept) -> std::shared_ptr<const DetailsValue> {
    if (!kept || kept->sequence > sequence) return nullptr;
    return std::exchange(kept, nullptr);
  }));
}

/// Its destructor is user code.
void AsyncReports::let_die(std::shared_ptr<const DetailsValue> value) {
  if (value) courier_.post(CourierJob::kConvert, key_, [value = std::move(value)] {});
}

// --- Outcomes ---

void AsyncReports::when_left(bool flush, std::function<void(StatusOr<>)> then) {
  if (!handover_ || handover_->stage() == Handover::Stage::kLeft) return then({});
  if (handover_->stage() == Handover::Stage::kOver) return then(failed_precondition(handover_->why()));
  waiting_.push_back(std::move(then));
  handover_->ask_to_leave(flush);
}

/// The worker has left, or has ended the attempt.
void AsyncReports::settled() {
  StatusOr<> answer;
  if (handover_->stage() == Handover::Stage::kOver) {
    answer = failed_precondition(handover_->why());
  } else if (handover_->newest()) {
    newest_ = acknowledged_ = handover_->newest();
    // Perhaps not acknowledged: a failure takes them along.
    if (!newest_->empty()) newest_sequence_ = kOfWorker;
  }
  for (const auto& then : std::exchange(waiting_, {})) then(answer);
  if (!answer) {
    Stage stage = Stage::kOpen;
    stage_.compare_exchange_strong(stage, Stage::kOver);
  }
  decide_loss();
  step();
}

/// Of use to a failure that follows on an outcome for which the worker had not waited.
void AsyncReports::added(std::shared_ptr<const Payloads> newest) {
  if (newest_sequence_ > kAddedByWorker) return;
  newest_ = std::move(newest);
  newest_sequence_ = kAddedByWorker;
}

void AsyncReports::end_claim(OutcomeKind kind, StatusOr<>& answer, bool sent) {
  if (!answer && target_.by_token && gone(answer.error()) && perhaps_reported_ == kind) answer = StatusOr<>();
  if (!answer && sent && may_have_got_through(answer.error())) perhaps_reported_ = kind;
  if (answer) {
    stage_.store(Stage::kReported);
  } else {
    release_claim();
    if (gone(answer.error())) stop(StopCause::kNotFound, true);
    // What a failure should have taken along.
    if (kind == OutcomeKind::kFailed && newest_sequence_ > acknowledged_sequence_) throttle_.request();
  }
  decide_loss();
  step();
}

void AsyncReports::lose(std::function<void(bool)> decided) {
  loss_ = std::move(decided);
  decide_loss();
}

void AsyncReports::decide_loss() {
  if (!loss_ || stage_.load() == Stage::kReporting) return;  // Its end comes back here.
  if (with_worker()) return handover_->lose();               // So does that.
  const bool over = handover_ && handover_->stage() == Handover::Stage::kOver;
  const bool report = stage_.load() == Stage::kOpen && !over && !stop_->lost() && !disarmed();
  const auto self = shared_from_this();  // Which the next line may be the last to hold.
  std::exchange(loss_, nullptr)(report);
}

// --- Heartbeats ---

void AsyncReports::step() {
  for (;;) {
    if (idle()) return;
    const TimePoint now = loop_.now();
    if (cell_.has_news() || holds_unsent()) throttle_.request();
    const auto due = throttle_.due();
    if (due && *due <= now) return prepare_beat();
    if (due || !throttle_.open(now)) {
      loop_.cancel(timer_);
      timer_ = loop_.schedule(due.value_or(throttle_.opens_at()), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->step();
      });
      return;
    }
    cell_.arm();
    if (!cell_.has_news()) return;
    cell_.disarm();
  }
}

void AsyncReports::prepare_beat() {
  busy_ = true;
  cell_.disarm();
  cell_.take_repeat();
  auto value = unsent();
  throttle_.sent(loop_.now());
  courier_.post(
      CourierJob::kConvert, key_,
      [weak = weak_from_this(), value = std::move(value), known = newest_, sequence = newest_sequence_]() mutable {
        const auto self = weak.lock();
        if (!self) return;
        // Shared, because a std::function has to be copyable.
        auto beat = std::make_shared<Beat>(self->prepared(value.get(), std::move(known), sequence));
        self->loop_.post([weak, beat] {
          if (const auto again = weak.lock()) again->check_beat(std::move(*beat));
        });
      });
}

/// On the courier: converter, interceptors and codecs are user code.
AsyncReports::Beat AsyncReports::prepared(const DetailsValue* value, std::shared_ptr<const Payloads> known,
                                          std::uint64_t sequence) {
  Beat beat{std::move(known), sequence, value != nullptr ? value->sequence : 0, false, {}};
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
  if (beat.begun.refused) return beat_ended(std::move(beat), *beat.begun.refused);
  const std::size_t bytes = wire_size(*beat.details);
  const auto timeout = beat.begun.timeout;
  core_.payload_limit->learn(
      stub_, core_.namespace_name, bytes, timeout,
      [weak = weak_from_this(), bytes, kept = std::make_shared<Beat>(std::move(beat))](std::size_t bytes_max) {
        const auto self = weak.lock();
        if (!self) return;
        if (auto fits = check_size("details", bytes, bytes_max); !fits)
          return self->beat_ended(std::move(*kept), std::move(fits));
        self->send_beat(std::move(*kept));
      });
}

void AsyncReports::send_beat(Beat beat) {
  if (beat.sequence >= newest_sequence_) {
    newest_ = beat.details;
    newest_sequence_ = beat.sequence;
  } else {
    beat.details = newest_;  // Something newer took the fast way.
    beat.sequence = newest_sequence_;
  }
  beat.sent = true;
  forget_unsent(newest_sequence_);
  const auto timeout = beat.begun.timeout;
  auto done = [weak = weak_from_this(), kept = std::make_shared<Beat>(beat)](const StatusOr<HeartbeatFlags>& answer) {
    if (const auto self = weak.lock()) self->beat_answered(*kept, answer);
  };
  if (target_.by_token) {
    stub_.record_heartbeat({core_.namespace_name, core_.identity, target_.token, *beat.details}, timeout,
                           std::move(done));
  } else {
    const auto& params = beat.begun.params;
    stub_.record_heartbeat_by_id({{core_.namespace_name, target_.id.workflow_id, params.activity_id, params.run_id},
                                  core_.identity,
                                  *beat.details},
                                 timeout, std::move(done));
  }
}

void AsyncReports::beat_answered(const Beat& beat, const StatusOr<HeartbeatFlags>& answer) {
  apply(answer);
  if (answer) {
    if (beat.sequence >= acknowledged_sequence_) {
      acknowledged_ = beat.details;
      acknowledged_sequence_ = beat.sequence;
    }
    return beat_ended(beat, {});
  }
  const Status& status = answer.error();
  const auto rule = target_.by_token ? repetition(Rpc::kRecordHeartbeat, false)
                                     : repetition(Rpc::kRecordHeartbeatById, !target_.id.run_id.empty());
  const bool late = status.code == StatusCode::kDeadlineExceeded && target_.by_token;
  if (late || worth_repeating(status, rule)) {
    throttle_.failed(loop_.now(), random_, status.code == StatusCode::kUnavailable);
    core_.counters->retries.fetch_add(1, std::memory_order_relaxed);
  }
  beat_ended(beat, to_error(status, beat.begun.what));
}

/// Whatever became of it: the next may follow.
void AsyncReports::beat_ended(Beat beat, Result<> result) {
  if (!result && result.error().code != ErrorCode::kNotFound && !throttle_.wanted()) {
    const auto code = result.error().code;
    if (code == ErrorCode::kInvalidArgument || code == ErrorCode::kUndecodable) {
      refuse_details(result.error().message);
      if (beat.sent && beat.sequence >= newest_sequence_ && beat.sequence > acknowledged_sequence_) {
        newest_ = acknowledged_;  // Refused once, refused again.
        newest_sequence_ = acknowledged_sequence_ = beat.sequence;
      }
    } else {
      log(LogLevel::kWarn, "a heartbeat is not sent: " + to_string(result.error()));
    }
  }
  if (throttle_.in_flight()) throttle_.acknowledged();
  if (!beat.sent) forget_unsent(beat.value);
  busy_ = false;
  if (beat.begun.ends.empty()) {
    end_call(*core_.counters, {}, result);
  } else {
    courier_.post(CourierJob::kConvert, key_,
                  [counters = core_.counters, ends = std::move(beat.begun.ends), result = std::move(result)] {
                    end_call(*counters, ends, result);
                  });
  }
  step();
}

void AsyncReports::note_saved(const Payloads& details, std::uint64_t sequence) {
  if (sequence >= newest_sequence_) {
    newest_ = std::make_shared<const Payloads>(details);
    newest_sequence_ = sequence;
  }
  forget_unsent(newest_sequence_);
}

void AsyncReports::saved(std::uint64_t sequence) {
  if (sequence == newest_sequence_) {
    acknowledged_ = newest_;
    acknowledged_sequence_ = sequence;
  } else if (sequence < acknowledged_sequence_) {
    acknowledged_sequence_ = sequence;  // Repeated, it may have come in behind the newer ones, which go again.
    throttle_.request();
    step();
  }
}

std::optional<Payloads> AsyncReports::unacknowledged() const {
  if (newest_sequence_ <= acknowledged_sequence_) return std::nullopt;
  return *newest_;
}

void AsyncReports::apply(const StatusOr<HeartbeatFlags>& answer) {
  if (!answer) {
    if (gone(answer.error())) stop(StopCause::kNotFound, true);
    return;
  }
  if (answer->cancel_requested) stop(StopCause::kCanceled, false);
  if (answer->activity_reset) stop(StopCause::kReset, false);
  if (answer->activity_paused) stop(StopCause::kPaused, false);
}

void AsyncReports::stop(StopCause cause, bool lost) {
  stop_->stop(cause, lost);
  if (std::exchange(announced_, true)) return;
  courier_.post(CourierJob::kStopCallbacks, key_, [stop = stop_] { stop->request_stop(); });
}

}  // namespace longbeat::internal
