#pragma once
#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "base/timer_heap.h"
#include "directory/namespaces.h"
#include "directory/run_index.h"
#include "engine/engine.h"
#include "engine/event_log.h"
#include "engine/index_row.h"
#include "engine/namespace_use.h"
#include "engine/open_activity.h"
#include "engine/parked.h"
#include "engine/refusals.h"
#include "engine/task_token.h"
#include "machine/text_pool.h"
#include "matching/task_queues.h"
#include "record/record.h"
#include "request/validate.h"
#include "workers/closed_workers.h"
#include "workers/commands.h"
#include "workers/registry.h"

namespace longbeat::server {

/// Two steps further apart than this while attempts run: the engine itself stood still.
inline constexpr Duration kNormalGap = std::chrono::milliseconds(100);

NamespaceRecord record_of(const Namespace& space);

/// The engine. One file per concern: engine.cc (step), recovery.cc, commands_*.cc, lookup.cc, waits.cc, timers.cc,
/// batch.cc.
class EngineImpl final : public Engine {
 public:
  EngineImpl(std::unique_ptr<Store> store, EngineOptions options);
  ~EngineImpl() override;
  EngineImpl(const EngineImpl&) = delete;
  EngineImpl& operator=(const EngineImpl&) = delete;

  StatusOr<> recover(Time now);
  /// The message with the file it is about.
  std::string in_file(const Status& status) const;

  void submit(Command command) override;
  void caller_gone(CallId call) override;
  void hand_out_undelivered(const std::string& token) override;
  void answered(CallId call, StatusOr<Answer> answer) override;
  void callback_done(std::uint64_t ticket, OutboundResult result) override;
  void step(StepTime time) override;
  std::optional<Time> next_wakeup() const override;
  std::optional<Time> next_event() const override;
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
  struct Answered {
    CallId call;
    StatusOr<Answer> answer;
  };
  struct CallbackDone {
    std::uint64_t ticket;
    OutboundResult result;
  };
  using InboxItem = std::variant<Command, CallerGone, Undelivered, Refused, Answered, CallbackDone>;

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
  // commands_operator.cc
  void on(Command& command, TerminateRequest& request);
  void on(Command& command, DeleteRequest& request);
  void on(Command& command, PauseRequest& request);
  void on(Command& command, UnpauseRequest& request);
  void on(Command& command, ResetRequest& request);
  void on(Command& command, UpdateOptionsRequest& request);
  // commands_visibility.cc
  void on(Command& command, ListActivitiesRequest& request);
  void on(Command& command, CountActivitiesRequest& request);
  void on(Command& command, ListWorkflowsRequest& request);
  // commands_namespace.cc
  void on(Command& command, DescribeNamespaceRequest& request);
  void on(Command& command, RegisterNamespaceRequest& request);
  void on(Command& command, ListNamespacesRequest& request);
  void on(Command& command, UpdateNamespaceRequest& request);
  void on(Command& command, DeprecateNamespaceRequest& request);
  void on(Command& command, DeleteNamespaceRequest& request);
  void on(Command& command, ListSearchAttributesRequest& request);
  void on(Command& command, AddSearchAttributesRequest& request);
  void on(Command& command, RemoveSearchAttributesRequest& request);
  // commands_queue.cc
  void on(Command& command, DescribeTaskQueueRequest& request);
  void on(Command& command, UpdateTaskQueueConfigRequest& request);
  void on(Command& command, ListTaskQueuePartitionsRequest& request);
  void on(Command& command, IdlePollRequest& request);
  // commands_workers.cc
  void on(Command& command, RecordWorkerHeartbeatRequest& request);
  void on(Command& command, ShutdownWorkerRequest& request);
  void on(Command& command, ListWorkersRequest& request);
  void on(Command& command, CountWorkersRequest& request);
  void on(Command& command, DescribeWorkerRequest& request);
  void on(Command& command, PollCommandsRequest& request);
  void on(Command& command, CommandsDoneRequest& request);
  void on_answered(CallId call, StatusOr<Answer> answer);
  /// Parks the call until the projection has answered.
  void ask(const Command& command, Question question);
  /// What a call for a list gets whose time is over.
  Status query_ran_out() const;
  /// Every search attribute of a start is registered, with a value of its type.
  static StatusOr<> check_search_attributes(const Namespace& space, const StartRequest& request);
  void on_callback_done(std::uint64_t ticket, const OutboundResult& result);
  /// `failure`, when it is longer than `bytes_max` cut to that.
  std::string cut(const std::string& failure, std::size_t bytes_max) const;
  /// What a failure that its namespace's limits allow, or do not, is for the activity.
  Failed failed_event(FailedRequest& request, const RequestLimits& limits, ReportReply& reply) const;
  void undo_hand_out(const std::string& token);
  void forget_caller(CallId call);
  void answer(ReplySink* sink, StatusOr<Reply> reply);
  /// What this namespace allows; of no namespace: the server's defaults.
  const RequestLimits& limits_of(const Namespace* space) const;

