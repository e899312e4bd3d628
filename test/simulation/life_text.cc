#include "simulation/life_text.h"

#include "simulation/wire.h"
#include "simulation/witness.h"

namespace longbeat::simulation {
namespace {

std::string microseconds(WallTime time) {
  return std::to_string(time.time_since_epoch() / std::chrono::microseconds(1) % 1'000'000'000'000);
}

std::string milliseconds(Nanoseconds time) {
  return std::to_string(time / std::chrono::milliseconds(1));
}

std::string told(const server::ActivityOptions& options) {
  const auto& limits = options.timeouts;
  return "queue " + options.task_queue.str() + ", limits " + milliseconds(limits.schedule_to_close) + "/" +
         milliseconds(limits.schedule_to_start) + "/" + milliseconds(limits.start_to_close) + "/" +
         milliseconds(limits.heartbeat) + " ms, delay " + milliseconds(options.start_delay) + " ms, retry " +
         milliseconds(options.retry.initial_interval) + " ms*" + std::to_string(options.retry.backoff_coefficient) +
         " to " + milliseconds(options.retry.maximum_interval) + " ms, " +
         std::to_string(options.retry.maximum_attempts) + " times, priority " + std::to_string(options.priority.key) +
         " " + options.priority.fairness_key.str();
}

}  // namespace

std::string told(const Life& life) {
  if (life.gone) return "gone";
  std::string text = std::string(server::to_string(life.phase)) + " (attempt " + std::to_string(life.attempt);
  if (life.phase == server::Phase::kScheduled) {
    text += ", due " + microseconds(life.due);
    if (life.jitter > Nanoseconds(0)) text += " to " + microseconds(life.due + life.jitter);
  }
  text += ", details " + std::to_string(count_of(unpack_payloads(life.details))) + ", links " +
          std::to_string(life.links) + ", " + told(life.options);
  if (life.is_closed() && !life.outcome.starts_with("result: ") && !life.outcome.starts_with("failure: ")) {
    text += ", " + life.outcome;
  }
  return text + ")";
}

std::string told(const server::PollTaskReply& task) {
  return "(details " + std::to_string(count_of(unpack_payloads(task.heartbeat_details))) + ", " +
         told(task.input->options) + ")";
}

std::string name_of(const server::Request& request) {
  if (std::holds_alternative<server::HeartbeatRequest>(request)) return "heartbeat";
  if (std::holds_alternative<server::CompletedRequest>(request)) return "completion";
  if (std::holds_alternative<server::FailedRequest>(request)) return "failure";
  if (std::holds_alternative<server::CanceledRequest>(request)) return "report of a cancel";
  if (std::holds_alternative<server::CancelRequest>(request)) return "cancel";
  if (std::holds_alternative<server::TerminateRequest>(request)) return "terminate";
  if (std::holds_alternative<server::DeleteRequest>(request)) return "delete";
  if (std::holds_alternative<server::PauseRequest>(request)) return "pause";
  if (std::holds_alternative<server::UnpauseRequest>(request)) return "unpause";
  if (std::holds_alternative<server::ResetRequest>(request)) return "reset";
  if (std::holds_alternative<server::UpdateOptionsRequest>(request)) return "update of options";
  if (std::holds_alternative<server::StartRequest>(request)) return "start";
  return "request";
}

}  // namespace longbeat::simulation
