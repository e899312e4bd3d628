#include "client/calls.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/random.h"
#include "client/blocking.h"
#include "client/errors.h"
#include "client/outcome_wait.h"
#include "client/start_params.h"

namespace longbeat::internal {
namespace {

std::string new_request_id() {
  Random random(entropy());
  return to_string(make_uuid(random));
}

/// Goes through the interceptors from `index` on, then makes the call.
Result<> through(const ClientCore& core, std::size_t index, ClientCallParams params,
                 const ClientInterceptor::Next& call) {
  if (index == core.interceptors.size()) return call(std::move(params));
  return core.interceptors[index]->call(std::move(params), [&core, index, &call](ClientCallParams next) {
    return through(core, index + 1, std::move(next), call);
  });
}

Result<> intercepted(ClientCore& core, ClientCallParams params, const ClientInterceptor::Next& call) {
  core.counters->calls.fetch_add(1, std::memory_order_relaxed);
  auto result = through(core, 0, std::move(params), call);
  if (!result) core.counters->failed_calls.fetch_add(1, std::memory_order_relaxed);
  return result;
}

/// "describe of activity 'a' (run r) at 127.0.0.1:7233"
std::string words(const char* operation, const ClientCore& core, const std::string& activity_id,
                  const std::string& run_id) {
  return std::string(operation) + " activity '" + activity_id + "'" + (run_id.empty() ? "" : " (run " + run_id + ")") +
         " at " + core.address;
}

RunParams run_of(const ClientCore& core, const ClientCallParams& params) {
  return {core.namespace_name, params.activity_id, params.run_id};
}

Error not_called(const std::string& what) {
  return {ErrorCode::kInternal, what + ": an interceptor reported success without calling next", {}, {}};
}

/// Waits for the outcome, ended early by the deadline or the stop token.
StatusOr<PolledOutcome> await_outcome(ClientCore& core, const RunParams& run, const WaitOptions& options) {
  Connection& connection = *core.connection;
  if (auto refused = refusal_to_block(connection)) return *std::move(refused);
  if (options.stop_token.stop_requested()) return Status{StatusCode::kCancelled, "the wait was given up", {}};
  std::optional<TimePoint> deadline;
  if (options.timeout) {
    if (*options.timeout <= Nanoseconds(0)) return Status{StatusCode::kDeadlineExceeded, "it was not waited for", {}};
    const auto now = connection.loop().now();
    // A timeout beyond the end of the clock is none.
    if (*options.timeout < TimePoint::max() - now) deadline = now + *options.timeout;
  }
  const auto wait = std::make_shared<OutcomeWait>(connection.loop(), connection.stub(), run, deadline, entropy());
  const std::stop_callback stop(options.stop_token, [&connection, wait] {
    // Refused only when the connection has closed, and then nobody waits.
    static_cast<void>(connection.loop().post([wait] { wait->cancel(); }));
  });
  return wait_for<PolledOutcome>(connection, [wait](Done<PolledOutcome> done) { wait->start(std::move(done)); });
}

longbeat::ActivityDescription public_form(ActivityDescription from, const DataConverter& converter) {
  longbeat::ActivityDescription to;
  to.id = std::move(from.activity_id);
  to.run_id = std::move(from.run_id);
  to.type = std::move(from.type);
  to.task_queue = std::move(from.task_queue);
  const bool known = from.status >= 0 && from.status <= static_cast<std::int32_t>(ActivityStatus::kPaused);
  to.status = known ? static_cast<ActivityStatus>(from.status) : ActivityStatus::kUnspecified;
  const bool known_state =
      from.run_state >= 0 && from.run_state <= static_cast<std::int32_t>(ActivityRunState::kPauseRequested);
  to.run_state = known_state ? static_cast<ActivityRunState>(from.run_state) : ActivityRunState::kUnspecified;
  to.attempt = from.attempt;
  to.heartbeat_count = from.heartbeat_count;
  to.state_transition_count = from.state_transition_count;
  to.schedule_time = from.schedule_time;
  to.last_started_time = from.last_started_time;
  to.last_heartbeat_time = from.last_heartbeat_time;
  to.close_time = from.close_time;
  to.next_attempt_schedule_time = from.next_attempt_schedule_time;
  to.last_worker_identity = std::move(from.last_worker_identity);
  to.canceled_reason = std::move(from.canceled_reason);
  to.raw_heartbeat_details = std::move(from.heartbeat_details);
  to.last_failure = std::move(from.last_failure);
  to.converter = converter;
  return to;
}

}  // namespace

Result<std::string> start_activity(ClientCore& core, std::string_view type, const StartOptions& options,
                                   Payloads input) {
  if (auto valid = validate(options); !valid) return std::move(valid).error();
  auto base = start_params(options);
  base.namespace_name = core.namespace_name;
  base.identity = core.identity;
  base.request_id = new_request_id();  // One for all tries, so that a start that got through is recognised.
  std::optional<std::string> run_id;
  ClientCallParams call{"StartActivityExecution", options.id,       {}, std::string(type),
                        options.task_queue,       std::move(input), {}};
  auto result = intercepted(core, std::move(call), [&](ClientCallParams params) -> Result<> {
    const auto what = words("start of", core, params.activity_id, {});
    auto request = base;
    request.activity_id = std::move(params.activity_id);
    request.type = std::move(params.activity_type);
    request.task_queue = std::move(params.task_queue);
    request.input = std::move(params.input);
    request.header = std::move(params.header);
    auto& stub = core.connection->stub();
    auto answer = wait_for<StartedActivity>(*core.connection, [&](Done<StartedActivity> done) {
      stub.start_activity(std::move(request), core.call_timeout, std::move(done));
    });
    if (!answer) return to_error(answer.error(), what);
    run_id = std::move(answer->run_id);
    return {};
  });
  if (!result) return std::move(result).error();
  if (!run_id) return not_called(words("start of", core, options.id, {}));
  return *std::move(run_id);
}

Result<Payloads> wait_for_result(ClientCore& core, const std::string& activity_id, const std::string& run_id,
                                 const WaitOptions& options) {
  std::optional<Payloads> value;
  ClientCallParams call{"PollActivityExecution", activity_id, run_id, {}, {}, {}, {}};
  auto result = intercepted(core, std::move(call), [&](ClientCallParams params) -> Result<> {
    auto polled = await_outcome(core, run_of(core, params), options);
    if (!polled) return to_error(polled.error(), words("result of", core, params.activity_id, params.run_id));
    if (polled->outcome->failure) return closed_with(*polled->outcome->failure, params.activity_id, polled->run_id);
    value = std::move(polled->outcome->result).value_or(Payloads());
    return {};
  });
  if (!result) return std::move(result).error();
  if (!value) return not_called(words("result of", core, activity_id, run_id));
  return *std::move(value);
}

Result<longbeat::ActivityDescription> describe_activity(ClientCore& core, const std::string& activity_id,
                                                        const std::string& run_id) {
  std::optional<ActivityDescription> description;
  ClientCallParams call{"DescribeActivityExecution", activity_id, run_id, {}, {}, {}, {}};
  auto result = intercepted(core, std::move(call), [&](ClientCallParams params) -> Result<> {
    auto& stub = core.connection->stub();
    auto answer = wait_for<ActivityDescription>(*core.connection, [&](Done<ActivityDescription> done) {
      DescribeParams request{run_of(core, params)};
      request.include_heartbeat_details = true;
      request.include_last_failure = true;
      stub.describe_activity(std::move(request), core.call_timeout, std::move(done));
    });
    if (!answer) return to_error(answer.error(), words("describe of", core, params.activity_id, params.run_id));
    description = *std::move(answer);
    return {};
  });
  if (!result) return std::move(result).error();
  if (!description) return not_called(words("describe of", core, activity_id, run_id));
  return public_form(*std::move(description), core.converter);
}

Result<> request_cancel(ClientCore& core, const std::string& activity_id, const std::string& run_id,
                        std::string reason) {
  const auto request_id = new_request_id();
  ClientCallParams call{"RequestCancelActivityExecution", activity_id, run_id, {}, {}, {}, {}};
  return intercepted(core, std::move(call), [&](ClientCallParams params) -> Result<> {
    auto& stub = core.connection->stub();
    auto answer = wait_for<void>(*core.connection, [&](Done<void> done) {
      stub.request_cancel({run_of(core, params), core.identity, request_id, reason}, core.call_timeout,
                          std::move(done));
    });
    if (!answer) return to_error(answer.error(), words("cancel of", core, params.activity_id, params.run_id));
    return {};
  });
}

}  // namespace longbeat::internal
