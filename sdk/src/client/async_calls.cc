// The calls of an AsyncActivity or LateCompletion: one report each, by token or by ID.
#include <algorithm>
#include <utility>

#include "client/async_reports.h"
#include "core/wire_size.h"

namespace longbeat::internal {
namespace {

/// One report on the loop: it may have to wait for the limit of its namespace and for the worker to leave.
template <class Wire>
class ReportCall final : public LoopCall<Wire>, public std::enable_shared_from_this<ReportCall<Wire>> {
 public:
  struct Plan {
    std::size_t bytes = 0;  ///< what the limit is about
    /// Checks that against the limit, or makes it fit.
    std::function<Result<>(std::size_t bytes_max)> fit{};
    bool claimed = false;       ///< to be given back
    bool flush = true;          ///< the worker's newest details matter
    bool takes_newest = false;  ///< so does a heartbeat that is just being encoded
    /// What must be over before it is sent, if anything.
    std::function<void(TimePoint until, std::weak_ptr<const void> caller, std::function<void()> then)> before{};
    /// An outcome's.
    std::function<CallId(Nanoseconds timeout, Done<Wire> done)> send{};
    /// Instead of that: others send it, and ask until when, and whether anybody still waits.
    std::function<void(TimePoint until, std::weak_ptr<const void> caller, Done<Wire> done)> hand_on{};
    /// On the loop, once, whatever became of it.
    std::function<void(StatusOr<Wire>& answer, bool sent)> ended{};
  };

  ReportCall(ClientCore& core, std::shared_ptr<AsyncReports> reports, Nanoseconds timeout, Plan plan)
      : core_(core),
        loop_(core.connection->loop()),
        stub_(core.connection->stub()),
        reports_(std::move(reports)),
        timeout_(timeout),
        plan_(std::move(plan)) {}
  /// Refused before it could begin, or dropped by a loop that has stopped.
  ~ReportCall() override {
    if (!ended_ && plan_.claimed) reports_->drop_claim();
  }
  ReportCall(const ReportCall&) = delete;
  ReportCall& operator=(const ReportCall&) = delete;

  void start(Done<Wire> done) override {
    done_ = std::move(done);
    if (canceled_) return give_up();
    end_ = loop_.now() + timeout_;
    // Also what keeps this call while it waits for the worker, or for those who send it.
    late_timer_ = loop_.schedule(end_, [self = this->shared_from_this()] {
      self->finish(Status{StatusCode::kDeadlineExceeded, "there was no answer in time", {}});
    });
    core_.payload_limit->learn(loop_, stub_, core_.namespace_name, plan_.bytes, timeout_,
                               [self = this->shared_from_this()](std::size_t bytes_max) { self->fit(bytes_max); });
  }
  void cancel() override {
    canceled_ = true;
    if (call_ != 0) return stub_.cancel(call_);
    give_up();
  }

 private:
  void fit(std::size_t bytes_max) {
    if (!done_) return;
    if (auto fits = plan_.fit(bytes_max); !fits) return finish(invalid_argument(fits.error().message));
    const auto weak = this->weak_from_this();
    if (plan_.hand_on) {
      // Weak: it ends with its caller's time, and whoever sends it sees that.
      return plan_.hand_on(end_, weak, [weak](StatusOr<Wire> answer) {
        if (const auto self = weak.lock()) self->finish(std::move(answer));
      });
    }
    reports_->when_left(plan_.flush, [weak](const StatusOr<>& left) {
      const auto self = weak.lock();
      if (!self || !self->done_) return;
      if (!left) return self->finish(left.error());
      if (!self->plan_.takes_newest) return self->prepare_send();
      const Nanoseconds patience = std::min<Nanoseconds>((self->end_ - self->loop_.now()) / 2, kLongestBeat);
      self->reports_->when_encoded(patience, [weak] {
        if (const auto waits = weak.lock(); waits && waits->done_) waits->prepare_send();
      });
    });
  }
  void prepare_send() {
    if (!plan_.before) return send();
    const auto weak = this->weak_from_this();
    plan_.before(end_, weak, [weak] {
      if (const auto waits = weak.lock(); waits && waits->done_) waits->send();
    });
  }
  void send() {
    sent_ = true;
    const auto rest = std::max<Nanoseconds>(end_ - loop_.now(), std::chrono::milliseconds(1));
    const CallId call = plan_.send(rest, [self = this->shared_from_this()](StatusOr<Wire> answer) {
      self->call_ = 0;
      self->finish(std::move(answer));
    });
    if (!done_) return;
    call_ = call;
    loop_.cancel(late_timer_);  // It has a deadline of its own.
  }
  void give_up() { finish(Status{StatusCode::kCancelled, "it was given up before it was sent", {}}); }
  void finish(StatusOr<Wire> answer) {
    const auto self = this->shared_from_this();
    const auto done = std::exchange(done_, nullptr);
    if (!done) return;
    loop_.cancel(late_timer_);
    ended_ = true;
    if (plan_.ended) plan_.ended(answer, sent_);
    done(std::move(answer));
  }

