#include "simulation/wire.h"

#include <cstring>
#include <stdexcept>

#include "simulation/wire_operator.h"

namespace longbeat::simulation {
namespace {

class Writer {
 public:
  void number(std::int64_t value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(const std::string& value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_ += value;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  std::int64_t number() {
    std::int64_t value = 0;
    need(sizeof value);
    std::memcpy(&value, bytes_.data() + position_, sizeof value);
    position_ += sizeof value;
    return value;
  }
  std::string text() {
    const auto size = static_cast<std::size_t>(number());
    need(size);
    position_ += size;
    return bytes_.substr(position_ - size, size);
  }

 private:
  void need(std::size_t size) const {
    if (bytes_.size() - position_ < size) throw std::logic_error("the simulated wire lost bytes");
  }
  const std::string& bytes_;
  std::size_t position_ = 0;
};

void write(Writer& out, const Failure& failure) {
  out.number(static_cast<std::int64_t>(failure.kind));
  out.text(failure.message);
  out.text(failure.type);
  out.number(failure.non_retryable ? 1 : 0);
  out.text(pack(failure.details));
  out.number(failure.cause ? 1 : 0);
  if (failure.cause) write(out, *failure.cause);
}

Failure read_failure(Reader& in) {
  Failure failure;
  failure.kind = static_cast<FailureKind>(in.number());
  failure.message = in.text();
  failure.type = in.text();
  failure.non_retryable = in.number() != 0;
  failure.details = unpack_payloads(in.text());
  if (in.number() != 0) failure.cause = std::make_shared<Failure>(read_failure(in));
  return failure;
}

}  // namespace

std::string pack(const Payloads& payloads) {
  if (payloads.empty()) return {};
  Writer out;
  out.number(static_cast<std::int64_t>(payloads.size()));
  for (const auto& payload : payloads) {
    out.number(static_cast<std::int64_t>(payload.metadata.size()));
    for (const auto& [key, value] : payload.metadata) {
      out.text(key);
      out.text(value);
    }
    out.text(payload.data);
  }
  return out.take();
}

Payloads unpack_payloads(const std::string& bytes) {
  Payloads payloads;
  if (bytes.empty()) return payloads;
  Reader in(bytes);
  for (auto count = in.number(); count > 0; --count) {
    Payload payload;
    for (auto fields = in.number(); fields > 0; --fields) {
      auto key = in.text();
      payload.metadata[std::move(key)] = in.text();
    }
    payload.data = in.text();
    payloads.push_back(std::move(payload));
  }
  return payloads;
}

std::string pack(const Failure& failure) {
  Writer out;
  write(out, failure);
  return out.take();
}

Failure unpack(const server::StoredFailure& stored) {
  using Kind = server::StoredFailure::Kind;
  if (stored.kind == Kind::kOpaque) {
    Reader in(stored.opaque);
    return read_failure(in);
  }
  Failure failure;
  failure.message = stored.message;
  failure.identity = stored.identity;
  failure.non_retryable = stored.non_retryable;
  failure.details = unpack_payloads(stored.details);
  failure.timeout_type = static_cast<TimeoutType>(stored.timeout);
  switch (stored.kind) {
    case Kind::kTimeout:
      failure.kind = FailureKind::kTimeout;
      break;
    case Kind::kCanceled:
      failure.kind = FailureKind::kCanceled;
      break;
    case Kind::kTerminated:
      failure.kind = FailureKind::kTerminated;
      break;
    case Kind::kServer:
      failure.kind = FailureKind::kServer;
      break;
    case Kind::kOpaque:
    case Kind::kMessage:
      failure.kind = FailureKind::kGeneric;
      break;
  }
  if (!stored.cause.empty()) failure.cause = std::make_shared<Failure>(unpack(stored.cause.front()));
  return failure;
}

server::StartRequest to_request(const internal::StartActivityParams& params) {
  server::StartRequest request;
  request.namespace_name = params.namespace_name;
  request.identity = params.identity;
  request.request_id = params.request_id;
  request.activity_id = params.activity_id;
  request.type = params.type;
  request.has_task_queue = true;
  request.task_queue = params.task_queue;
  request.schedule_to_close = unless_zero(params.schedule_to_close);
  request.schedule_to_start = unless_zero(params.schedule_to_start);
  request.start_to_close = unless_zero(params.start_to_close);
  request.heartbeat = unless_zero(params.heartbeat);
  request.start_delay = unless_zero(params.start_delay);
  if (params.retry) request.retry = to_retry(*params.retry);
  request.id_reuse_policy = params.id_reuse_policy;
  request.id_conflict_policy = params.id_conflict_policy;
  request.input = pack(params.input);
  return request;
}

server::PollTaskRequest to_request(const internal::PollTaskParams& params) {
  server::PollTaskRequest request;
  request.namespace_name = params.namespace_name;
  request.task_queue = params.task_queue;
  request.identity = params.identity;
  request.worker_instance_key = params.worker_instance_key;
  return request;
}

server::HeartbeatRequest to_request(const internal::HeartbeatParams& params) {
  return {params.namespace_name, params.token, params.identity, pack(params.details)};
}

server::CompletedRequest to_request(const internal::CompletedParams& params) {
  return {params.namespace_name, params.token, params.identity, pack(params.result)};
}

server::FailedRequest to_request(const internal::FailedParams& params) {
  server::FailedRequest request;
  request.namespace_name = params.namespace_name;
  request.token = params.token;
  request.identity = params.identity;
  request.has_failure = true;
  request.failure = pack(params.failure);
  request.failure_info = 5;  // application_failure_info
  request.failure_type = params.failure.type;
  request.non_retryable = params.failure.non_retryable;
  if (params.failure.next_retry_delay) request.next_retry_delay = unless_zero(*params.failure.next_retry_delay);
  request.has_last_heartbeat_details = params.last_heartbeat_details.has_value();
  if (params.last_heartbeat_details) request.last_heartbeat_details = pack(*params.last_heartbeat_details);
  return request;
}

server::CanceledRequest to_request(const internal::CanceledParams& params) {
  return {params.namespace_name, params.token, params.identity, pack(params.details)};
}

server::PollOutcomeRequest to_request(const internal::RunParams& params) {
  return {to_run(params)};
}

server::DescribeRequest to_request(const internal::DescribeParams& params) {
  server::DescribeRequest request;
  request.run = to_run(params.run);
  request.include_input = params.include_input;
  request.include_outcome = params.include_outcome;
  request.include_heartbeat_details = params.include_heartbeat_details;
  request.include_last_failure = params.include_last_failure;
  request.long_poll_token = params.long_poll_token;
  return request;
}

server::CancelRequest to_request(const internal::RequestCancelParams& params) {
  server::CancelRequest request;
  request.run = to_run(params.run);
  request.identity = params.identity;
  request.request_id = params.request_id;
  request.reason = params.reason;
  request.reason_payloads = pack(Payloads{Payload{{{"encoding", "json/plain"}}, "\"" + params.reason + "\""}});
  return request;
}

internal::StartedActivity from_reply(const server::StartReply& reply) {
  return {reply.run_id, reply.started, internal::ActivityLink{reply.namespace_name, reply.activity_id, reply.run_id}};
}

std::vector<internal::ActivityTask> from_reply(const server::PollTaskReply& reply) {
  if (reply.token.empty()) return {};
  internal::ActivityTask task;
  const auto& input = *reply.input;
  task.token = reply.token;
  task.namespace_name = reply.namespace_name;
  task.activity_id = input.activity_id;
  task.activity_type = input.type;
  task.activity_run_id = reply.run_id;
  task.input = unpack_payloads(input.input);
  task.heartbeat_details = unpack_payloads(reply.heartbeat_details);
  task.scheduled_time = input.schedule_time;
  task.current_attempt_scheduled_time = reply.current_attempt_scheduled_time;
  task.started_time = reply.started_time;
  task.attempt = reply.attempt;
  task.schedule_to_close = input.options.timeouts.schedule_to_close;
  task.start_to_close = input.options.timeouts.start_to_close;
  task.heartbeat = input.options.timeouts.heartbeat;
  return {std::move(task)};
}

internal::HeartbeatFlags from_reply(const server::HeartbeatReply& reply) {
  return {reply.cancel_requested, reply.activity_paused, reply.activity_reset};
}

namespace {

internal::ActivityOutcome outcome_of(const server::Outcome& from) {
  internal::ActivityOutcome outcome;
  outcome.retry_state = static_cast<std::int32_t>(from.retry_state);
  if (from.has_failure) {
    outcome.failure = unpack(from.failure);
  } else {
    outcome.result = unpack_payloads(from.result);
  }
  return outcome;
}

}  // namespace

internal::PolledOutcome from_reply(const server::PollOutcomeReply& reply) {
  internal::PolledOutcome polled;
  polled.run_id = reply.run_id;
  if (reply.outcome) polled.outcome = outcome_of(*reply.outcome);
  return polled;
}

internal::ActivityDescription from_reply(const server::DescribeReply& reply) {
  internal::ActivityDescription description;
  description.long_poll_token = reply.long_poll_token;
  if (!reply.state) return description;
  description.present = true;
  description.activity_id = reply.state->input->activity_id;
  description.run_id = internal::to_string(reply.state->input->run_id);
  description.type = reply.state->input->type;
  description.task_queue = reply.state->input->options.task_queue;
  description.status = server::public_status(reply.state->progress.phase);
  description.attempt = reply.state->progress.attempt;
  description.heartbeat_count = reply.state->progress.heartbeat_count;
  description.state_transition_count = reply.state->progress.transition_count;
  if (reply.include.heartbeat_details) description.heartbeat_details = unpack_payloads(reply.state->heartbeat_details);
  if (reply.include.input) description.input = unpack_payloads(reply.state->input->input);
  if (reply.include.outcome && reply.state->outcome) description.outcome = outcome_of(*reply.state->outcome);
  return description;
}

}  // namespace longbeat::simulation
