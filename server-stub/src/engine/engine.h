#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/replies.h"
#include "machine/activity_state.h"
#include "outbound/outbound.h"
#include "request/admin_requests.h"
#include "request/limits.h"
#include "request/namespace_requests.h"
#include "request/operator_requests.h"
#include "request/queue_requests.h"
#include "request/requests.h"
#include "request/visibility_requests.h"
#include "request/worker_requests.h"
#include "storage/store.h"
#include "visibility/visibility.h"

namespace longbeat::server {

/// Where one command's answer goes: a gRPC call, a test, the simulation.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  /// Called exactly once, from step() or stop_accepting(), after what it tells of is durable. The engine does not touch
  /// the sink afterwards.
  virtual void reply(StatusOr<Reply> reply) = 0;
};

using Request =
    std::variant<StartRequest, PollTaskRequest, HeartbeatRequest, CompletedRequest, FailedRequest, CanceledRequest,
                 PollOutcomeRequest, DescribeRequest, CancelRequest, TerminateRequest, DeleteRequest, PauseRequest,
                 UnpauseRequest, ResetRequest, UpdateOptionsRequest, ListActivitiesRequest, CountActivitiesRequest,
                 ListWorkflowsRequest, DescribeNamespaceRequest, RegisterNamespaceRequest, ListNamespacesRequest,
                 UpdateNamespaceRequest, DeprecateNamespaceRequest, DeleteNamespaceRequest, ListSearchAttributesRequest,
                 AddSearchAttributesRequest, RemoveSearchAttributesRequest, DescribeTaskQueueRequest,
                 UpdateTaskQueueConfigRequest, ListTaskQueuePartitionsRequest, IdlePollRequest,
                 RecordWorkerHeartbeatRequest, ShutdownWorkerRequest, ListWorkersRequest, CountWorkersRequest,
                 DescribeWorkerRequest, PollCommandsRequest, CommandsDoneRequest, BackupRequest>;

/// Names one parked or queued command of this engine; chosen by the submitter, unique while unanswered.
using CallId = std::uint64_t;

struct Command {
  CallId call = 0;
  Request request{};
  /// How long the caller will wait, from its deadline; unset: no deadline was given.
  std::optional<Duration> patience{};
  ReplySink* sink = nullptr;  ///< outlives its reply
};

struct EngineLimits {
  /// What every namespace allows that has no entry in `namespaces`.
  RequestLimits requests{};
  std::map<std::string, RequestLimits> namespaces{};
  std::size_t parked_calls_max = 100'000;
  std::size_t open_activities_max = 5'000'000;
  /// Memory of open activities: what their callers and workers sent, and what keeping them costs. Beyond it starts are
  /// refused; what runs goes on, so heartbeat details and failures may go over it.
  std::uint64_t open_bytes_max = 4ULL * 1024 * 1024 * 1024;
  Duration long_poll_max = std::chrono::seconds(60);
  std::size_t namespaces_max = 10'000;
  std::size_t workers_per_namespace_max = 10'000;  ///< remembered from their heartbeats
  Duration worker_forgotten_after = std::chrono::minutes(5);
  /// Closed activities past their retention are looked for this often, in slices of `retention_rows_per_step`.
  Duration retention_sweep = std::chrono::minutes(1);
  std::size_t retention_rows_per_step = 500;
  /// The pause after the first failed delivery of a completion callback; each further one doubles it, up to the
  /// maximum.
  Duration callback_retry_initial = std::chrono::seconds(1);
  Duration callback_retry_max = std::chrono::hours(1);
  std::int32_t callback_attempts_max = 0;  ///< 0: no limit
  /// How much longer than its retention a closed activity is kept while callbacks of it are not delivered.
  Duration undelivered_callbacks_keep = std::chrono::hours(7 * 24);
  std::size_t callbacks_per_step = 16;  ///< activities whose callbacks are sent in one step
};

/// The call that tells a callback how its activity, which has closed, has ended. The ticket is the engine's to fill.
using MakeCompletion = std::function<OutboundCall(const ActivityState& closed, const CallbackState& callback)>;

/// A serialised failure.Failure cut to at most so many bytes; what decides about retries stays.
using CutFailure = std::function<std::string(const std::string& failure, std::size_t bytes_max)>;