  ClientCore& core_;
  Loop& loop_;
  ServiceStub& stub_;
  std::shared_ptr<AsyncReports> reports_;
  Nanoseconds timeout_;
  Plan plan_;
  Done<Wire> done_{};
  CallId call_ = 0;
  TimePoint end_{};
  TimerId late_timer_ = 0;
  bool sent_ = false;
  bool canceled_ = false;
  bool ended_ = false;
};

using OutcomeCall = ReportCall<void>;

/// The newest heartbeat that the throttle holds back, for a failure to take along. What becomes of that failure must
/// not cost it: it goes back unless it has been noted.
class HeldBack {
 public:
  explicit HeldBack(AsyncReports& reports) : reports_(reports) {}
  ~HeldBack() {
    if (value_) reports_.put_back(std::move(value_));
  }
  HeldBack(const HeldBack&) = delete;
  HeldBack& operator=(const HeldBack&) = delete;

  Payloads take(const DataConverter& converter) {
    value_ = reports_.take_unsent();
    if (!value_) return {};
    auto details = value_->encode(converter);
    if (details) return *std::move(details);
    refuse(details.error());
    return {};
  }
  bool has_value() const { return value_ != nullptr; }
  void refuse(const Error& why) {
    reports_.refuse_details(why.message);
    value_.reset();
  }
  void note(Payloads details) {
    reports_.note_soon(std::move(details), value_->sequence);
    value_.reset();
  }

