#include "client/async_reports.h"

#include <utility>

#include "base/log.h"
#include "client/option_checks.h"

namespace longbeat::internal {
namespace {

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
      random_(core.new_seed()),
      heartbeat_timeout_(options.heartbeat_timeout.value_or(Nanoseconds(0))),
      save_patience_(kLongestBeat) {
  while (cell_.next_sequence() < kWorkersWaiting) {
  }
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
  handover_ = std::make_shared<Handover>();
  handover_->listen(
      [weak = weak_from_this()](StopCause cause) {
        if (const auto self = weak.lock()) self->stop(cause, cause == StopCause::kNotFound);
      },
      [weak = weak_from_this()](Handover::Leftovers& left) {
        if (const auto self = weak.lock()) self->settled(left);
      },
      [weak = weak_from_this()](std::optional<Result<Payloads>> details) {
        if (const auto self = weak.lock()) self->worker_encoded(std::move(details));
      });
  attempt_ = attempt;
  if (attempt->give_away(handover_)) return;
  attempt_.reset();
  handover_->end(attempt->given_away() ? "complete_later() was called before, and what it gave then reports the outcome"
                                       : "the attempt has ended");
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
  if (!stop_->stop(StopCause::kBrokenDetails, false)) return;  // Told once, however many there are.
  log(LogLevel::kWarn, beat_name() + " is not sent: " + why);
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->stop(StopCause::kBrokenDetails, false);
  });
}

Result<> AsyncReports::claim() {
  const auto refused = [](const std::string& why) {
    return Error{ErrorCode::kFailedPrecondition, "no outcome can be reported here: " + why};
  };
  if (disarmed()) return refused("the task token was released");
  Stage stage = Stage::kOpen;
  if (stage_.compare_exchange_strong(stage, Stage::kReporting)) return {};
  if (stage == Stage::kReporting) return refused("another one is on its way");
  return refused(stage == Stage::kReported ? "one has been reported already" : handover_->why());
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

void AsyncReports::drop_claim() {
  release_claim();
  post(&AsyncReports::decide_loss);  // Which may have waited for the call's end.
}

void AsyncReports::put_back(std::unique_ptr<DetailsValue> value) {
  if (cell_.put_back(value)) post(&AsyncReports::step);
}

void AsyncReports::note_soon(Payloads details, std::uint64_t sequence) {
  loop_.post([self = shared_from_this(), details = std::move(details), sequence]() mutable {
    self->note(std::move(details), sequence);
  });
}

void AsyncReports::close() {
  const bool value_waited = cell_.take() != nullptr;  // Dies here, where user code may run.
  loop_.post([self = shared_from_this(), value_waited] {
    self->closed_ = true;
    self->drop_value(self->cell_.take());  // Its worker may have left it just now.
    if (self->leaves_unsent(value_waited))
      log(LogLevel::kWarn, self->beat_name() + " is not sent: the last object that reports of it has gone");
    self->drop_ready();
  });
}

bool AsyncReports::owes_an_outcome() const {
  const Stage stage = stage_.load();
  return !disarmed() && (stage == Stage::kOpen || stage == Stage::kReporting);
}

void AsyncReports::lose_soon(std::function<void(bool)> decided) {
  loop_.post([self = shared_from_this(), decided = std::move(decided)]() mutable { self->lose(std::move(decided)); });
}

// --- Outcomes ---

void AsyncReports::when_left(bool flush, std::function<void(StatusOr<>)> then) {
  if (!handover_ || handover_->stage() == Handover::Stage::kLeft) return then({});
  if (handover_->stage() == Handover::Stage::kOver) return then(failed_precondition(handover_->why()));
  waiting_.push_back(std::move(then));
  handover_->ask_to_leave(flush);
}

/// The worker has left, or has ended the attempt.
void AsyncReports::settled(Handover::Leftovers& left) {
  StatusOr<> answer;
  if (handover_->stage() == Handover::Stage::kOver) {
    answer = failed_precondition(handover_->why());
  } else {
    if (left.newest) acknowledged_ = left.newest;
    // Perhaps not acknowledged: a failure takes them along.
    if (left.newest && newest_sequence_ < kWorkersNewest) use(left.newest, left.newest->empty() ? 0 : kWorkersNewest);
    worker_encodes_ = left.encoding;
    if (left.waiting && !closed_) {
      left.waiting->sequence = kWorkersWaiting;
      static_cast<void>(cell_.put_back(left.waiting));
    }
    step();  // First: an outcome waits for what is being encoded.
  }
  for (const auto& then : std::exchange(waiting_, {})) then(answer);
  if (!answer) {
    Stage stage = Stage::kOpen;
    stage_.compare_exchange_strong(stage, Stage::kOver);
  }
  decide_loss();
  step();
}

/// What the worker had not encoded when it left. Nothing: it had something newer.
void AsyncReports::worker_encoded(std::optional<Result<Payloads>> details) {
  const auto over = [self = shared_from_this()] {
    self->worker_encodes_ = false;
    self->value_settled();
  };
  if (details && *details) return note(**std::move(details), kWorkersEncoding, over);
  if (details) refuse_details(details->error().message);
  over();
}

void AsyncReports::end_claim(OutcomeKind kind, StatusOr<>& answer, bool sent) {
  if (!answer && target_.by_token && gone(answer.error()) && perhaps_reported_ == kind) answer = StatusOr<>();
  if (!answer && sent && may_have_got_through(answer.error())) perhaps_reported_ = kind;
  if (answer) {
    stage_.store(Stage::kReported);
  } else {
    release_claim();
    if (gone(answer.error())) stop(StopCause::kNotFound, true);
    if (unacknowledged()) throttle_.request();  // What the failure would have taken along goes its own way.
  }
  decide_loss();
  step();  // Whatever is ready to be sent need not be any more.
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
