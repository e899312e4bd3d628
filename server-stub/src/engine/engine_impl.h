#pragma once
#include <deque>
#include <unordered_map>

#include "base/timer_heap.h"
#include "directory/namespaces.h"
#include "directory/run_index.h"
#include "engine/engine.h"
#include "engine/open_activity.h"
#include "engine/task_token.h"
#include "matching/task_queues.h"
#include "record/record.h"
#include "request/validate.h"

namespace longbeat::server {

/// Two steps further apart than this while attempts run: the engine itself stood still.
inline constexpr Duration kNormalGap = std::chrono::milliseconds(100);

inline Status unavailable_now() {
  return internal::unavailable("the server is stopping or has lost its store; try again");
}

/// The row of kMeta with the engine's facts; row 0 is the file's own.
inline constexpr std::uint64_t kMetaRow = 1;

/// RESOURCE_EXHAUSTED with its cause, scope SYSTEM or NAMESPACE as in enums.ResourceExhaustedScope.
inline Status exhausted(std::string message, std::int32_t cause, std::int32_t scope) {
  return {internal::StatusCode::kResourceExhausted, std::move(message),
          internal::ResourceExhaustedDetail{cause, scope}};
}
inline constexpr std::int32_t kConcurrentLimit = 2;
inline constexpr std::int32_t kPersistenceStorageLimit = 7;
inline constexpr std::int32_t kScopeNamespace = 1;
inline constexpr std::int32_t kScopeSystem = 2;

/// The engine. One file per concern: engine.cc (step), recovery.cc, commands_*.cc, lookup.cc, waits.cc, timers.cc,
/// batch.cc.
class EngineImpl final : public Engine {
 public:
  EngineImpl(std::unique_ptr<Store> store, EngineOptions options);
  ~EngineImpl() override;
  EngineImpl(const EngineImpl&) = delete;
  EngineImpl& operator=(const EngineImpl&) = delete;

  StatusOr<> recover(Time now);

  void submit(Command command) override;
  void caller_gone(CallId call) override;
  void hand_out_undelivered(const std::string& token) override;
  void step(StepTime time) override;
  std::optional<Time> next_wakeup() const override;
  void stop_accepting() override;
  EngineStats stats() const override;
  std::string cluster_id() const override { return internal::to_string(meta_.cluster_id); }
  std::shared_ptr<const ActivityState> find(const RunRef& run) const override;

 private:
  struct CallerGone {
    CallId call;
  };
  struct Undelivered {
    std::string token;
  };
  struct Refused {
    ReplySink* sink;
  };
  using InboxItem = std::variant<Command, CallerGone, Undelivered, Refused>;

  /// A call that waits: for a task, for an outcome, for a change, or for nothing but its time.
  struct Parked {
    enum class Kind : std::int8_t { kTask, kOutcome, kChange };
    Kind kind = Kind::kTask;
    ReplySink* sink = nullptr;
    std::uint64_t timer = 0;
    TaskQueues::Place place{};         ///< kTask
    const Namespace* space = nullptr;  ///< kTask
    PickedUp picked_up{};              ///< kTask
    std::uint64_t row = 0;             ///< kOutcome, kChange: the activity; 0 when it is closed and will not change
    DescribeRequest describe{};        ///< kChange
  };

  struct Release {
    ReplySink* sink;
    StatusOr<Reply> reply;
  };

  /// A run that a request named: open (or closed by this very step), or read from the store.
  struct Run {
    OpenActivity* open = nullptr;
    std::shared_ptr<const ActivityState> stored{};
    std::uint64_t row = 0;
    const ActivityState& state() const { return open != nullptr ? open->state : *stored; }
  };

  // --- Commands (commands_*.cc). Each answers, or parks the call, exactly once. ---
  void apply(Command& command);
  void on(Command& command, StartRequest& request);
  void on(Command& command, PollTaskRequest& request);
  void on(Command& command, HeartbeatRequest& request);
  void on(Command& command, CompletedRequest& request);
  void on(Command& command, FailedRequest& request);
  void on(Command& command, CanceledRequest& request);
  void on(Command& command, PollOutcomeRequest& request);
  void on(Command& command, DescribeRequest& request);
  void on(Command& command, CancelRequest& request);
  void on(Command& command, DescribeNamespaceRequest& request);
  void undo_hand_out(const std::string& token);
  void forget_caller(CallId call);
  void answer(ReplySink* sink, StatusOr<Reply> reply);
  /// The body of step(); what it throws ends the engine.
  void run_step(StepTime time);

  // --- Start (commands_start.cc) ---
  /// The answer that an existing run of the ID makes necessary; nothing when a new run may begin.
  StatusOr<std::optional<StartReply>> answer_of_existing(const StartRequest& request, const NormalStart& normal,
                                                         const Run& latest) const;
  StartReply begin_run(const Namespace& space, ActivityInput input, const std::optional<Run>& superseded);

  // --- Changes ---
  /// Applies the event and books what follows from it.
  template <class OneEvent>
  StatusOr<Applied> change(OpenActivity& activity, OneEvent&& event) {
    auto applied = transition(activity.state, std::forward<OneEvent>(event), now_);
    if (applied && applied->changed != kNothing) changed(activity, applied->changed);
    return applied;
  }
  void changed(OpenActivity& activity, std::uint8_t parts);
  /// Brings the count of memory in line with the state.
  void weigh(OpenActivity& activity);