  // --- Admission (admission.cc) ---
  /// What a namespace of this name allows, whether it exists or not.
  const RequestLimits& limits_named(const std::string& namespace_name) const;
  static bool any_rate(const EngineLimits& limits);
  /// Counts a call against the rates of its namespace.
  StatusOr<> admit(const std::string& namespace_name, bool is_visibility);
  /// May one more call of this kind wait?
  StatusOr<> check_room_to_wait(const Namespace& space, Parked::Kind kind) const;
  StatusOr<> check_room_to_start(const Namespace& space) const;
  static Status disk_is_full();

  /// The body of step(); what it throws ends the engine.
  void run_step(StepTime time);

  // --- Operator calls (commands_operator.cc) ---
  /// The run that the request names, after all checks that need no look at it.
  template <class OneRequest>
  StatusOr<Run> operated(const OneRequest& request) const;
  template <class OneEvent>
  StatusOr<> operate(const Run& run, const OneEvent& event);
  std::string request_id_of(std::string&& given);
  /// Some time from [0, jitter).
  Duration draw(Duration jitter);

  // --- Workers (commands_workers.cc) ---
  /// A cancel was asked for while a worker holds the attempt: tells it at once where it listens for commands.
  void tell_worker(OpenActivity& activity);
  /// Every pending command of this step goes out, in as few answers as possible.
  void deliver_commands();
  /// The worker of this poll has said that it stops: the poll gets nothing, at once.
  bool is_closed_poll(const Namespace& space, const std::string& worker_key, const std::string& task_queue,
                      QueueType type) const;
  /// Answers what this worker still polls for and keeps it closed.
  void close_worker(const Namespace& space, const ShutdownWorkerRequest& request);
  /// Polls are found by their worker; those that name none are not.
  void list_poll(CallId call, const Parked& parked);
  void unlist_poll(CallId call, const Parked& parked);

  // --- Namespaces (commands_namespace.cc) ---
  /// What a request's namespace field means. INVALID_ARGUMENT when it is empty or longer than any name there can be.
  StatusOr<const Namespace*> resolve(const std::string& name) const;
  /// The same by name, by ID, or by both when they are those of one namespace.
  StatusOr<const Namespace*> named(const std::string& name, const std::string& uuid) const;
  /// Adds or changes it, and writes it with this step's commit.
  const Namespace& keep(Namespace space);
  void write_namespaces();
  /// A deleted namespace whose activities go in slices, the open ones first.
  struct Dying {
    std::uint32_t namespace_id = 0;
    std::vector<std::uint64_t> rows{};  ///< open activities, the next one at the back
    bool sweeping = false;              ///< the retention sweep that goes on began after the last open one had gone
  };
  void bury(std::uint32_t namespace_id);
  void bury_some();
  void sweep_began();
  void sweep_ended();

  // --- Task queues (commands_queue.cc) ---
  /// The namespace is gone, and with it the configuration of its queues.
  void forget_queues(std::uint32_t namespace_id);
  void write_queues();
  StatusOr<> recover_queues();

  // --- Removal (removal.cc): by delete, and by retention in slices ---
  void remove(const Run& run);
  void unindex(const IdFingerprint& id, std::uint64_t run, std::uint64_t row);
  /// Every row of this activity goes with the next commit.
  void remove_rows(std::uint64_t row);
  void write_removals();
  void sweep_retention();
  bool is_expired(std::uint64_t row, const IndexRow& entry) const;

