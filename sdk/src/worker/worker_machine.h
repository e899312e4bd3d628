#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/loop.h"
#include "core/courier.h"
#include "core/executor.h"
#include "core/outage.h"
#include "core/poll_policy.h"
#include "core/service_stub.h"
#include "core/shutdown.h"
#include "core/slots.h"
#include "longbeat/data_converter.h"
#include "worker/attempt_driver.h"

namespace longbeat::internal {

struct WorkerSettings {
  std::string address{};  ///< of the server, for messages
  std::string namespace_name{};
  std::string identity{};
  std::string task_queue{};
  std::string instance_key{};  ///< unique per worker: a UUID
  std::int64_t slots = 100;
  std::int64_t polls_max = 5;
  std::uint64_t seed = 0;  ///< of the jitter in pauses
};

/// What a worker's machine works with. All outlive it. `clock` also outlives every attempt: contexts read it at any
/// time.
struct WorkerPorts {
  Loop& loop;
  ServiceStub& stub;
  Courier& courier;
  Executor& executor;
  const Clock& clock;
  DataConverter converter{};
};

/// A worker without threads: asks what the server can do, polls, drives attempts, shuts down. Belongs to the loop; only
/// stats() is for any thread. Held by shared_ptr, so that a late answer finds nobody instead of a dead worker.
class WorkerMachine : public std::enable_shared_from_this<WorkerMachine> {
 public:
  /// Names of the attempts that had not ended, or whose report the server has not acknowledged (their names say so).
  using Stopped = std::function<void(std::vector<std::string>)>;

  WorkerMachine(WorkerPorts ports, WorkerSettings settings);

  /// `on_refused` runs once, when the server has refused this worker for a minute. The machine goes on trying until
  /// stop(): a permission or a namespace may come late.
  void start(std::function<void(Error)> on_refused);
  /// Polls no more; after `grace` requests stop; reports WorkerShutdown before `within` has passed; then nothing of it
  /// runs any more. May be called again: every `stopped` is answered, and the earlier end counts. Both times are cut to
  /// ShutdownPlan::kLongest.
  void stop(Nanoseconds grace, Nanoseconds within, Stopped stopped);
  ShutdownPhase phase() const { return phase_; }
  WorkerStats stats() const;

 private:
  void ask_system();
  void ask_namespace();
  void refused(const char* call, const Status& status, TimePoint unanswered_since, void (WorkerMachine::*again)());
  void tell_outage(const char* call, const Status& status, TimePoint unanswered_since);
  void server_answered();
  void open_polls();
  void poll_answered(std::uint64_t poll, TimePoint opened, StatusOr<std::vector<ActivityTask>> answer);
  void begin_attempt(ActivityTask task);
  void attempt_settled(std::uint64_t key);
  void arm_shutdown(const ShutdownPlan& plan);
  void request_stops();
  void force_reports();
  void end_if_idle();
  void end();
  void retry_at(TimePoint at, void (WorkerMachine::*again)());
  TimerId at(TimePoint when, void (WorkerMachine::*method)());

  WorkerPorts ports_;
  WorkerSettings settings_;
  AttemptHost host_;
  Slots slots_;
  PollPolicy poll_policy_{};
  ShutdownPhase phase_ = ShutdownPhase::kRunning;
  bool ready_ = false;  ///< the server was asked what it can do
  TimePoint quiet_until_ = TimePoint::min();
  TimerId retry_timer_ = 0;
  Outage outage_{};
  TimerId polls_stay_timer_ = 0;  ///< while an outage is told and polls are open
  std::optional<ShutdownPlan> shutdown_plan_{};
  std::vector<TimerId> shutdown_timers_{};
  std::map<std::uint64_t, CallId> polls_{};  ///< open ones, by a number of our own
  std::map<std::uint64_t, std::shared_ptr<AttemptDriver>> attempts_{};
  std::uint64_t next_poll_ = 1;
  bool told_refusal_ = false;
  std::function<void(Error)> on_refused_{};
  std::vector<Stopped> stop_waiters_{};
  std::vector<std::string> left_{};  ///< what the last `stopped` are told
};

}  // namespace longbeat::internal