  // --- Lookup (lookup.cc) ---
  struct Held {
    OpenActivity* activity;
    AttemptRef attempt;
  };
  /// The activity whose attempt a report's token names; the attempt itself is checked by the machine.
  StatusOr<Held> held(const std::string& token, const std::string& namespace_name);
  /// How much of a closed run is read from the store: heartbeat details and last failure cost two reads more.
  enum class Depth : std::int8_t { kOutcome, kWhole };
  /// What a RunRef names: NOT_FOUND when nothing.
  StatusOr<Run> find_run(const Namespace& space, const RunRef& ref, Depth depth) const;
  /// The latest run of the ID, open or closed, if there is any.
  StatusOr<std::optional<Run>> latest_run(std::uint32_t namespace_id, const std::string& activity_id) const;
  StatusOr<std::optional<Run>> match_run(std::uint64_t fingerprint, std::uint32_t namespace_id,
                                         const std::string& activity_id, const Uuid* run_id, Depth depth) const;
  StatusOr<std::shared_ptr<const ActivityState>> load_closed(std::uint64_t row, Depth depth) const;

  // --- Waits (waits.cc) ---
  void park(const Command& command, Parked parked, Duration wait);
  /// How long a long poll may wait; a refusal when the caller's patience is too short.
  Duration wait_for(const Command& command) const;
  void run_out(CallId call);
  void wake_watchers(OpenActivity& activity);
  void stop_watching(CallId call, std::uint64_t row);
  void match_tasks();
  void hand_out(OpenActivity& activity, CallId call);

  // --- Timers (timers.cc) ---
  /// Brings task queue, timer and counters in line with the state.
  void schedule(OpenActivity& activity, Time not_before = Time::min());
  void arm(OpenActivity& activity, std::optional<Time> at);
  /// What does not count against the worker of a running attempt.
  DeadlinePassed grace(const OpenActivity& activity) const;
  /// A deadline that would fail a running attempt, not before recovery's hold is over.
  Time held_back(const OpenActivity& activity, Time deadline) const;
  void fire_timers();
  void on_timer(OpenActivity& activity);

  // --- Batch (batch.cc) ---
  StatusOr<> commit_batch();
  void encode(OpenActivity& activity);
  /// The buffer for one row of this commit.
  std::string& new_row_bytes(Table table, std::uint64_t key);
  void remove_row(Table table, std::uint64_t key);
  void finish_batch();
  void release();
  /// Ends this engine: nothing in memory can be trusted any more. Every call that it still owes an answer gets
  /// UNAVAILABLE with the next release().
  void end(const std::string& reason);

  // --- Recovery (recovery.cc) ---
  StatusOr<> recover_meta();
  /// Also writes what is new: namespaces, and in a new file its facts, in one commit.
  StatusOr<> recover_namespaces();
  StatusOr<> recover_open(Time now);
  StatusOr<> recover_closed();
  StatusOr<> index_closed(std::uint64_t row, std::string_view bytes);
  StatusOr<> index_open(const OpenActivity& activity);
  void resume(OpenActivity& activity, Time now);
  std::uint64_t new_row();

  std::unique_ptr<Store> store_;
  EngineOptions options_;
  RequestLimits request_limits_;
  internal::Random random_;

  Namespaces namespaces_;
  RunIndex index_;  ///< Latest runs by ID, older runs by run ID; open and closed.
  std::unordered_map<std::uint64_t, OpenActivity> open_;
  std::uint64_t open_bytes_ = 0;  ///< The sum of OpenActivity::bytes.
  std::size_t closed_ = 0;
  std::uint64_t next_row_ = 1;
  std::uint64_t rows_reserved_ = 1;  ///< Rows below this may be used without a word to the store.
  bool rows_reserved_dirty_ = false;
  MetaRecord meta_;
  bool meta_is_new_ = false;
  std::uint64_t incarnation_ = 0;  ///< Tells this engine's change tokens from those of one before a crash.

  TaskQueues queues_;
  internal::TimerHeap<Time, OpenActivity*> timers_;
  internal::TimerHeap<Time, CallId> wait_timers_;
  std::unordered_map<CallId, Parked> parked_;
  std::unordered_map<std::uint64_t, std::vector<CallId>> watchers_;
  std::size_t parked_polls_ = 0;

  std::vector<InboxItem> inbox_, working_;
  std::size_t next_item_ = 0;     ///< Items of working_ before this one have been taken up.
  ReplySink* in_hand_ = nullptr;  ///< Taken from a list, not answered yet: known also when something throws meanwhile.
  std::vector<OpenActivity*> batch_;
  std::vector<Release> releases_;
  std::deque<std::string> rows_;  ///< Encoded rows of one commit, by place in writes_; reused from commit to commit.
  std::vector<Write> writes_;

  Time now_ = Time::min();
  Time queue_empty_at_ = Time::min();
  std::size_t running_attempts_ = 0;
  Duration lost_time_{0};  ///< Time in which this engine stood still while attempts ran, beyond what is normal.

  bool stopping_ = false;
  bool ended_ = false;
  std::string broken_{};  ///< A broken invariant, found in this step.
  EngineStats stats_;
};

}  // namespace longbeat::server
