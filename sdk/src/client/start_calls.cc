#include <algorithm>
#include <utility>

#include "base/random.h"
#include "client/calls.h"
#include "client/option_checks.h"
#include "client/outcome_wait.h"
#include "client/start_params.h"
#include "core/wire_size.h"

namespace longbeat::internal {
namespace {

/// A start whose input may have to wait for the limit of its namespace.
class StartLoopCall final : public LoopCall<StartedActivity>, public std::enable_shared_from_this<StartLoopCall> {
 public:
  StartLoopCall(Connection& connection, std::shared_ptr<PayloadLimit> limit, StartActivityParams params,
                Nanoseconds timeout)
      : loop_(connection.loop()),
        stub_(connection.stub()),
        limit_(std::move(limit)),
        params_(std::move(params)),
        timeout_(timeout) {}

  void start(Done<StartedActivity> done) override {
    done_ = std::move(done);
    if (canceled_) return finish(Status{StatusCode::kCancelled, "it was given up before it was sent", {}});
    const auto end = loop_.now() + timeout_;
    limit_->learn(loop_, stub_, params_.namespace_name, wire_size(params_.input), timeout_,
                  [self = shared_from_this(), end](std::size_t bytes_max) { self->send(bytes_max, end); });
  }
  void cancel() override {
    canceled_ = true;
    if (call_ != 0) return stub_.cancel(call_);
    if (!sent_) finish(Status{StatusCode::kCancelled, "it was given up before it was sent", {}});
  }

 private:
  void send(std::size_t bytes_max, TimePoint end) {
    if (!done_) return;
    if (auto fits = check_sizes(params_, bytes_max); !fits) return finish(invalid_argument(fits.error().message));
    const Nanoseconds rest = end - loop_.now();
    if (rest <= Nanoseconds::zero())
      return finish(Status{StatusCode::kDeadlineExceeded, "the namespace's limits have not come in time", {}});
    sent_ = true;
    const CallId call =
        stub_.start_activity(std::move(params_), rest, [self = shared_from_this()](StatusOr<StartedActivity> answer) {
          self->call_ = 0;
          self->finish(std::move(answer));
        });
    if (done_) call_ = call;
  }
  void finish(StatusOr<StartedActivity> answer) {
    const auto done = std::exchange(done_, nullptr);
    if (done) done(std::move(answer));
  }

  Loop& loop_;
  ServiceStub& stub_;
  std::shared_ptr<PayloadLimit> limit_;
  StartActivityParams params_;
  Nanoseconds timeout_;
  Done<StartedActivity> done_{};
  CallId call_ = 0;
  bool sent_ = false;
  bool canceled_ = false;
};

/// What is left of a timeout, if there is one.
std::optional<Nanoseconds> rest_of(const std::optional<Nanoseconds>& timeout, Nanoseconds spent) {
  if (!timeout) return std::nullopt;
  return *timeout - spent;
}

}  // namespace

PreparedCall<StartedRun> prepare_start(const ClientCore& core, std::string_view type, const StartOptions& options,
                                       Result<Payloads> input) {
  auto valid = validate(options);
  if (valid && !input) valid = std::move(input).error();
  ClientCallParams params{"StartActivityExecution", options.id, {}, std::string(type), options.task_queue, {}, {}};
  if (valid) params.input = *std::move(input);
  auto begun = begin_call(core, std::move(params), options.call, "start of", std::move(valid));
  StartActivityParams request;
  if (!begun.refused) {
    request = start_params(options);
    request.namespace_name = core.namespace_name;
    request.identity = core.identity;
    request.request_id = request_id_or_new(options.request_id);
    request.activity_id = begun.params.activity_id;
    request.type = std::move(begun.params.activity_type);
    request.task_queue = begun.params.task_queue;
    request.input = std::move(begun.params.input);
    request.header = std::move(begun.params.header);
    auto encoded = encode(core.format, std::move(request));
    if (!encoded) begun.refused = std::move(encoded).error();
    request = encoded ? *std::move(encoded) : StartActivityParams();
  }
  const auto timeout = begun.timeout;
  auto id = begun.params.activity_id;
  std::shared_ptr<LoopCall<StartedActivity>> call =
      std::make_shared<StartLoopCall>(*core.connection, core.payload_limit, std::move(request), timeout);
  return prepare<StartedRun, StartedActivity>(core, std::move(begun), std::move(call),
                                              [id = std::move(id)](StartedActivity started) -> Result<StartedRun> {
                                                return StartedRun{id, std::move(started.run_id), !started.started};
                                              });
}

PreparedCall<Payloads> prepare_result(const ClientCore& core, Subject of, const WaitOptions& options) {
  ClientCallParams params{"PollActivityExecution", of.id, of.run_id, {}, {}, {}, {}};
  auto begun = begin_call(core, std::move(params), {options.timeout, options.stop_token}, "result of",
                          check_subject(of.id, of.run_id));
  Loop& loop = core.connection->loop();
  const RunParams run{core.namespace_name, begun.params.activity_id, begun.params.run_id};
  std::shared_ptr<LoopCall<PolledOutcome>> wait =
      std::make_shared<OutcomeWait>(loop, core.connection->stub(), run, deadline_after(loop.now(), options.timeout),
                                    core.new_seed(), retry_counter(core.counters), begun.what);
  return prepare<Payloads, PolledOutcome>(
      core, std::move(begun), std::move(wait),
      [id = run.activity_id, format = core.format](PolledOutcome polled) -> Result<Payloads> {
        auto outcome = decode(format, *std::move(polled.outcome));
        if (!outcome) return std::move(outcome).error();
        if (outcome->failure) return closed_with(*outcome->failure, id, polled.run_id);
        return std::move(outcome->result).value_or(Payloads());
      });
}

Result<Payloads> execute(ClientCore& core, std::string_view type, const StartOptions& options, Result<Payloads> input) {
  const auto began = core.connection->loop().now();
  auto started = run(core, prepare_start(core, type, options, std::move(input)));
  if (!started) return std::move(started).error();
  const WaitOptions wait{rest_of(options.call.timeout, core.connection->loop().now() - began), options.call.stop_token};
  return run(core, prepare_result(core, {started->activity_id, started->run_id}, wait));
}

void execute_async(const std::shared_ptr<ClientCore>& core, std::string_view type, const StartOptions& options,
                   Result<Payloads> input, const std::shared_ptr<PendingState>& state,
                   std::function<void(Result<Payloads>)> fill) {
  const auto began = core->connection->loop().now();
  // Weak: what waits must not keep the client open. The wait begins where callbacks run or somebody waits in get(), as
  // interceptors see it.
  auto go_on = [answer = state.get(), weak = std::weak_ptr(core), fill = std::move(fill), began,
                call = options.call](Result<StartedRun> run) {
    if (!run) return fill(std::move(run).error());
    const auto still = weak.lock();
    if (!still || answer->abandoned()) return fill(canceled_error("result of activity '" + run->activity_id + "'"));
    const WaitOptions wait{rest_of(call.timeout, still->connection->loop().now() - began), call.stop_token};
    auto result = prepare_result(*still, {run->activity_id, run->run_id}, wait);
    answer->reopen();
    launch<Payloads>(*still, std::move(result), answer->shared_from_this(), fill);
  };
  launch<StartedRun>(*core, prepare_start(*core, type, options, std::move(input)), state, std::move(go_on));
}

}  // namespace longbeat::internal
