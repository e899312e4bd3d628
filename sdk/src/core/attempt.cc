#include "core/attempt.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace longbeat::internal {
namespace {

/// The longest wait of save_now(): longer ones would only overflow on the way to the system.
constexpr std::chrono::nanoseconds kLongestSave = std::chrono::hours(240);

std::int64_t ticks(TimePoint at) {
  return at.time_since_epoch().count();
}

std::optional<std::chrono::nanoseconds> set_or_nothing(Nanoseconds duration) {
  return duration > Nanoseconds::zero() ? std::optional(duration) : std::nullopt;
}

RetryPolicy to_retry_policy(const RetryPolicyFields& fields) {
  RetryPolicy policy;
  policy.initial_interval = set_or_nothing(fields.initial_interval);
  if (fields.backoff_coefficient > 0) policy.backoff_coefficient = fields.backoff_coefficient;
  policy.maximum_interval = set_or_nothing(fields.maximum_interval);
  if (fields.maximum_attempts > 0) policy.maximum_attempts = fields.maximum_attempts;
  policy.non_retryable_error_types = fields.non_retryable_error_types;
  return policy;
}

Priority to_priority(const PriorityFields& fields) {
  Priority priority;
  if (fields.priority_key > 0) priority.priority_key = fields.priority_key;
  priority.fairness_key = fields.fairness_key;
  if (fields.fairness_weight > 0) priority.fairness_weight = fields.fairness_weight;
  return priority;
}

ActivityInfo to_info(const ActivityTask& task, std::string task_queue) {
  ActivityInfo info;
  info.activity_id = task.activity_id;
  info.activity_type = task.activity_type;
  info.run_id = task.activity_run_id;
  info.workflow_id = task.workflow_id;
  info.workflow_run_id = task.workflow_run_id;
  info.workflow_type = task.workflow_type;
  info.namespace_name = task.namespace_name;
  info.task_queue = std::move(task_queue);
  info.attempt = task.attempt;
  info.scheduled_time = task.scheduled_time;
  info.current_attempt_scheduled_time = task.current_attempt_scheduled_time;
  info.started_time = task.started_time;
  info.start_to_close_timeout = set_or_nothing(task.start_to_close);
  info.schedule_to_close_timeout = set_or_nothing(task.schedule_to_close);
  info.heartbeat_timeout = set_or_nothing(task.heartbeat);
  info.retry_policy = to_retry_policy(task.retry);
  info.priority = to_priority(task.priority);
  info.header = task.header;
  info.heartbeat_details = task.heartbeat_details;
  return info;
}

/// What one save_now() waits on; whoever settles it may do so after the waiter has gone.
struct Waiter {
  std::mutex mutex;
  std::condition_variable settled;
  std::optional<Result<>> answer;
};

}  // namespace

bool means_lost(StopCause cause) noexcept {
  return cause == StopCause::kLeaseLost || cause == StopCause::kNotFound || cause == StopCause::kTimedOut;
}

Attempt::Attempt(ActivityTask task, std::string task_queue, DataConverter converter, const Clock& clock,
                 const Lease& lease, std::uint64_t key)
    : task_(std::move(task)),
      info_(to_info(task_, std::move(task_queue))),
      converter_(std::move(converter)),
      clock_(clock),
      key_(key),
      limit_(lease.limit()),
      stop_at_(ticks(lease.stop_at())),
      expiry_(ticks(lease.expiry())),
      ends_by_limit_(lease.ends_by_limit()) {}

void Attempt::put(std::unique_ptr<DetailsValue> value) noexcept {
  if (ended()) return;
  look();
  if (cell_.put(std::move(value))) wake();
}

void Attempt::repeat() noexcept {
  if (ended()) return;
  look();
  if (cell_.repeat()) wake();
}

void Attempt::fail_details(const std::string& why) noexcept {
  if (ended()) return;
  details_failure_.with([&](auto& failure) {
    if (failure) return;
    failure.emplace();
    failure->kind = FailureKind::kApplication;
    failure->type = "HeartbeatDetailsError";
    failure->message = "heartbeat details of activity '" + info_.activity_id + "': " + why;
  });
  if (stop(StopCause::kBrokenDetails, false)) wake();
}

std::optional<Failure> Attempt::details_failure() const {
  return details_failure_.with([](const auto& failure) { return failure; });
}