struct EngineOptions {
  /// Namespaces that exist from the start; "default" always does.
  std::vector<std::string> namespaces{};
  /// Retention of these namespaces from this start on, whatever was set before; the others keep theirs.
  std::map<std::string, Duration> retentions{};
  EngineLimits limits{};
  /// List and count; null: these are UNIMPLEMENTED. Answers come back through Engine::answered().
  std::unique_ptr<Visibility> visibility{};
  /// Completion callbacks; null: they wait. Results come back through Engine::callback_done().
  std::unique_ptr<Outbound> outbound{};
  /// Null: callbacks wait. May throw when what is stored cannot be read, which ends the engine.
  MakeCompletion make_completion{};
  /// Null: a failure is kept whole for its retry, and nothing is kept of one beyond all limits.
  CutFailure cut_failure{};
  /// Time moves only between steps, as far as it likes: no gap means that anybody stood still.
  bool manual_time = false;
  /// Seed of run IDs; 0: from the operating system.
  std::uint64_t seed = 0;
  /// A broken invariant or a failed commit: this engine has ended, every reply from now on is UNAVAILABLE.
  std::function<void(const std::string& reason)> on_fatal{};
  /// The disk was full when this engine wanted to commit. It has ended, as after on_fatal, and has closed its store:
  /// once this has returned and the step is over, another engine may be opened on the same file. Null: this is on_fatal
  /// too.
  std::function<void(const std::string& reason)> on_disk_full{};
};

/// What the engine counts, since it was opened.
struct EngineStats {
  std::uint64_t commands = 0, commits = 0, rows_written = 0;
  std::uint64_t started = 0, handed_out = 0, hand_outs_undone = 0, heartbeats = 0, completed = 0, failed_attempts = 0;
  std::uint64_t timeouts = 0, refused = 0, grace_added = 0, removed = 0;
  std::size_t open = 0, closed = 0, parked_polls = 0, parked_waits = 0, timers = 0;
  std::size_t undelivered = 0;   ///< closed activities that have callbacks to deliver
  std::uint64_t open_bytes = 0;  ///< as counted against EngineLimits::open_bytes_max
};

/// One step's circumstances.
struct StepTime {
  Time now{};
  /// The queue of incoming events was seen empty at this time (at most `now`): reports that were on their way before it
  /// have been applied.
  Time queue_empty_at{};
};

/// The server's decisions and its memory. One thread owns it. Everything acknowledged is durable.
class Engine {
 public:
  /// Reads what the store holds. Fails when the records cannot be read.
  static StatusOr<std::unique_ptr<Engine>> open(std::unique_ptr<Store> store, EngineOptions options, Time now);
  virtual ~Engine() = default;

  /// Queues one command for the next step.
  virtual void submit(Command command) = 0;
  /// The caller of a parked call has gone: forget it; its sink gets CANCELLED in the next step. Unknown IDs are
  /// ignored.
  virtual void caller_gone(CallId call) = 0;
  /// The reply that carried this task token never left the server: the hand-out is undone in the next step.
  virtual void hand_out_undelivered(const std::string& token) = 0;

  /// The projection's answer to the question of this call; released by the next step.
  virtual void answered(CallId call, StatusOr<Answer> answer) = 0;
  /// A completion callback was tried.
  virtual void callback_done(std::uint64_t ticket, OutboundResult result) = 0;

  /// Applies what was submitted and what is due, commits once, then releases the replies.
  virtual void step(StepTime time) = 0;
  /// When step() has to be called at the latest, if nothing is submitted before.
  virtual std::optional<Time> next_wakeup() const = 0;

  /// The next moment of these at which something becomes of an activity by itself: a deadline, a dispatch, a delivery.
  /// The others are the ends of calls that wait, and housekeeping.
  virtual std::optional<Time> next_event() const { return next_wakeup(); }

  /// Answers parked polls empty and other parked calls too (as if they had run out); everything submitted later is
  /// UNAVAILABLE.
  virtual void stop_accepting() = 0;

  virtual EngineStats stats() const = 0;
  /// Of the store, made when it was new: stays the same from start to start.
  virtual std::string cluster_id() const = 0;
  /// The state of one run, for tests and the simulation; null when unknown. `run_id` empty: the latest.
  virtual std::shared_ptr<const ActivityState> find(const RunRef& run) const = 0;
};

}  // namespace longbeat::server