  // --- Completion callbacks (callbacks.cc) ---
  /// A closed activity of which not every callback is settled: what waits to be sent, is on its way, or blocked.
  struct Delivery {
    std::uint32_t namespace_id = 0;
    std::vector<CallbackState> callbacks{};
    std::vector<std::uint64_t> tickets{};  ///< of each that is on its way; 0: is not
    std::uint64_t timer = 0;
    std::uint64_t bytes = 0;
    bool dirty = false;  ///< to be written by this step
  };
  bool has_pending_callbacks(std::uint64_t row) const { return deliveries_.contains(row); }
  /// Remembers what is left to do; `callbacks` of an activity whose closing is durable.
  Delivery* begin_delivery(std::uint64_t row, std::uint32_t namespace_id, std::vector<CallbackState> callbacks);
  void arm(std::uint64_t row, Delivery& delivery);
  void changed(std::uint64_t row, Delivery& delivery);
  void forget_delivery(std::uint64_t row);
  /// Sends what is due, of a few activities.
  void deliver_callbacks();
  void deliver(std::uint64_t row, Delivery& delivery);
  StatusOr<> may_be_sent(const Namespace& space, const CallbackState& callback) const;
  void write_deliveries();
  void deliveries_written();
  StatusOr<> recover_deliveries();

  // --- Start (commands_start.cc) ---
  /// The answer that an existing run of the ID makes necessary; nothing when a new run may begin.
  StatusOr<std::optional<StartReply>> answer_of_existing(StartRequest& request, const NormalStart& normal,
                                                         const Run& latest);
  /// Adds to a run that exists what the request's on_conflict_options ask for.
  StatusOr<> attach(OpenActivity& activity, StartRequest& request);
  /// From now on this closed run is found by its run ID only, also after a restart.
  void supersede(const Run& run);
  StartReply begin_run(const Namespace& space, ActivityInput input, std::vector<CallbackState> callbacks,
                       const std::optional<Run>& superseded);

  // --- Changes ---
  /// Applies the event and books what follows from it.
  template <class OneEvent>
  StatusOr<Applied> change(OpenActivity& activity, OneEvent&& event) {
    const std::int32_t attempt = activity.state.progress.attempt;
    auto applied = transition(activity.state, std::forward<OneEvent>(event), now_);
    if (applied && applied->changed != kNothing) {
      tell(event_name<std::remove_cvref_t<OneEvent>>(), activity.state, attempt);
      changed(activity, applied->changed);
    }
    return applied;
  }
  /// One line at debug (event_log.cc); costs one look at the level when that is off.
  void tell(std::string_view what, const ActivityState& state, std::int32_t attempt) const {
    if (!what.empty() && internal::log_enabled(internal::LogLevel::kDebug)) {
      log_event(what, namespaces_.by_id(state.input->namespace_id), state, attempt);
    }
  }
  void changed(OpenActivity& activity, std::uint8_t parts);
  /// Brings the count of memory in line with the state.
  void weigh(OpenActivity& activity);

  // --- Lookup (lookup.cc) ---
  struct Held {
    OpenActivity* activity;
    std::optional<AttemptRef> attempt;  ///< nothing: by ID, the current one
    const RequestLimits* limits;
  };
  /// The activity whose attempt a report's token names, or that its ID names; the attempt itself is checked by the
  /// machine.
  template <class Report>
  StatusOr<Held> held_by(const Report& report) {
    constexpr bool kCompletes = std::is_same_v<Report, CompletedRequest>;
    return report.by_id ? held_by_id(report.namespace_name, *report.by_id, kCompletes)
                        : held(report.token, report.namespace_name);
  }
  StatusOr<Held> held(const std::string& token, const std::string& namespace_name);
  /// A completion of a closed one is refused by the machine, every other report as if nothing were there.
  StatusOr<Held> held_by_id(const std::string& namespace_name, const ById& id, bool completes);
  /// How much of a closed run is read from the store: heartbeat details and last failure cost two reads more.
  enum class Depth : std::int8_t { kOutcome, kWhole };
  /// What a RunRef names: NOT_FOUND when nothing.
  StatusOr<Run> find_run(const Namespace& space, const RunRef& ref, Depth depth) const;
  /// The latest run of the ID, open or closed, if there is any.
  StatusOr<std::optional<Run>> latest_run(std::uint32_t namespace_id, const std::string& activity_id) const;
  StatusOr<std::optional<Run>> match_run(std::uint64_t fingerprint, std::uint32_t namespace_id,
                                         const std::string& activity_id, const Uuid* run_id, Depth depth) const;
  /// A damaged one is reported once, and from then on is_damaged(): it concerns nobody but those who ask for it.
  StatusOr<std::shared_ptr<const ActivityState>> load_closed(std::uint64_t row, Depth depth) const;
  void report_damaged(std::uint64_t row, const Status& why) const;
  bool is_damaged(std::uint64_t row) const { return damaged_.contains(row); }

