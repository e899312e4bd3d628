#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "machine/activity_state.h"
#include "request/requests.h"
#include "storage/store.h"

namespace longbeat::server {

// --- Replies, in our own types; rpc/ turns them into messages ---
struct StartReply {
  std::string namespace_name{}, activity_id{}, run_id{};
  bool started = false;
};
/// A task, or `token` empty: nothing came in time.
struct PollTaskReply {
  std::string token{};
  std::string namespace_name{};
  std::string run_id{};
  std::shared_ptr<const ActivityInput> input{};
  std::string heartbeat_details{};
  Time current_attempt_scheduled_time{}, started_time{};
  std::int32_t attempt = 0;
};
struct HeartbeatReply {
  bool cancel_requested = false, activity_paused = false, activity_reset = false;
};
/// Completed and Canceled; for Failed also the server's objections (oversize) that were applied.
struct ReportReply {
  std::vector<StoredFailure> failures{};
};
/// `outcome` null: not closed within the wait, ask again (the whole answer is then empty).
struct PollOutcomeReply {
  std::string run_id{};
  std::shared_ptr<const Outcome> outcome{};  ///< one for all who waited
};
/// `state` null: a long poll that ran out.
struct DescribeReply {
  std::shared_ptr<const ActivityState> state{};
  std::string long_poll_token{};
  DescribeRequest include{};  ///< which parts were asked for
};
struct CancelReply {};
struct DescribeNamespaceReply {
  std::string name{}, id{};
  Duration retention{};
};
using Reply = std::variant<StartReply, PollTaskReply, HeartbeatReply, ReportReply, PollOutcomeReply, DescribeReply,
                           CancelReply, DescribeNamespaceReply>;

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
                 PollOutcomeRequest, DescribeRequest, CancelRequest, DescribeNamespaceRequest>;

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
  std::size_t payload_bytes_max = 2 * 1024 * 1024;
  std::size_t id_bytes_max = 1000;
  std::size_t parked_calls_max = 100'000;
  std::size_t open_activities_max = 5'000'000;
  /// Memory of open activities: what their callers and workers sent, and what keeping them costs. Beyond it starts are
  /// refused; what runs goes on, so heartbeat details and failures may go over it.
  std::uint64_t open_bytes_max = 4ULL * 1024 * 1024 * 1024;
  Duration long_poll_max = std::chrono::seconds(60);
};

struct EngineOptions {
  /// Namespaces that exist from the start; "default" always does.
  std::vector<std::string> namespaces{};
  EngineLimits limits{};
  /// Seed of run IDs; 0: from the operating system.
  std::uint64_t seed = 0;
  /// A broken invariant or a failed commit: this engine has ended, every reply from now on is UNAVAILABLE.
  std::function<void(const std::string& reason)> on_fatal{};
};

/// What the engine counts, since it was opened.
struct EngineStats {
  std::uint64_t commands = 0, commits = 0, rows_written = 0;
  std::uint64_t started = 0, handed_out = 0, hand_outs_undone = 0, heartbeats = 0, completed = 0, failed_attempts = 0;
  std::uint64_t timeouts = 0, refused = 0, grace_added = 0;
  std::size_t open = 0, closed = 0, parked_polls = 0, parked_waits = 0, timers = 0;
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

  /// Applies what was submitted and what is due, commits once, then releases the replies.
  virtual void step(StepTime time) = 0;
  /// When step() has to be called at the latest, if nothing is submitted before.
  virtual std::optional<Time> next_wakeup() const = 0;

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
