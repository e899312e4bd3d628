#include <algorithm>

#include "base/planted.h"
#include "engine/engine_impl.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

FailureFacts facts_of(const FailedRequest& request) {
  FailureFacts facts;
  if (!request.has_failure) return facts;
  switch (request.failure_info) {
    case 5:
      facts.kind = FailureFacts::Kind::kApplication;
      break;
    case 6:
      facts.kind = FailureFacts::Kind::kTimeout;
      break;
    case 7:
      facts.kind = FailureFacts::Kind::kCanceled;
      break;
    case 8:
      facts.kind = FailureFacts::Kind::kTerminated;
      break;
    case 9:
      facts.kind = FailureFacts::Kind::kServer;
      break;
    default:
      facts.kind = FailureFacts::Kind::kOther;
      break;
  }
  facts.type = request.failure_type;
  facts.non_retryable = request.non_retryable;
  facts.timeout = static_cast<TimeoutType>(request.timeout_type);
  return facts;
}

StoredFailure opaque(std::string bytes) {
  StoredFailure failure;
  failure.kind = StoredFailure::Kind::kOpaque;
  failure.opaque = std::move(bytes);
  return failure;
}

StoredFailure server_failure(std::string message, bool non_retryable, std::string cause = {}) {
  StoredFailure failure;
  failure.kind = StoredFailure::Kind::kServer;
  failure.message = std::move(message);
  failure.non_retryable = non_retryable;
  if (!cause.empty()) failure.cause.push_back(opaque(std::move(cause)));
  return failure;
}

}  // namespace

void EngineImpl::on(Command& command, PollTaskRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  const RequestLimits& limits = limits_of(*space);
  if (const auto valid = validate(request, limits); !valid) return answer(command.sink, valid.error());
  if (const auto ok = check_poll(command, **space, Parked::Kind::kTask); !ok) return answer(command.sink, ok.error());
  if (is_closed_poll(**space, request.worker_instance_key, request.task_queue, QueueType::kActivity)) {
    return answer(command.sink, empty_answer(Parked::Kind::kTask));
  }
  Parked parked;
  parked.kind = Parked::Kind::kTask;
  parked.space = *space;
  parked.counted_in = (*space)->id;
  const std::string& control = request.worker_control_task_queue;
  if (limits.worker_commands && !control.empty() && control.size() <= limits.id_bytes_max) {
    parked.control = commands_.queue((*space)->id, control);
  }
  parked.worker_key = request.worker_instance_key;
  parked.picked_up = {texts_.shared(request.identity), texts_.shared(request.sdk_name),
                      texts_.shared(request.sdk_version)};
  parked.place = queues_.park(
      (*space)->id, request.task_queue,
      {command.call, parked.picked_up.worker_identity, request.worker_instance_key, request.max_tasks_per_second},
      now_);
  parked.task_queue = std::move(request.task_queue);
  park(command, std::move(parked), wait_for(command));
}

void EngineImpl::on(Command& command, HeartbeatRequest& request) {
  if (const auto valid = validate(request, limits_named(request.namespace_name)); !valid)
    return answer(command.sink, valid.error());
  const auto holder = held_by(request);
  if (!holder) return answer(command.sink, holder.error());
  ++stats_.heartbeats;
  if (request.details.size() > holder->limits->payload_bytes_max) {
    const auto applied = change(*holder->activity, Oversized{holder->attempt, "Heartbeat details exceed size limit."});
    if (!applied) return answer(command.sink, applied.error());
    return answer(command.sink, Reply(HeartbeatReply{true, false, false}));
  }
  const auto applied = change(*holder->activity, Heartbeat{holder->attempt, std::move(request.details)});
  if (!applied) return answer(command.sink, applied.error());
  // It lives, and messages get through: what was lost before counts no more for its silence. It still does for its end.
  restart_silence(*holder->activity);
  answer(command.sink,
         Reply(HeartbeatReply{applied->cancel_requested, applied->activity_paused, applied->activity_reset}));
}