  // --- Waits (waits.cc) ---
  /// What every worker's long poll has to keep to: a deadline, and the limits of calls that wait.
  StatusOr<> check_poll(const Command& command, const Namespace& space, Parked::Kind kind) const;
  void park(const Command& command, Parked parked, Duration wait);
  /// How long a long poll may wait; a refusal when the caller's patience is too short.
  Duration wait_for(const Command& command) const;
  void run_out(CallId call);
  /// What a wait of this kind ends with when its time is over.
  static StatusOr<Reply> empty_answer(Parked::Kind kind);
  void wake_watchers(OpenActivity& activity);
  void stop_watching(CallId call, std::uint64_t row);
  void match_tasks();
  void hand_out(OpenActivity& activity, const TaskQueues::Match& match);
  /// Of the attempt that a worker holds.
  static std::string task_token_of(const OpenActivity& activity);

  // --- Projection (projection.cc): what list and count know ---
  ActivityRow row_of(std::uint64_t number, const ActivityState& state) const;
  static std::int8_t listed_status(const ActivityState& state);
  /// Books the change for the projection, if it shows there. After the commit.
  void project(OpenActivity& activity);
  void project_removal(std::uint64_t row);
  /// Gives the step's changes to the projection; then some of the inventory.
  void send_projection();
  /// Goes through all rows and tells the projection which there are; what it lacks it gets. In slices: one question at
  /// a time, the answer's rows in portions.
  struct Inventory {
    bool active = false, waiting = false, done = false;
    std::uint64_t number = 0;             ///< of the latest question
    std::uint64_t next = 0, end = 0;      ///< the rows of the next slice begin here; there are none from `end` on
    std::vector<std::uint64_t> wanted{};  ///< rows to be fed, the next one at the back
    std::size_t commands = 0;             ///< that the engine had to carry out since the last slice
    Time not_before = Time::min();
  };
  void begin_inventory();
  void continue_inventory();
  void ask_inventory(std::uint64_t first, std::uint64_t last, std::vector<InventoryQuestion::Item> items);
  void on_inventory(StatusOr<Answer> answered);
  void feed_wanted();
  std::optional<Time> inventory_wakeup() const;

  // --- Timers (timers.cc) ---
  /// Brings task queue, timer and counters in line with the state.
  void schedule(OpenActivity& activity, Time not_before = Time::min());
  void arm(OpenActivity& activity, std::optional<Time> at);
  /// The attempt is known to live: a full heartbeat timeout from now on, whatever the clock was when its latest beat
  /// was stored.
  void restart_silence(OpenActivity& activity) const;
  /// What does not count against the worker of a running attempt.
  DeadlinePassed grace(const OpenActivity& activity) const;
  /// A deadline that would fail a running attempt, not before recovery's hold is over.
  Time held_back(const OpenActivity& activity, Time deadline) const;
  void fire_timers();
  void on_timer(OpenActivity& activity);

  // --- Backup (backup.cc) ---
  void on(Command& command, BackupRequest& request);
  /// Parks the call of the backup under way, or answers it when that is over.
  void wait_for_backup(const Command& command);
  /// Copies on a little, after the replies of the step are out.
  void continue_backup();
  StatusOr<Reply> backup_answer() const;
  /// Its caller has gone, or the engine has ended: nothing of it stays.
  void give_up_backup();
  std::optional<Time> backup_wakeup() const;

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
  void end(const std::string& reason) { end(internal::internal_error(reason)); }
  void end(const Status& why);

