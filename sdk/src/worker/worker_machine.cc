#include "worker/worker_machine.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/planted.h"
#include "core/payload_limit.h"
#include "worker/attempt_limit.h"

namespace longbeat::internal {
namespace {

constexpr Nanoseconds kCallTimeout = std::chrono::seconds(5);
constexpr Nanoseconds kPollTimeout = std::chrono::seconds(70);
constexpr Nanoseconds kQuickestEmptyPoll = std::chrono::milliseconds(100);
/// Longer than a connect may take: polls that stay open for this time have reached a server.
constexpr Nanoseconds kPollsStay = std::chrono::seconds(6);

ErrorCode refusal_code(StatusCode code) {
  switch (code) {
    case StatusCode::kNotFound:
      return ErrorCode::kNotFound;
    case StatusCode::kPermissionDenied:
    case StatusCode::kUnauthenticated:
      return ErrorCode::kPermissionDenied;
    case StatusCode::kUnimplemented:
      return ErrorCode::kUnimplemented;
    case StatusCode::kFailedPrecondition:
      return ErrorCode::kFailedPrecondition;
    default:
      return ErrorCode::kInvalidArgument;
  }
}

}  // namespace

WorkerMachine::WorkerMachine(WorkerPorts ports, WorkerSettings settings)
    : ports_(std::move(ports)),
      settings_(std::move(settings)),
      host_{ports_.loop,       ports_.stub, ports_.courier, Random(settings_.seed), settings_.namespace_name,
            settings_.identity},
      slots_(settings_.slots, settings_.polls_max) {
  host_.payload_bytes_max = kPayloadBytesMax;
  host_.format = ports_.format;
  host_.stats = std::make_shared<Guarded<WorkerStats>>();
  host_.settled = [this](std::uint64_t key) {
    attempt_settled(key);
  };  // Attempts call it on the loop, while we hold them.
  host_.count([&](auto& stats) { stats.slots_total = slots_.total(); });
}

WorkerStats WorkerMachine::stats() const {
  WorkerStats stats = host_.stats->with([](const WorkerStats& current) { return current; });
  stats.heartbeats_ignored = host_.counters->heartbeats_ignored.load(std::memory_order_relaxed);
  return stats;
}

TimerId WorkerMachine::at(TimePoint when, void (WorkerMachine::*method)()) {
  return ports_.loop.schedule(when, [weak = weak_from_this(), method] {
    if (const auto self = weak.lock()) ((*self).*method)();
  });
}

void WorkerMachine::retry_at(TimePoint when, void (WorkerMachine::*again)()) {
  ports_.loop.cancel(retry_timer_);
  retry_timer_ = at(when, again);
}

void WorkerMachine::start(std::function<void(Error)> on_refused) {
  on_refused_ = std::move(on_refused);
  start_time_ = ports_.loop.wall_now();
  if (phase_ == ShutdownPhase::kRunning) ask_system();
}

void WorkerMachine::ask_system() {
  if (phase_ != ShutdownPhase::kRunning) return;
  const TimePoint asked = ports_.loop.now();
  ports_.stub.get_system_info(kCallTimeout, [weak = weak_from_this(), asked](StatusOr<SystemInfo> answer) {
    const auto self = weak.lock();
    if (!self || self->phase_ != ShutdownPhase::kRunning) return;
    if (answer) {
      self->host_.failure_takes_details = answer->activity_failure_include_heartbeat;
    } else if (answer.error().code != StatusCode::kUnimplemented) {
      return self->refused("GetSystemInfo", answer.error(), asked, &WorkerMachine::ask_system);
    }
    self->server_answered();
    self->ask_namespace();
  });
}

void WorkerMachine::ask_namespace() {
  if (phase_ != ShutdownPhase::kRunning) return;
  const TimePoint asked = ports_.loop.now();
  ports_.stub.describe_namespace(
      settings_.namespace_name, kCallTimeout, [weak = weak_from_this(), asked](StatusOr<NamespaceInfo> answer) {
        const auto self = weak.lock();
        if (!self || self->phase_ != ShutdownPhase::kRunning) return;
        if (answer) {
          if (answer->blob_size_limit_error > 0)
            self->host_.payload_bytes_max = static_cast<std::size_t>(answer->blob_size_limit_error);
          self->polls_completed_by_server_ = answer->worker_poll_complete_on_shutdown;
        } else if (answer.error().code != StatusCode::kUnimplemented) {
          return self->refused("DescribeNamespace", answer.error(), asked, &WorkerMachine::ask_namespace);
        }
        self->server_answered();
        self->ready_ = true;
        self->poll_policy_.succeeded();
        self->open_polls();
        self->begin_heartbeats(answer.ok() && answer->worker_heartbeats);
      });
}

/// A call without which nothing goes on has failed: try it again, also when the server has been refusing us for long.
void WorkerMachine::refused(const char* call, const Status& status, TimePoint unanswered_since,
                            void (WorkerMachine::*again)()) {
  host_.count([](auto& stats) { ++stats.poll_errors; });
  const TimePoint now = ports_.loop.now();
  if (now < quiet_until_) return;  // One trouble ends all open polls: it makes one pause, not one for each of them.
  quiet_until_ = now + poll_policy_.failed(status, now, host_.random);
  retry_at(quiet_until_, again);
  if (!PollPolicy::is_refusal(status.code)) return tell_outage(call, status, unanswered_since);
  server_answered();
  log(LogLevel::kWarn,
      std::string(call) + " for task queue '" + settings_.task_queue + "' was refused: " + to_string(status));
  if (!poll_policy_.hopeless(now) || std::exchange(told_refusal_, true)) return;
  Error error{refusal_code(status.code), std::string(call) + " for namespace '" + settings_.namespace_name +
                                             "', task queue '" + settings_.task_queue + "': " + status.message};
  log(LogLevel::kError, "the server has refused this worker for a minute, it goes on trying: " + error.message);
  if (const auto on_refused = std::exchange(on_refused_, nullptr)) on_refused(std::move(error));
}

/// The connection cannot be had, or the server has no time for us.
void WorkerMachine::tell_outage(const char* call, const Status& status, TimePoint unanswered_since) {
  ports_.loop.cancel(std::exchange(polls_stay_timer_, 0));
  const auto lasted = outage_.failed(unanswered_since, ports_.loop.now());
  if (!lasted) return;
  log(LogLevel::kWarn, "worker on task queue '" + settings_.task_queue + "': no answer from the server at " +
                           settings_.address + " for " + seconds_text(*lasted) + ", goes on trying: " + call + ": " +
                           to_string(status));
}

void WorkerMachine::server_answered() {
  ports_.loop.cancel(std::exchange(polls_stay_timer_, 0));
  const auto lasted = outage_.over(ports_.loop.now());
  if (!lasted) return;
  log(LogLevel::kInfo, "worker on task queue '" + settings_.task_queue + "': the server at " + settings_.address +
                           " answers after " + seconds_text(*lasted));
}

void WorkerMachine::open_polls() {
  if (!ready_ || phase_ != ShutdownPhase::kRunning) return;
  const TimePoint now = ports_.loop.now();
  if (now < quiet_until_) return;  // The timer comes back here.
  while (slots_.may_poll()) {
    slots_.poll_opened();
    const std::uint64_t poll = next_poll_++;
    polls_[poll] = 0;
    PollTaskParams params{settings_.namespace_name, settings_.task_queue, settings_.identity, settings_.instance_key};
    polls_[poll] =
        ports_.stub.poll_tasks(std::move(params), kPollTimeout,
                               [weak = weak_from_this(), poll, now](StatusOr<std::vector<ActivityTask>> answer) {
                                 if (const auto self = weak.lock()) self->poll_answered(poll, now, std::move(answer));
                               });
  }
  if (outage_.told() && polls_stay_timer_ == 0 && !polls_.empty())
    polls_stay_timer_ = at(now + kPollsStay, &WorkerMachine::server_answered);
  host_.count([&](auto& stats) { stats.polls_open = slots_.polls(); });
}

void WorkerMachine::poll_answered(std::uint64_t poll, TimePoint opened, StatusOr<std::vector<ActivityTask>> answer) {
  polls_.erase(poll);
  slots_.poll_ended();
  const TimePoint now = ports_.loop.now();
  if (answer) {
    poll_policy_.succeeded();
    server_answered();
    if (!answer->empty()) last_poll_with_task_ = ports_.loop.wall_now();
    for (auto& task : *answer) begin_attempt(std::move(task));  // Also while draining: the server counts on us.
    if (phase_ == ShutdownPhase::kRunning && answer->empty() && now - opened < kQuickestEmptyPoll) {
      quiet_until_ = now + kQuickestEmptyPoll;  // A server that answers at once has nothing to wait with.
      retry_at(quiet_until_, &WorkerMachine::open_polls);
    }
  } else if (phase_ == ShutdownPhase::kRunning &&
             (answer.error().code != StatusCode::kDeadlineExceeded || now - opened < kQuickestEmptyPoll)) {
    refused("PollActivityTaskQueue", answer.error(), now, &WorkerMachine::open_polls);
  }
  host_.count([&](auto& stats) { stats.polls_open = slots_.polls(); });
  open_polls();
  end_if_idle();
}

void WorkerMachine::begin_attempt(ActivityTask task) {
  if (phase_ != ShutdownPhase::kRunning && planted(Bug::kTaskDroppedWhileDraining)) return;
  if (phase_ == ShutdownPhase::kEnded) {  // The poll's answer crossed our end. Only the server's timer brings it back.
    host_.count([](auto& stats) { ++stats.tasks_dropped; });
    log(LogLevel::kError, task.activity_type + " '" + task.activity_id + "' (attempt " + std::to_string(task.attempt) +
                              ") came after the worker had ended, and is dropped");
    return;
  }
  // The answer may have waited in a frozen process since then.
  const TimePoint start = ports_.loop.last_idle();
  const Lease lease(start, task.heartbeat, attempt_limit(task));
  const std::uint64_t key = ports_.courier.new_key();
  if (task.namespace_name.empty()) task.namespace_name = settings_.namespace_name;
  auto probe = ports_.probe ? ports_.probe(task) : nullptr;
  auto attempt = std::make_shared<Attempt>(std::move(task), settings_.task_queue, ports_.converter, ports_.clock, lease,
                                           key, AttemptLinks{ports_.client, host_.counters, std::move(probe)});
  auto driver = std::make_shared<AttemptDriver>(host_, std::move(attempt), lease, report_limit(start, lease));
  attempts_.emplace(key, driver);
  slots_.attempt_started();
  host_.count([&](auto& stats) {
    ++stats.attempts_started;
    stats.attempts_running = stats.slots_used = slots_.used();
  });
  driver->start(ports_.executor);
  if (phase_ >= ShutdownPhase::kDraining) driver->notify_shutdown();
  if (phase_ >= ShutdownPhase::kStopping) driver->request_shutdown();
  if (phase_ >= ShutdownPhase::kForced) driver->force_shutdown(shutdown_plan_->end_at);
}

void WorkerMachine::attempt_settled(std::uint64_t key) {
  if (attempts_.erase(key) == 0) return;
  callers_.erase(key);
  slots_.attempt_settled();
  host_.count([&](auto& stats) { stats.attempts_running = stats.slots_used = slots_.used(); });
  open_polls();
  end_if_idle();
}

}  // namespace longbeat::internal
