#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <typeinfo>
#include <utility>
#include <vector>

#include "longbeat/activity_logger.h"
#include "longbeat/call_options.h"
#include "longbeat/data_converter.h"
#include "longbeat/errors.h"
#include "longbeat/export.h"
#include "longbeat/fencing_token.h"
#include "longbeat/held_details.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"
#include "longbeat/retry_policy.h"
#include "longbeat/stop_callback.h"

namespace longbeat::internal {

class Attempt;

LONGBEAT_EXPORT void put_details(Attempt& attempt, std::unique_ptr<DetailsValue> value) noexcept;
LONGBEAT_EXPORT void put_details_failed(Attempt& attempt, const char* why) noexcept;
LONGBEAT_EXPORT Result<> save_details_now(Attempt& attempt, Payloads details, std::chrono::nanoseconds timeout);
LONGBEAT_EXPORT void attach_value(Attempt& attempt, const std::type_info& type, std::shared_ptr<const void> value);
LONGBEAT_EXPORT std::shared_ptr<const void> attached_value(const Attempt& attempt, const std::type_info& type);

/// Details that `make` copies. What copying throws fails the attempt and not the caller.
template <class Make>
void put_copied_details(Attempt& attempt, const Make& make) noexcept {
  try {
    put_details(attempt, make());
  } catch (const std::exception& error) {
    put_details_failed(attempt, error.what());
  } catch (...) {
    put_details_failed(attempt, "copying the value threw something that is not a std::exception");
  }
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

class AutoHeartbeat;
class Client;
class LateCompletion;
template <class T>
class Checkpoint;

/// Everything the server told about one attempt.
struct ActivityInfo {
  std::string activity_id{};
  std::string activity_type{};
  /// Run of a standalone activity; empty for an activity of a workflow.
  std::string run_id{};
  /// Only for activities that a workflow scheduled.
  std::string workflow_id{}, workflow_run_id{}, workflow_type{};
  /// Of the activity, also when a workflow scheduled it.
  std::string namespace_name{};
  std::string task_queue{};
  /// The first attempt is 1.
  std::int32_t attempt = 1;
  /// When the activity was asked for, when this attempt became due, when the server handed it out; the server's clock.
  std::chrono::sys_time<std::chrono::nanoseconds> scheduled_time{}, current_attempt_scheduled_time{}, started_time{};
  /// Not set: no such limit.
  std::optional<std::chrono::nanoseconds> start_to_close_timeout{}, schedule_to_close_timeout{}, heartbeat_timeout{};
  RetryPolicy retry_policy{};
  Priority priority{};
  /// What the caller's interceptors sent along.
  std::map<std::string, Payload> header{};
  /// What earlier attempts left, raw; ActivityContext::checkpoint reads it.
  Payloads heartbeat_details{};

  /// True when no workflow stands behind this activity.
  bool standalone() const noexcept { return workflow_id.empty(); }
};

/// What an activity sees of its attempt. Valid until the activity function returns; calls after the attempt's end do
/// nothing. Thread-safe: the activity may heartbeat from threads it started itself.
class LONGBEAT_EXPORT ActivityContext {
 public:
  /// Only for longbeat itself: workers make contexts.
  explicit ActivityContext(std::shared_ptr<internal::Attempt> attempt) noexcept;
  ~ActivityContext();
  ActivityContext(const ActivityContext&) = delete;
  ActivityContext& operator=(const ActivityContext&) = delete;

  /// Reports progress and returns at once. Calls are throttled, the newest value wins; the next attempt finds the
  /// newest value the server acknowledged. Without a value the newest known one is repeated. Never throws: a lost
  /// connection shows as lost_token(); a value that cannot be encoded asks the attempt to stop (cause: broken details)
  /// and fails it retryably, also when the function then returns a result.
  template <class... Values>
  void heartbeat(const Values&... values) noexcept {
    if constexpr (sizeof...(Values) == 0) {
      repeat_heartbeat();
    } else {
      internal::put_copied_details(*attempt_, [&] {
        return std::make_unique<internal::HeldDetails<internal::KeptValue<Values>...>>(values...);
      });
    }
  }

  /// The same for values that must have arrived before the work goes on: sends at once, whatever the throttle says, and
  /// waits for the acknowledgement. kDeadlineExceeded: not acknowledged in time, it may still arrive; kLeaseLost: this
  /// attempt does not count any more; kUndecodable: a value cannot be encoded, nothing was sent; kInvalidArgument: too
  /// large, or refused. `timeout`: zero or less does not wait, more than 240 hours counts as that.
  template <class... Values>
  Result<> save_now(std::chrono::nanoseconds timeout, const Values&... values) {
    static_assert(sizeof...(Values) > 0, "longbeat: save_now needs a value; heartbeat() repeats the newest");
    auto details = converter().to_payloads(values...);
    if (!details) return std::move(details).error();
    return internal::save_details_now(*attempt_, *std::move(details), timeout);
  }
  /// Tells an AutoHeartbeat that the work goes on; sends nothing. One atomic addition, any thread.
  void advance(std::uint64_t by = 1) noexcept;

  /// What the last attempt saved, or a default T. Throws ApplicationError (type "UndecodableDetails") when there is
  /// something that is not a T; let it pass, and the attempt fails with it.
  template <class T>
  Checkpoint<T> checkpoint();
  /// The same without exceptions: kUndecodable when there is something that is not a T; Checkpoint::restored() tells
  /// whether there was anything.
  template <class T>
  Result<Checkpoint<T>> try_checkpoint();
  /// Details of the earlier attempts as several values, as heartbeat(a, b) gave them. kNotFound when there are none.
  template <class... Values>
  Result<std::tuple<Values...>> previous_details() const {
    if (info().heartbeat_details.empty())
      return Error{ErrorCode::kNotFound, "no earlier attempt left heartbeat details"};
    return converter().from_payloads<std::tuple<Values...>>(info().heartbeat_details);
  }

  /// Requested for any reason to stop; stop_causes() tells which. Code that never looks cannot be interrupted.
  /// Callbacks run on a thread of the SDK and must not throw; on_stop() is the more patient way. stopped() and the
  /// waits of this class know first: the tokens follow on those threads, up to 64 for each connection. Only as many
  /// callbacks that block delay the tokens of other attempts.
  std::stop_token stop_token() const noexcept;
  /// Requested when nothing this attempt does can count any more: its lease or its time is over.
  std::stop_token lost_token() const noexcept;
  /// Requested as soon as the worker begins to shut down. The attempt may go on until stop is requested on it
  /// (WorkerOptions::graceful_shutdown_timeout later), and end at a good place until then.
  std::stop_token shutdown_token() const noexcept;
  /// The same as a flag.
  bool shutting_down() const noexcept;
  /// In the order of arrival; empty as long as nobody asked to stop.
  std::vector<StopCause> stop_causes() const;
  bool stopped() const noexcept;
  /// Throws ActivityStopped once there is a reason to stop.
  void throw_if_stopped() const;
  /// Calls `function` on a thread of the SDK with each cause, in the order of arrival: those that have come already,
  /// then those that follow. What it throws is logged; while it blocks, it is told nothing more. Others are only held
  /// up by 64 that block at the same time, as at stop_token(). Not called any more once the attempt has ended or the
  /// returned object is gone.
  [[nodiscard]] StopCallback on_stop(std::function<void(StopCause)> function);
  /// A descriptor (eventfd, non-blocking) for poll() and the like, made at the first call: readable once there is a
  /// reason to stop, its counter is the number of causes since it was read last. Belongs to the attempt: do not close
  /// it, and do not use it after the activity function has returned. -1 with errno when the process has no descriptor
  /// left; a later call tries again.
  int stop_fd() const noexcept;
  /// Sleeps, but not longer than until there is a reason to stop: false when it was cut short. Zero and less only look.
  bool sleep_for(std::chrono::nanoseconds duration) const;
  /// The same until a time of day; jumps of the wall clock are noticed within a second.
  bool sleep_until(std::chrono::sys_time<std::chrono::nanoseconds> until) const;
  /// Waits until `ready()`, called with the lock held, or until there is a reason to stop: then false, unless it is
  /// ready.
  template <class Lock, class Ready>
  bool wait(Lock& lock, std::condition_variable_any& condition, Ready ready) const {
    return wait_for(lock, condition, std::chrono::nanoseconds::max(), std::move(ready));
  }
  /// The same for no longer than `duration`.
  template <class Lock, class Ready>
  bool wait_for(Lock& lock, std::condition_variable_any& condition, std::chrono::nanoseconds duration,
                Ready ready) const {
    const auto token = stop_token();
    const auto until = wait_end(duration);
    while (!ready()) {
      const auto slice = wait_slice(until);  // Short ones: the lease may end without a word from anybody.
      if (slice == std::chrono::nanoseconds::zero()) return false;
      condition.wait_for(lock, token, slice, ready);
    }
    return true;
  }

  const ActivityInfo& info() const noexcept;
  /// The arguments as they came.
  const Payloads& raw_input() const noexcept;
  /// For writes to systems that must refuse an older attempt.
  FencingToken fencing_token() const;
  /// The server's opaque proof of holding this attempt.
  const std::string& task_token() const noexcept;
  /// Leaves the end of this attempt to the object returned: keep it, and report with it from any thread, or release()
  /// its token to another program. When the function then returns, its result is ignored, the newest details are sent,
  /// nothing is reported, and the slot is free. Until then the context works on, and this worker's heartbeats hold the
  /// attempt; from then on heartbeats are the other side's duty too. If the function throws, it fails as usual and the
  /// object can report nothing any more. A worker that ends while the function still runs leaves the attempt to the
  /// object as well. One object an attempt: a second one, and one of an attempt that has ended, can report nothing.
  /// `call` bounds each of its calls.
  [[nodiscard]] LateCompletion complete_later(const CallOptions& call = {});

  /// Keeps a value of the program's own with this attempt, one of each type, for example what an interceptor found in
  /// the header; takes the place of an earlier one. Let go when the function has returned.
  template <class T>
  void attach(T value) {
    internal::attach_value(*attempt_, typeid(T), std::make_shared<const T>(std::move(value)));
  }
  /// The value of this type, also on threads that the activity started; null when nobody attached one. May be kept.
  template <class T>
  std::shared_ptr<const T> attached() const {
    return std::static_pointer_cast<const T>(internal::attached_value(*attempt_, typeid(T)));
  }

  /// Writes with the fields of this attempt.
  ActivityLogger logger() const noexcept;
  /// On the connection and namespace of this worker, which it keeps alive. kFailedPrecondition when its client is gone.
  /// In a callback (of a token, of on_stop, of a codec) do not keep it for longer than the program keeps its own: the
  /// last Client must not go on a thread of the SDK. Include <longbeat/client.h>.
  Result<Client> client() const;

  /// How long this attempt may take in all, from now. Not set: no limit. Never negative.
  std::optional<std::chrono::nanoseconds> time_left() const noexcept;
  /// When the time of this attempt is over, by this machine's clock (it follows jumps of the wall clock: for people and
  /// for other systems, not for waiting). Not set: no limit.
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> deadline() const noexcept;
  /// Until when this worker may assume that it holds the attempt, from now: moved by each acknowledged heartbeat. Stop
  /// is requested a little earlier. Not set: no limit. Never negative.
  std::optional<std::chrono::nanoseconds> lease_left() const noexcept;
  /// The same as a time of day; see deadline().
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> lease_expiry() const noexcept;
  const DataConverter& converter() const noexcept;

 private:
  template <class T>
  friend class Checkpoint;
  friend class AutoHeartbeat;
  std::chrono::nanoseconds wait_end(std::chrono::nanoseconds duration) const noexcept;
  std::chrono::nanoseconds wait_slice(std::chrono::nanoseconds end) const noexcept;
  void repeat_heartbeat() noexcept;

  std::shared_ptr<internal::Attempt> attempt_;
};

LONGBEAT_END

#include "longbeat/async_activity.h"
#include "longbeat/checkpoint.h"