void EngineImpl::on(Command& command, CompletedRequest& request) {
  if (const auto valid = validate(request, limits_named(request.namespace_name)); !valid)
    return answer(command.sink, valid.error());
  const auto holder = held_by(request);
  if (!holder) return answer(command.sink, holder.error());
  const bool fits = request.result.size() <= holder->limits->payload_bytes_max;
  const auto applied =
      fits ? change(*holder->activity, Completed{holder->attempt, std::move(request.result)})
           : change(*holder->activity, Oversized{holder->attempt, "Complete result exceeds size limit."});
  if (!applied) return answer(command.sink, applied.error());
  if (fits) ++stats_.completed;
  answer(command.sink, Reply(ReportReply{}));
}

std::string EngineImpl::cut(const std::string& failure, std::size_t bytes_max) const {
  return options_.cut_failure ? options_.cut_failure(failure, bytes_max) : std::string();
}

Failed EngineImpl::failed_event(FailedRequest& request, const RequestLimits& limits, ReportReply& reply) const {
  Failed event;
  event.facts = facts_of(request);
  event.facts.next_retry_delay = wished_delay(request.next_retry_delay);
  if (request.failure.size() > limits.payload_bytes_max) {
    // It closes the activity and keeps more of itself than one that will be retried.
    const std::size_t kept = std::min(limits.payload_bytes_warn, limits.payload_bytes_max);
    event.failure = server_failure("Failure exceeds size limit.", true, cut(request.failure, kept));
    event.retained = event.failure;
    event.facts = {FailureFacts::Kind::kServer, {}, true, TimeoutType::kUnspecified, Duration(0)};
    reply.failures.push_back(event.failure);
  } else if (request.has_failure) {
    const bool fits = request.failure.size() <= limits.retained_failure_bytes_max;
    std::string beginning = fits ? std::string() : cut(request.failure, limits.retained_failure_bytes_max);
    event.retained = beginning.empty() ? opaque(request.failure)
                                       : server_failure("Failure exceeds size limit.", false, std::move(beginning));
    event.failure = opaque(std::move(request.failure));
  }
  if (request.last_heartbeat_details.size() > limits.payload_bytes_max) {
    reply.failures.push_back(server_failure("Heartbeat details exceed size limit.", true));
  } else if (request.has_last_heartbeat_details) {
    event.last_heartbeat_details = std::move(request.last_heartbeat_details);
  }
  return event;
}

void EngineImpl::on(Command& command, FailedRequest& request) {
  if (const auto valid = validate(request, limits_named(request.namespace_name)); !valid)
    return answer(command.sink, valid.error());
  const auto holder = held_by(request);
  if (!holder) return answer(command.sink, holder.error());

  ReportReply reply;
  Failed event = failed_event(request, *holder->limits, reply);
  event.attempt = holder->attempt;
  const auto applied = change(*holder->activity, std::move(event));
  if (!applied) return answer(command.sink, applied.error());
  ++stats_.failed_attempts;
  answer(command.sink, Reply(std::move(reply)));
}

void EngineImpl::on(Command& command, CanceledRequest& request) {
  if (const auto valid = validate(request, limits_named(request.namespace_name)); !valid)
    return answer(command.sink, valid.error());
  const auto holder = held_by(request);
  if (!holder) return answer(command.sink, holder.error());
  const bool fits = request.details.size() <= holder->limits->payload_bytes_max;
  const auto applied = fits
                           ? change(*holder->activity, CanceledByWorker{holder->attempt, std::move(request.details)})
                           : change(*holder->activity, Oversized{holder->attempt, "Cancel details exceed size limit."});
  if (!applied) return answer(command.sink, applied.error());
  answer(command.sink, Reply(ReportReply{}));
}

void EngineImpl::undo_hand_out(const std::string& token) {
  const auto holder = held(token, {});
  if (!holder) return;  // The activity has closed meanwhile: nothing is handed out.
  if (planted(internal::Bug::kPollSwallowed)) return;
  if (change(*holder->activity, HandOutUndone{*holder->attempt})) ++stats_.hand_outs_undone;
}

}  // namespace longbeat::server
