#pragma once
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "longbeat/client_options.h"
#include "longbeat/data_converter.h"
#include "longbeat/errors.h"
#include "longbeat/export.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"

namespace longbeat::internal {

class Attempt;

/// Heartbeat details as the activity gave them; encoded later, away from the activity's thread and from the event loop.
struct LONGBEAT_EXPORT DetailsValue {
  virtual ~DetailsValue() = default;
  virtual Result<Payloads> encode(const DataConverter& converter) const = 0;
  std::uint64_t sequence = 0;
};

template <class... Values>
struct HeldDetails final : DetailsValue {
  template <class... Given>
  explicit HeldDetails(const Given&... given) : values(given...) {}
  Result<Payloads> encode(const DataConverter& converter) const override {
    return std::apply([&](const Values&... each) { return converter.to_payloads(each...); }, values);
  }
  std::tuple<Values...> values;
};

}  // namespace longbeat::internal

LONGBEAT_BEGIN

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
  /// connection shows as lost_token(), a value that cannot be encoded fails the attempt.
  template <class... Values>
  void heartbeat(const Values&... values) noexcept {
    if constexpr (sizeof...(Values) == 0) {
      repeat_heartbeat();
    } else {
      try {
        put(std::make_unique<internal::HeldDetails<internal::KeptValue<Values>...>>(values...));
      } catch (const std::exception& error) {
        put_failed(error.what());
      } catch (...) {
        put_failed("copying the value threw something that is not a std::exception");
      }
    }
  }

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
  /// Callbacks run on a thread of the SDK.
  std::stop_token stop_token() const noexcept;
  /// Requested when nothing this attempt does can count any more: its lease or its time is over.
  std::stop_token lost_token() const noexcept;
  /// In the order of arrival; empty as long as nobody asked to stop.
  std::vector<StopCause> stop_causes() const;
  bool stopped() const noexcept;
  /// Throws ActivityStopped once there is a reason to stop.
  void throw_if_stopped() const;
  /// Sleeps, but not longer than until there is a reason to stop: false when it was cut short. Zero and less only look.
  bool sleep_for(std::chrono::nanoseconds duration) const;

  const ActivityInfo& info() const noexcept;
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
  void put(std::unique_ptr<internal::DetailsValue> value) noexcept;
  void put_failed(const char* why) noexcept;
  void repeat_heartbeat() noexcept;

  std::shared_ptr<internal::Attempt> attempt_;
};

LONGBEAT_END

#include "longbeat/checkpoint.h"