  // --- Recovery (recovery.cc) ---
  StatusOr<> recover_meta();
  /// Also writes what is new: namespaces, and in a new file its facts, in one commit.
  StatusOr<> recover_namespaces();
  StatusOr<> recover_activities(Time now);
  /// Progress rows; the activities rise by row.
  StatusOr<std::vector<OpenActivity*>> recover_progress();
  /// In the order of their starts.
  StatusOr<> resume_all(const std::vector<OpenActivity*>& activities, Time now);
  /// Only the latest run of an ID is found by it. Told of a fingerprint of several rows, moves older runs to where they
  /// are found by their run ID.
  StatusOr<> settle_index(std::uint64_t fingerprint);
  void resume(OpenActivity& activity, Time now);
  std::uint64_t new_row();

  std::unique_ptr<Store> store_;
  EngineOptions options_;
  internal::Random random_;

  Namespaces namespaces_;
  TextPool texts_;  ///< Of open activities and parked polls.
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
  std::set<std::pair<std::string, CallId>> polls_of_worker_;  ///< By worker instance key.
  NamespaceUse use_;
  bool rates_limited_;  ///< Some namespace has a rate: calls are counted.
  WorkerRegistry workers_;
  ClosedWorkers closed_workers_;
  WorkerCommands commands_;

  struct Backup {
    std::string id{};
    CallId call = 0;  ///< waits for it; 0: none
    StatusOr<CopyProgress> state = CopyProgress{};
    Time given_up_at{};  ///< unless somebody asks for it before
    bool is_over() const { return !state || state->finished; }
  };
  std::optional<Backup> backup_{};

  std::vector<InboxItem> inbox_, working_;
  std::size_t next_item_ = 0;     ///< Items of working_ before this one have been taken up.
  ReplySink* in_hand_ = nullptr;  ///< Taken from a list, not answered yet: known also when something throws meanwhile.
  std::size_t step_items_ = 0;    ///< What this step had to do.
  std::vector<OpenActivity*> batch_;
  std::vector<ProjectionChange> projected_;  ///< By this step's commit.
  Inventory inventory_;
  std::vector<Release> releases_;
  std::vector<std::uint64_t> removals_;                              ///< Activities whose rows this commit removes.
  std::vector<std::pair<std::uint64_t, IndexRow>> superseded_;       ///< Rows and what this commit writes there.
  std::vector<std::uint32_t> namespaces_written_;                    ///< By this commit; gone ones are removed.
  using QueueName = std::pair<std::uint32_t, std::string>;           ///< Namespace and task queue.
  std::map<QueueName, std::uint64_t> queue_rows_;                    ///< Of those that have a configuration.
  std::vector<std::pair<QueueName, std::uint64_t>> queues_written_;  ///< By this commit; gone ones are removed.
  std::unordered_map<std::uint64_t, Delivery> deliveries_;           ///< By row.
  internal::TimerHeap<Time, std::uint64_t> delivery_timers_;
  std::unordered_map<std::uint64_t, std::pair<std::uint64_t, std::size_t>> tickets_;  ///< → row and place of a callback
  std::uint64_t last_ticket_ = 0;
  std::vector<std::uint64_t> deliveries_changed_;  ///< Rows of callbacks for this commit.
  std::vector<Dying> dying_;
  Time next_sweep_ = Time::min();
  std::uint64_t sweep_row_ = 0;   ///< Where the next slice of the retention sweep begins.
  std::deque<std::string> rows_;  ///< Encoded rows of one commit, by place in writes_; reused from commit to commit.
  std::vector<Write> writes_;

  Time now_ = Time::min();
  Time queue_empty_at_ = Time::min();
  std::size_t running_attempts_ = 0;
  Duration lost_time_{0};  ///< Time in which this engine stood still while attempts ran, beyond what is normal.

  bool stopping_ = false;
  bool ended_ = false;
  mutable std::set<std::uint64_t> damaged_;  ///< Closed activities whose rows cannot be read.
  std::string broken_{};                     ///< A broken invariant, found in this step.
  EngineStats stats_;
};

}  // namespace longbeat::server
