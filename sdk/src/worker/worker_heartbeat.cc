// What the server is told about this worker, for those who look at its list of workers.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.h"
#include "worker/worker_machine.h"

namespace longbeat::internal {
namespace {

constexpr Nanoseconds kHeartbeatTimeout = std::chrono::seconds(5);

std::int32_t counted(std::int64_t count) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(count, 0, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

void WorkerMachine::begin_heartbeats(bool server_takes_them) {
  heartbeats_ = server_takes_them && settings_.heartbeat_interval > Nanoseconds::zero();
  if (heartbeats_) send_heartbeat();
}

void WorkerMachine::send_heartbeat() {
  if (!heartbeats_ || phase_ == ShutdownPhase::kEnded) return;
  heartbeat_timer_ =
      ports_.loop.schedule_keepalive(ports_.loop.now() + settings_.heartbeat_interval, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->send_heartbeat();
      });
  if (std::exchange(heartbeat_under_way_, true)) return;  // The next one tells the same.
  const auto status = phase_ == ShutdownPhase::kRunning ? WorkerStatus::kRunning : WorkerStatus::kShuttingDown;
  ports_.stub.record_worker_heartbeat({settings_.namespace_name, settings_.identity, heartbeat(status)},
                                      std::min(kHeartbeatTimeout, settings_.heartbeat_interval),
                                      [weak = weak_from_this()](const StatusOr<>& answer) {
                                        if (const auto self = weak.lock()) self->heartbeat_answered(answer);
                                      });
}

/// Nobody's work depends on it, so trouble is told once, quietly where the polls tell of it anyway.
void WorkerMachine::heartbeat_answered(const StatusOr<>& answer) {
  heartbeat_under_way_ = false;
  if (answer) {
    told_heartbeat_trouble_ = false;
    return;
  }
  const Status& status = answer.error();
  if (status.code == StatusCode::kUnimplemented) {
    heartbeats_ = false;
    ports_.loop.cancel(heartbeat_timer_);
  }
  if (phase_ == ShutdownPhase::kEnded || std::exchange(told_heartbeat_trouble_, true)) return;
  log(PollPolicy::is_refusal(status.code) ? LogLevel::kWarn : LogLevel::kDebug,
      "worker on task queue '" + settings_.task_queue + "': RecordWorkerHeartbeat: " + to_string(status));
}

/// Counts since the heartbeat before are those since the last call of this.
WorkerHeartbeatFields WorkerMachine::heartbeat(WorkerStatus status) {
  const TimePoint now = ports_.loop.now();
  const auto before = std::exchange(heartbeat_sent_, now);
  const WorkerStats stats = this->stats();
  WorkerHeartbeatFields fields;
  fields.instance_key = settings_.instance_key;
  fields.identity = settings_.identity;
  fields.host_name = settings_.host_name;
  fields.process_id = settings_.process_id;
  fields.process_key = settings_.process_key;
  fields.task_queue = settings_.task_queue;
  fields.status = status;
  fields.start_time = start_time_;
  fields.heartbeat_time = ports_.loop.wall_now();
  if (before) fields.since_last = now - *before;
  fields.slots_free = counted(slots_.total() - slots_.used());
  fields.slots_used = counted(slots_.used());
  fields.processed = counted(stats.attempts_started - slots_.used());
  fields.failed = counted(stats.failed);
  fields.processed_lately = fields.processed - std::exchange(processed_told_, fields.processed);
  fields.failed_lately = fields.failed - std::exchange(failed_told_, fields.failed);
  fields.polls_open = counted(slots_.polls());
  fields.last_poll_with_task = last_poll_with_task_;
  return fields;
}

}  // namespace longbeat::internal