 private:
  AsyncReports& reports_;
  std::unique_ptr<DetailsValue> value_{};
};

/// Checks and interceptors, on the calling thread. An outcome has its claim afterwards, unless it was refused. `held`:
/// what is held back stands for the payloads.
BegunCall begin(const AsyncOwner& owner, const char* rpc, const char* operation, Result<Payloads>& payloads,
                bool is_outcome, const CallOptions& call, HeldBack* held = nullptr) {
  AsyncReports& reports = *owner.reports;
  const AsyncTarget& target = reports.target();
  Result<> valid = reports.check();
  if (valid && !payloads) valid = std::move(payloads).error();
  if (valid && is_outcome) valid = reports.claim();
  const bool claimed = valid && is_outcome;
  ClientCallParams params{
      std::string(rpc) + (target.by_token ? "" : "ById"), target.id.activity_id, target.id.run_id, {}, {}, {}, {}};
  if (valid && held != nullptr) payloads = held->take(owner.core->converter);
  if (valid) params.input = *std::move(payloads);
  auto begun = begin_call(*owner.core, std::move(params), call, operation, std::move(valid));
  if (!begun.refused) {
    auto encoded = owner.core->format.encode(std::move(begun.params.input));
    if (encoded) {
      begun.params.input = *std::move(encoded);
    } else if (held != nullptr && held->has_value()) {
      held->refuse(encoded.error());
      begun.params.input.clear();
    } else {
      begun.refused = std::move(encoded).error();
    }
  }
  if (begun.refused && claimed) reports.release_claim();
  return begun;
}

/// Params of the form by token or the one by ID.
template <class Params>
Params by_token(const ClientCore& core, const AsyncReports& reports) {
  Params params;
  params.namespace_name = core.namespace_name;
  params.identity = core.identity;
  params.token = reports.target().token;
  params.retried = true;  // A second one is NOT_FOUND when the first has got through.
  return params;
}
template <class Params>
Params by_id(const ClientCore& core, const AsyncReports& reports, const BegunCall& begun) {
  Params params;
  params.target = {core.namespace_name, reports.target().id.workflow_id, begun.params.activity_id, begun.params.run_id};
  params.identity = core.identity;
  return params;
}

PreparedCall<void> prepare_outcome(const AsyncOwner& owner, BegunCall begun, OutcomeKind kind, OutcomeCall::Plan plan) {
  plan.claimed = !begun.refused;
  plan.ended = [reports = owner.reports, kind](StatusOr<>& answer, bool sent) {
    reports->end_claim(kind, answer, sent);
  };
  const auto timeout = begun.timeout;
  std::shared_ptr<LoopCall<void>> call =
      std::make_shared<OutcomeCall>(*owner.core, owner.reports, timeout, std::move(plan));
  return prepare<void, void>(*owner.core, std::move(begun), std::move(call), [] { return Result<>(); });
}

/// One of the reports that differ only in what they are called: `of_token` and `of_id` are the field for the payloads.
template <class ByToken, class ById>
OutcomeCall::Plan plan_outcome(const AsyncOwner& owner, const BegunCall& begun, Payloads ByToken::* of_token,
                               CallId (ServiceStub::*token_method)(ByToken, Nanoseconds, Done<void>),
                               Payloads ById::* of_id, CallId (ServiceStub::*id_method)(ById, Nanoseconds, Done<void>),
                               const char* field) {
  OutcomeCall::Plan plan;
  const Payloads& payloads = begun.params.input;
  plan.bytes = wire_size(payloads);
  plan.fit = [field, bytes = plan.bytes](std::size_t bytes_max) { return check_size(field, bytes, bytes_max); };
  ServiceStub& stub = owner.core->connection->stub();
  if (owner.reports->target().by_token) {
    auto params = by_token<ByToken>(*owner.core, *owner.reports);
    params.*of_token = payloads;
    plan.send = [&stub, token_method, params = std::move(params)](Nanoseconds timeout, Done<void> done) mutable {
      return (stub.*token_method)(std::move(params), timeout, std::move(done));
    };
  } else {
    auto params = by_id<ById>(*owner.core, *owner.reports, begun);
    params.*of_id = payloads;
    plan.send = [&stub, id_method, params = std::move(params)](Nanoseconds timeout, Done<void> done) mutable {
      return (stub.*id_method)(std::move(params), timeout, std::move(done));
    };
  }
  return plan;
}

/// Through the worker as long as the function runs; else once it has left.
void save_with_worker(const std::shared_ptr<AsyncReports>& reports, DetailsToSave save) {
  if (reports->handover().save(save.details, save.caller, save.done)) return;
  reports->when_left(true, [weak = std::weak_ptr(reports), save = std::move(save)](const StatusOr<>& left) {
    if (!left) return save.done(left.error());
    const auto kept = weak.lock();
    if (kept && !save.caller.expired()) kept->save(save);
  });
}

/// What a failure report holds beside its address. Shared by its checks and its sending.
struct FailureToSend {
  Failure failure{};
  std::optional<Payloads> last_details{};  ///< given; else the newest heartbeat's go along
  bool takes_details = true;               ///< false: they have gone ahead
};

}  // namespace

PreparedCall<HeartbeatReply> prepare_save(const AsyncOwner& owner, Result<Payloads> details) {
  auto begun =
      begin(owner, "RecordActivityTaskHeartbeat", "heartbeat of", details, false, owner.reports->call_options());
  ReportCall<HeartbeatFlags>::Plan plan;
  auto payloads = std::move(begun.params.input);
  plan.bytes = wire_size(payloads);
  plan.fit = [bytes = plan.bytes](std::size_t bytes_max) { return check_size("details", bytes, bytes_max); };
  auto& core = *owner.core;
  plan.hand_on = [reports = owner.reports, payloads = std::move(payloads), activity_id = begun.params.activity_id,
                  run_id = begun.params.run_id, sequence = owner.reports->next_sequence()](
                     TimePoint until, std::weak_ptr<const void> caller, Done<HeartbeatFlags> done) mutable {
    DetailsToSave save{std::move(payloads), sequence, activity_id, run_id, until, std::move(caller), std::move(done)};
    if (reports->with_worker()) return save_with_worker(reports, std::move(save));
    reports->save(std::move(save));
  };
  plan.ended = [reports = owner.reports](const StatusOr<HeartbeatFlags>& answer, bool) { reports->apply(answer); };
  const auto timeout = begun.timeout;
  std::shared_ptr<LoopCall<HeartbeatFlags>> call =
      std::make_shared<ReportCall<HeartbeatFlags>>(core, owner.reports, timeout, std::move(plan));
  return prepare<HeartbeatReply, HeartbeatFlags>(
      core, std::move(begun), std::move(call), [](const HeartbeatFlags& flags) -> Result<HeartbeatReply> {
        return HeartbeatReply{flags.cancel_requested, flags.activity_paused, flags.activity_reset};
      });
}

PreparedCall<void> prepare_complete(const AsyncOwner& owner, Result<Payloads> result) {
  auto begun =
      begin(owner, "RespondActivityTaskCompleted", "completion of", result, true, owner.reports->call_options());
  auto plan = plan_outcome(owner, begun, &CompletedParams::result, &ServiceStub::respond_completed,
                           &CompletedByIdParams::result, &ServiceStub::respond_completed_by_id, "result");
  plan.flush = false;  // Nobody reads its details any more.
  return prepare_outcome(owner, std::move(begun), OutcomeKind::kCompleted, std::move(plan));
}

PreparedCall<void> prepare_report_canceled(const AsyncOwner& owner, Result<Payloads> details) {
  auto begun =
      begin(owner, "RespondActivityTaskCanceled", "cancellation of", details, true, owner.reports->call_options());
  auto plan = plan_outcome(owner, begun, &CanceledParams::details, &ServiceStub::respond_canceled,
                           &CanceledByIdParams::details, &ServiceStub::respond_canceled_by_id, "details");
  return prepare_outcome(owner, std::move(begun), OutcomeKind::kCanceled, std::move(plan));
}

PreparedCall<void> prepare_fail(const AsyncOwner& owner, Failure failure, Result<std::optional<Payloads>> details,
                                const CallOptions& call) {
  const bool given = !details || *details;
  Result<Payloads> payloads = Payloads();
  if (!details) {
    payloads = std::move(details).error();
  } else if (*details) {
    payloads = **std::move(details);
  }
  HeldBack held(*owner.reports);
  auto begun = begin(owner, "RespondActivityTaskFailed", "failure of", payloads, true, call, given ? nullptr : &held);
  const auto send = std::make_shared<FailureToSend>();
  if (!begun.refused) {
    auto encoded = owner.core->format.encode(std::move(failure));
    if (encoded) {
      send->failure = *std::move(encoded);
    } else {
      begun.refused = std::move(encoded).error();
      owner.reports->release_claim();
    }
  }
  OutcomeCall::Plan plan;
  const std::size_t details_bytes = wire_size(begun.params.input);
  plan.bytes = std::max(wire_size(send->failure), details_bytes);
  plan.flush = plan.takes_newest = !given;
  // A heartbeat's that are too large must not cost the failure: its own check comes first, and drops them.
  if (!begun.refused && held.has_value()) held.note(std::move(begun.params.input));
  if (given) send->last_details = std::move(begun.params.input);
  plan.fit = [send, details_bytes](std::size_t bytes_max) -> Result<> {
    if (send->last_details) {
      if (auto fits = check_size("last_details", details_bytes, bytes_max); !fits) return fits;
    }
    const std::size_t bytes = wire_size(send->failure);
    // As it is, the server would make it final.
    if (auto fits = check_size("the failure", bytes, bytes_max); !fits)
      send->failure = smaller_failure(send->failure, bytes_max, fits.error().message);
    return {};
  };
  plan.before = [reports = owner.reports, send, activity_id = begun.params.activity_id, run_id = begun.params.run_id](
                    TimePoint until, std::weak_ptr<const void> caller, std::function<void()> then) {
    DetailsToSave heartbeat{{}, 0, activity_id, run_id, until, std::move(caller), {}};
    reports->go_ahead(send->last_details, std::move(heartbeat), [send, then = std::move(then)](bool inside) {
      send->takes_details = inside;
      then();
    });
  };
  plan.send = [&core = *owner.core, &stub = owner.core->connection->stub(), reports = owner.reports, send,
               of_id = by_id<FailedByIdParams>(*owner.core, *owner.reports, begun)](Nanoseconds timeout,
                                                                                    Done<void> done) mutable {
    if (!send->takes_details) {
      send->last_details.reset();
    } else if (!send->last_details) {
      send->last_details = reports->unacknowledged();
    }
    if (!reports->target().by_token) {
      of_id.failure = std::move(send->failure);
      of_id.last_heartbeat_details = std::move(send->last_details);
      return stub.respond_failed_by_id(std::move(of_id), timeout, std::move(done));
    }
    auto params = by_token<FailedParams>(core, *reports);
    params.failure = std::move(send->failure);
    params.last_heartbeat_details = std::move(send->last_details);
    return stub.respond_failed(std::move(params), timeout, std::move(done));
  };
  return prepare_outcome(owner, std::move(begun), OutcomeKind::kFailed, std::move(plan));
}

}  // namespace longbeat::internal
