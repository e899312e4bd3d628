#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
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
  std::string instance_key{};                            ///< unique per worker: a UUID
  std::string host_name{}, process_id{}, process_key{};  ///< process_key: a UUID that the workers of a process share
  Nanoseconds heartbeat_interval = std::chrono::seconds(60);  ///< of the worker's own heartbeats; 0: none
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
  std::weak_ptr<ClientCore> client{};  ///< for ActivityContext::client()
  WireFormat format{};                 ///< the client's codecs
  /// What new attempts are put between them and the world; null: nothing.
  std::function<std::shared_ptr<AttemptProbe>(const ActivityTask&)> probe{};
};

/// A worker without threads: asks what the server can do, polls, drives attempts, shuts down. Belongs to the loop; only
/// stats() is for any thread. Held by shared_ptr, so that a late answer finds nobody instead of a dead worker.
class WorkerMachine : public std::enable_shared_from_this<WorkerMachine> {
 public:
  /// Names of the attempts that had not ended, with what is known of their functions, and of those whose report the
  /// server has not acknowledged (their names say so).
  using Stopped = std::function<void(std::vector<std::string>)>;

  WorkerMachine(WorkerPorts ports, WorkerSettings settings);

  /// `on_refused` runs once, when the server has refused this worker for a minute. The machine goes on trying until
  /// stop(): a permission or a namespace may come late.
  void start(std::function<void(Error)> on_refused);
  /// Tells the server, polls no more, runs what open polls still bring; after `grace` requests stop; reports
  /// WorkerShutdown before `within` has passed; then nothing of it runs any more. May be called again: every `stopped`
  /// is answered, and the earlier end counts. Both times are cut to ShutdownPlan::kLongest. `caller`: key of the
  /// attempt whose function asks, 0 for anybody else; its `stopped` waits for the others only, and the attempt itself
  /// goes on until it returns or somebody else's stop ends it.
  void stop(Nanoseconds grace, Nanoseconds within, Stopped stopped, std::uint64_t caller = 0);
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

  // The way out (worker_shutdown.cc)
  void tell_server();
  void server_told(const StatusOr<>& answer);
  void end_polls();
  void cancel_polls();
  void arm_shutdown();
  bool goes_on(std::uint64_t key, TimePoint ShutdownPlan::* until) const;
  void request_stops();
  void force_reports();
  void end_if_idle();
  void end_in_time();
  void leave(std::uint64_t key, AttemptDriver& driver);
  void end();

  // What the server is told about this worker (worker_heartbeat.cc)
  void begin_heartbeats(bool server_takes_them);
  void send_heartbeat();
  void heartbeat_answered(const StatusOr<>& answer);
  WorkerHeartbeatFields heartbeat(WorkerStatus status);

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
  TimerId polls_stay_timer_ = 0;            ///< while an outage is told and polls are open
  bool polls_completed_by_server_ = false;  ///< ShutdownWorker answers the open polls
  bool telling_server_ = false;             ///< ShutdownWorker is under way
  CallId shutdown_call_ = 0;
  std::optional<ShutdownPlan> shutdown_plan_{};
  std::optional<ShutdownPlan> outside_plan_{};  ///< of those who are no attempts: it binds the callers too
  std::set<std::uint64_t> callers_{};           ///< attempts that asked for the stop themselves
  std::vector<TimerId> shutdown_timers_{};
  std::map<std::uint64_t, CallId> polls_{};  ///< open ones, by a number of our own
  std::map<std::uint64_t, std::shared_ptr<AttemptDriver>> attempts_{};
  std::uint64_t next_poll_ = 1;
  bool told_refusal_ = false;
  std::function<void(Error)> on_refused_{};
  struct StopWaiter {
    Stopped stopped;
    bool inside = false;  ///< waits for the others only
  };
  void answer(bool inside_only);
  std::vector<StopWaiter> stop_waiters_{};
  std::vector<std::string> left_{};  ///< what the last `stopped` are told

  bool heartbeats_ = false, heartbeat_under_way_ = false, told_heartbeat_trouble_ = false;
  TimerId heartbeat_timer_ = 0;
  WallTime start_time_{};
  std::optional<TimePoint> heartbeat_sent_{};
  std::optional<WallTime> last_poll_with_task_{};
  std::int32_t processed_told_ = 0, failed_told_ = 0;
};

}  // namespace longbeat::internal
