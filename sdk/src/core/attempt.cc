#include "core/attempt.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "core/outcome.h"
#include "core/public_policy.h"

namespace longbeat::internal {
namespace {

/// The longest wait of save_now(): longer ones would only overflow on the way to the system.
constexpr std::chrono::nanoseconds kLongestSave = std::chrono::hours(240);
/// Waits look again after this time, because the lease may end without anyone noticing but us, and the machine may
/// sleep meanwhile.
constexpr std::chrono::nanoseconds kLongestSlice = std::chrono::seconds(1);

std::int64_t ticks(TimePoint at) {
  return at.time_since_epoch().count();
}

/// Takes the heartbeat details along: they may be large, and nobody looks for them in the task.
ActivityInfo to_info(ActivityTask& task, std::string task_queue) {
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
  info.start_to_close_timeout = unless_zero_or_less(task.start_to_close);
  info.schedule_to_close_timeout = unless_zero_or_less(task.schedule_to_close);
  info.heartbeat_timeout = unless_zero_or_less(task.heartbeat);
  info.retry_policy = public_form(task.retry);
  info.priority = public_form(task.priority);
  info.header = task.header;
  info.heartbeat_details = std::exchange(task.heartbeat_details, {});
  return info;
}

/// What one save_now() waits on; whoever settles it may do so after the waiter has gone.
struct Waiter {
  std::mutex mutex;
  std::condition_variable settled;
  std::optional<Result<>> answer;
};

}  // namespace

Attempt::Attempt(ActivityTask task, std::string task_queue, DataConverter converter, const Clock& clock,
                 const Lease& lease, std::uint64_t key, AttemptLinks links)
    : task_(std::move(task)),
      info_(to_info(task_, std::move(task_queue))),
      converter_(std::move(converter)),
      clock_(clock),
      key_(key),
      limit_(lease.limit()),
      links_(std::move(links)),
      stop_at_(ticks(lease.stop_at())),
      expiry_(ticks(lease.expiry())),
      ends_by_limit_(lease.ends_by_limit()) {}

void Attempt::open(Payloads input, Payloads heartbeat_details) {
  task_.input = std::move(input);
  info_.heartbeat_details = std::move(heartbeat_details);
}

std::string Attempt::name() const {
  return task_.activity_type + " '" + task_.activity_id + "' (attempt " + std::to_string(task_.attempt) + ")";
}

void Attempt::ignored() noexcept {
  if (links_.counters) links_.counters->heartbeats_ignored.fetch_add(1, std::memory_order_relaxed);
}

void Attempt::put(std::unique_ptr<DetailsValue> value) noexcept {
  if (ended()) return ignored();
  look();
  if (links_.probe) value = links_.probe->calling(std::move(value));
  if (cell_.put(std::move(value))) wake();
  if (links_.probe) links_.probe->called();
}

void Attempt::repeat() noexcept {
  if (ended()) return ignored();
  look();
  advance(1);
  if (links_.probe) links_.probe->repeating();
  if (cell_.repeat()) wake();
  if (links_.probe) links_.probe->called();
}

void Attempt::put_failed(const char* why) noexcept {
  if (ended()) return ignored();
  if (links_.probe) links_.probe->failing(why);
  fail_details(why);
  if (links_.probe) links_.probe->called();
}

void Attempt::fail_details(const std::string& why) noexcept {
  if (ended()) return;
  const bool is_first = details_failure_.with([&](auto& failure) {
    if (failure) return false;
    failure = application_failure("HeartbeatDetailsError",
                                  "heartbeat details of activity '" + info_.activity_id + "': " + why);
    return true;
  });
  if (is_first) log(LogLevel::kWarn, name() + ": its heartbeat details are not sent, it is asked to stop: " + why);
  if (stop(StopCause::kBrokenDetails, false)) wake();
}

std::optional<Failure> Attempt::details_failure() const {
  return details_failure_.with([](const auto& failure) { return failure; });
}

std::optional<Failure> Attempt::stall_failure() const {
  return stall_failure_.with([](const auto& failure) { return failure; });
}

void Attempt::fail_stalled(Failure failure) noexcept {
  stall_failure_.with([&](auto& current) { current = std::move(failure); });
  stop(StopCause::kStalled, false);
}

Result<> Attempt::save_now(Payloads details, std::chrono::nanoseconds timeout) {
  if (look() && lost()) return Error{ErrorCode::kLeaseLost, "save_now: this attempt does not count any more"};
  if (ended()) return Error{ErrorCode::kLeaseLost, "save_now: the attempt has ended"};
  const auto waiter = std::make_shared<Waiter>();
  const auto settle = [weak = std::weak_ptr(waiter)](Result<> answer) {
    const auto waits = weak.lock();
    if (!waits) return;
    const std::lock_guard lock(waits->mutex);
    if (!waits->answer) waits->answer = std::move(answer);
    waits->settled.notify_all();
  };
  if (links_.probe) links_.probe->saving(details);
  UrgentSave save{std::move(details), cell_.next_sequence(), settle, waiter};
  urgent_.with([&](auto& saves) {
    // However fast somebody calls who does not wait: only the newest of those values is still of use.
    std::erase_if(saves, [&](const auto& older) { return older.sequence < save.sequence && older.caller.expired(); });
    saves.push_back(std::move(save));
  });
  wake();
  if (ended()) return Error{ErrorCode::kLeaseLost, "save_now: the attempt has ended"};  // Nobody was there to be woken.
  timeout = std::clamp<std::chrono::nanoseconds>(timeout, std::chrono::nanoseconds::zero(), kLongestSave);
  const auto until = after(timeout);
  if (links_.probe && timeout > std::chrono::nanoseconds::zero()) {
    links_.probe->pass(until, [&] {
      const std::lock_guard lock(waiter->mutex);
      return waiter->answer.has_value();
    });
  }
  if (links_.probe) links_.probe->called();
  const auto wait_left = links_.probe ? std::chrono::nanoseconds::zero() : timeout;
  std::unique_lock lock(waiter->mutex);
  if (!waiter->settled.wait_for(lock, wait_left, [&] { return waiter->answer.has_value(); })) {
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

std::shared_ptr<StopListener> Attempt::listen(std::function<void(StopCause)> function) {
  auto listener = std::make_shared<StopListener>(std::move(function));
  if (stop_.add(listener)) wake();  // The loop tells it what came before.
  if (links_.probe) links_.probe->listens();
  return listener;
}

TimePoint Attempt::after(std::chrono::nanoseconds duration) const noexcept {
  const TimePoint now = clock_.now();
  return duration >= TimePoint::max() - now ? TimePoint::max() : now + duration;
}

TimePoint Attempt::begin_wait(std::chrono::nanoseconds duration) const noexcept {
  if (links_.probe) links_.probe->begin_wait();
  return after(duration);
}

std::chrono::nanoseconds Attempt::wait_slice(TimePoint until) noexcept {
  const auto slice = next_look(until);
  if (!links_.probe || slice == std::chrono::nanoseconds::zero()) return slice;
  const auto real_slice = links_.probe->slice(until);
  return next_look(until) > std::chrono::nanoseconds::zero() ? real_slice : std::chrono::nanoseconds::zero();
}

std::chrono::nanoseconds Attempt::next_look(TimePoint until) noexcept {
  if (look() || ended()) return std::chrono::nanoseconds::zero();
  const TimePoint now = clock_.now();
  const TimePoint stop_at{std::chrono::nanoseconds(stop_at_.load())};
  if (now >= until) return std::chrono::nanoseconds::zero();
  return std::clamp(std::min(until, stop_at) - now, std::chrono::nanoseconds(1), kLongestSlice);
}

void Attempt::rest(TimePoint until, std::chrono::nanoseconds at_most) const noexcept {
  if (!links_.probe) return stop_.wait(at_most);
  links_.probe->pass(until, [this] { return stopped() || ended(); });
}

bool Attempt::sleep_for(std::chrono::nanoseconds duration) noexcept {
  const TimePoint until = after(duration);
  for (auto slice = next_look(until); slice > std::chrono::nanoseconds::zero(); slice = next_look(until)) {
    rest(until, slice);
  }
  return !stopped() && !ended();
}

bool Attempt::sleep_until(WallTime until) noexcept {
  for (;;) {
    const auto slice = next_look(TimePoint::max());
    const WallTime now = clock_.wall_now();
    if (slice == std::chrono::nanoseconds::zero() || now >= until) return !stopped() && !ended();
    const std::chrono::nanoseconds left = until - now;  // No overflow: `now` is after 1970.
    rest(after(left), std::min(left, slice));
  }
}

std::uint64_t Attempt::begin_auto_beat(const AutoHeartbeatOptions& options) {
  const auto number = auto_heart_.with([&](AutoHeart& heart) -> std::uint64_t {
    if (ended()) return 0;
    heart = {last_auto_beat_.fetch_add(1) + 1, options};
    return heart.number;
  });
  if (number != 0) wake();
  return number;
}

void Attempt::end_auto_beat(std::uint64_t number) noexcept {
  const bool lived = auto_heart_.with([&](AutoHeart& heart) {
    if (number == 0 || heart.number != number) return false;
    heart = {};
    return true;
  });
  if (lived) wake();
}

AutoBeat Attempt::look_at_progress() const {
  AutoBeat beat;
  beat.progress.own = advanced_.load(std::memory_order_relaxed) + cell_.last_sequence();
  auto_heart_.with([&](const AutoHeart& heart) {
    beat.number = heart.number;
    beat.stall_timeout = heart.options.stall_timeout;
    beat.counter_given = heart.options.progress != nullptr;
    if (beat.counter_given) beat.progress.given = heart.options.progress->load(std::memory_order_relaxed);
  });
  return beat;
}

void Attempt::attach(std::type_index type, std::shared_ptr<const void> value) {
  // What was there dies outside of the lock.
  attached_.with([&](Attached& attached) {
    if (!attached.over) attached.values[type].swap(value);
  });
}

std::shared_ptr<const void> Attempt::attached(std::type_index type) const {
  return attached_.with([&](const Attached& attached) {
    const auto at = attached.values.find(type);
    return at == attached.values.end() ? nullptr : at->second;
  });
}

void Attempt::let_go() noexcept {
  static_cast<void>(attached_.with([](Attached& attached) {
    attached.over = true;
    return std::exchange(attached.values, {});
  }));
}

bool Attempt::give_away(const std::shared_ptr<Handover>& handover) {
  const bool given = handover_.with([&](auto& current) {
    if (current || ended()) return false;
    current = handover;
    given_away_.store(true);
    return true;
  });
  if (given) wake();
  return given;
}

std::shared_ptr<Handover> Attempt::handover() const {
  if (!given_away()) return nullptr;
  return handover_.with([](const auto& current) { return current; });
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
  stop_.end();
  handover_.with([](const auto&) {});  // Who had not seen the end there has been, or comes too late.
  auto_heart_.with([](AutoHeart& heart) { heart = {}; });
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