Result<> Attempt::save_now(Payloads details, std::chrono::nanoseconds timeout) {
  if (look() && lost()) return Error{ErrorCode::kLeaseLost, "save_now: this attempt does not count any more"};
  if (ended()) return Error{ErrorCode::kLeaseLost, "save_now: the attempt has ended"};
  const auto waiter = std::make_shared<Waiter>();
  UrgentSave save{std::move(details), cell_.next_sequence(), [waiter](Result<> answer) {
                    const std::lock_guard lock(waiter->mutex);
                    if (!waiter->answer) waiter->answer = std::move(answer);
                    waiter->settled.notify_all();
                  }};
  urgent_.with([&](auto& saves) { saves.push_back(std::move(save)); });
  wake();
  if (ended()) return Error{ErrorCode::kLeaseLost, "save_now: the attempt has ended"};  // Nobody was there to be woken.
  timeout = std::clamp<std::chrono::nanoseconds>(timeout, std::chrono::nanoseconds::zero(), kLongestSave);
  std::unique_lock lock(waiter->mutex);
  if (!waiter->settled.wait_for(lock, timeout, [&] { return waiter->answer.has_value(); })) {
    return Error{ErrorCode::kDeadlineExceeded, "save_now: not acknowledged within " +
                                                   std::to_string(timeout / std::chrono::milliseconds(1)) +
                                                   " ms; it may still arrive"};
  }
  return *waiter->answer;
}

bool Attempt::look() noexcept {
  if (!ended() && !lost() && ticks(clock_.now()) >= stop_at_.load()) {
    if (stop(ends_by_limit_.load() ? StopCause::kTimedOut : StopCause::kLeaseLost, true)) wake();
  }
  return stopped();
}

bool Attempt::stop(StopCause cause, bool lost) noexcept {
  const std::lock_guard lock(causes_mutex_);
  if (ended()) return false;
  const auto end = causes_.begin() + static_cast<std::ptrdiff_t>(cause_count_);
  const bool known = std::find(causes_.begin(), end, cause) != end;
  if (known && (!lost || lost_.load())) return false;
  if (!known) causes_[cause_count_++] = cause;
  if (lost) lost_.store(true);
  stopped_.store(true);
  stop_came_.notify_all();
  return true;
}

std::vector<StopCause> Attempt::causes() const {
  const std::lock_guard lock(causes_mutex_);
  return {causes_.data(), causes_.data() + cause_count_};
}

bool Attempt::sleep_for(std::chrono::nanoseconds duration) noexcept {
  const TimePoint start = clock_.now();
  const TimePoint until = duration >= TimePoint::max() - start ? TimePoint::max() : start + duration;
  while (!look()) {
    const TimePoint now = clock_.now();
    if (now >= until) return true;
    // In slices, because the lease may end without anyone noticing but us, and the machine may sleep meanwhile.
    const auto rest = std::min({until - now, TimePoint(std::chrono::nanoseconds(stop_at_.load())) - now,
                                std::chrono::nanoseconds(std::chrono::seconds(1))});
    std::unique_lock lock(causes_mutex_);
    stop_came_.wait_for(lock, rest, [&] { return stopped(); });
  }
  return false;
}

void Attempt::request_tokens() {
  if (stopped()) stop_source_.request_stop();
  if (lost()) lost_source_.request_stop();
}

void Attempt::publish(const Lease& lease) noexcept {
  ends_by_limit_.store(lease.ends_by_limit());
  expiry_.store(ticks(lease.expiry()));
  stop_at_.store(ticks(lease.stop_at()));
}

void Attempt::connect(std::function<void()> wake) {
  wake_.with([&](auto& current) { current = std::move(wake); });
}

void Attempt::end() noexcept {
  {
    const std::lock_guard lock(causes_mutex_);
    ended_.store(true);
  }
  cell_.disarm();
  wake_.with([](auto& current) { current = nullptr; });
}

std::vector<UrgentSave> Attempt::take_urgent_saves() {
  return urgent_.with([](auto& saves) { return std::exchange(saves, {}); });
}

void Attempt::wake() noexcept {
  try {
    wake_.with([](const auto& current) {
      if (current) current();
    });
  } catch (const std::exception& error) {
    log(LogLevel::kError, std::string("waking the event loop failed: ") + error.what());
  }
}

}  // namespace longbeat::internal
