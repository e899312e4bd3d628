#include "simulation/simulation.h"

#include <algorithm>

#include "base/log.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;

namespace {

std::string activity_id(std::uint32_t number) {
  return "activity-" + std::to_string(number);
}

}  // namespace

/// One worker process: may be killed at any moment and is started again a little later.
class Simulation::WorkerProcess {
 public:
  WorkerProcess(Simulation& owner, std::string name)
      : name_(name),
        witness_(owner.witness_),
        client_(owner.world_, owner.server_, owner.network_, &owner.witness_, name + "'s program", kNamespace),
        loop_(client_.loop()),
        clock_(loop_),
        stub_(client_.wire()),
        late_(owner.world_, loop_, owner.witness_),
        executor_(owner.world_, loop_, client_.connection().jobs, owner.witness_,
                  [this, &owner](LateCompletion object, const internal::ActivityTask& task, std::uint64_t count) {
                    witness_.late().handed_over(
                        task.token, "attempt " + std::to_string(task.attempt) + " of " + task.activity_id, key_);
                    late_.take(std::move(object), count,
                               [&owner](const TaskToken& token, std::uint64_t done) { owner.pass_on(token, done); });
                  }) {
    internal::WorkerSettings settings;
    client_.connection().jobs.faults = &owner.codecs_;
    settings.namespace_name = kNamespace;
    settings.identity = stub_.worker_identity = name;
    settings.task_queue = kQueue;
    key_ = name + "/" + std::to_string(++owner.processes_);
    settings.instance_key = key_;
    settings.slots = kWorkerSlots;
    settings.polls_max = 2;
    settings.seed = owner.world_.random().next();
    machine_ = std::make_shared<internal::WorkerMachine>(
        internal::WorkerPorts{loop_, client_.connection().stub(), client_.connection().courier(), executor_, clock_,
                              DataConverter(), client_.core(), wire_format(owner)},
        settings);
    if (owner.skewed_) loop_.set_clock(owner.world_.between(-1h, 1h));
    loop_.post([machine = machine_] { machine->start([](const Error&) {}); });
  }
  /// kill -9: nothing of it runs any more, nothing is sent.
  ~WorkerProcess() {
    witness_.late().died(key_);
    client_.connection().kill();
  }
  void connection_broken() { stub_.connection_broken(); }
  void cut(const Partition& partition) { stub_.cut(partition); }
  const std::string& instance_key() const { return key_; }
  /// Its program still has attempts to end.
  bool has_duties() const { return late_.held() > 0; }
  void stop(std::function<void()> stopped) {
    loop_.post([this, stopped = std::move(stopped)] {
      witness_.workers().stop_asked(key_, 5s);
      witness_.late().stopping(key_);
      machine_->stop(1s, 5s, [this, stopped](const std::vector<std::string>&) {
        witness_.workers().stopped(key_);
        witness_.worker_at_rest(name_, machine_->stats(), stub_.tasks_received(), true);
        stopped();
      });
      witness_.workers().stop_begun(key_);
    });
  }
  void freeze(Nanoseconds duration) {
    loop_.freeze(duration);
    witness_.workers().frozen(key_, loop_.frozen_until());
    witness_.late().frozen(key_, loop_.frozen_until());
    witness_.codecs().frozen(key_, loop_.frozen_until());
    witness_.frozen_until(loop_.frozen_until());
  }
  void set_clock(Nanoseconds ahead) { loop_.set_clock(ahead); }
  void check_rest() const {
    witness_.worker_at_rest(name_, machine_->stats(), stub_.tasks_received(), false);
    stub_.check_reports();
    witness_.workers().at_rest(key_, stub_.beats_wanted());
  }

 private:
  internal::WireFormat wire_format(Simulation& owner) {
    if (!owner.has_codecs_) return {};
    stub_.has_codecs = true;
    return {{std::make_shared<SimCodec>(owner.world_, owner.codecs_, witness_.codecs(), key_)}, false};
  }

  std::string name_, key_{};
  Witness& witness_;
  SimClient client_;
  SimLoop& loop_;
  internal::LoopClock clock_;
  SimStub& stub_;
  LateHolder late_;
  ScriptExecutor executor_;
  std::shared_ptr<internal::WorkerMachine> machine_;
};

/// The client process. What it has to remember is in the program's own database: Simulation::wanted_.
struct Simulation::ClientProcess {
  explicit ClientProcess(Simulation& owner)
      : loop(owner.world_),
        stub(owner.world_, loop, owner.server_, owner.network_),
        retrying(loop, stub, owner.world_.random().next()) {
    if (owner.skewed_) loop.set_clock(owner.world_.between(-1h, 1h));
  }
  ~ClientProcess() {
    loop.kill();
    stub.kill();
  }
  SimLoop loop;
  SimStub stub;
  internal::RetryingStub retrying;
  std::vector<std::shared_ptr<internal::OutcomeWait>> waits{};
};

/// Another program, which gets tokens of attempts to end. It does not die either.
struct Simulation::Elsewhere {
  explicit Elsewhere(Simulation& owner)
      : client(owner.world_, owner.server_, owner.network_, &owner.witness_, kElsewhere, kNamespace),
        late(owner.world_, client.loop(), owner.witness_) {}
  SimClient client;
  LateHolder late;
};

Simulation::Simulation(std::uint64_t seed, const Plan& plan)
    : world_(seed), plan_(plan), network_(network_of_plan()), witness_(world_), server_(world_) {
  internal::set_log_sink([](const internal::LogRecord&) {});  // Warnings about faults that we make ourselves.
  server_.witness = &witness_;
  server_.after_step = [this] { witness_.look(*server_.engine()); };
  witness_.lives().set_retention(kNamespace, 1h);
  witness_.lives().set_retention(kOtherNamespace, plan_.retention);
  server_.set_retention(kNamespace, 1h);
  server_.set_retention(kOtherNamespace, plan_.retention);
  arrange_codecs();
  skewed_ = is_wanted("clock skew") && plan_.clock_skew;
  const bool neighbours = is_wanted("neighbours") && plan_.neighbour_acts > 0;
  if (neighbours) neighbours_ = std::make_unique<Neighbourhood>(world_, server_, network_, witness_);
  arrange_rare_branches();
  if (plan_.lying_disk) server_.let_disk_lie();
  server_.start();
  client_ = std::make_unique<ClientProcess>(*this);
  elsewhere_ = std::make_unique<Elsewhere>(*this);
  for (std::uint32_t i = 0; i < plan_.workers; ++i) {
    workers_.push_back(std::make_unique<WorkerProcess>(*this, "worker-" + std::to_string(i)));
  }
  for (std::uint32_t number = 0; number < plan_.activities; ++number)
    sometime("start of " + activity_id(number), [this, number] { start_activity(number); });
  operator_ = std::make_unique<OperatorActor>(world_, server_, network_, witness_, plan_.activities,
                                              plan_.operators_have_client);
  for (std::uint32_t i = 0; i < plan_.operations; ++i) sometime("an operator acts", [this] { operator_->act(); });
  for (std::uint32_t i = 0; i < plan_.neighbour_acts; ++i) {
    sometime("a neighbour acts", [this] {
      if (neighbours_) neighbours_->act();
    });
  }
  // What was doubled on its way may come seconds later.
  world_.after(plan_.trouble + 6s, [this] {
    operator_->settle();
    if (neighbours_) neighbours_->settle();
  });
  arrange_faults();
}

Simulation::~Simulation() = default;

bool Simulation::is_wanted(std::string what, TimePoint at) {
  happenings_.push_back({std::move(what), at});
  return !plan_.dropped.contains(happenings_.size() - 1);
}

NetworkFaults Simulation::network_of_plan() {
  NetworkFaults faults = plan_.network;
  if (!is_wanted("lost requests")) faults.request_lost = 0;
  if (!is_wanted("lost replies")) faults.reply_lost = 0;
  if (!is_wanted("doubled requests")) faults.request_doubled = 0;
  if (!is_wanted("slow messages")) faults.slow = 0;
  if (!is_wanted("reordered messages")) faults.reordered = 0;
  return faults;
}

void Simulation::arrange_codecs() {
  if (is_wanted("slow codecs")) codecs_.slow = plan_.slow_codecs;
  if (is_wanted("failing codecs")) codecs_.failing = plan_.failing_codecs;
  has_codecs_ = codecs_.slow || codecs_.failing > 0;
  witness_.codecs().broken_details = [this](const std::string& token) {
    witness_.workers().broken_details(token);
    witness_.details_failed(token);
  };
}

void Simulation::arrange_rare_branches() {
  if (!is_wanted("rare branches") || !plan_.rare_branches) return;
  server_.adjust = [this, before = server_.adjust](server::EngineOptions& options) {
    if (before) before(options);
    auto& limits = options.limits;
    if (world_.random().chance(50)) limits.long_poll_max = world_.between(1s, 5s);  // Most of them end empty.
    if (world_.random().chance(50)) limits.retention_rows_per_step = 1;
    if (world_.random().chance(50)) limits.retention_sweep = 1s;
    if (world_.random().chance(50)) limits.callbacks_per_step = 1;
  };
}

void Simulation::sometime(std::string what, std::function<void()> happens) {
  const auto delay = world_.between(0ns, plan_.trouble);
  const std::size_t number = happenings_.size();
  if (!is_wanted(std::move(what), world_.now() + delay)) return;
  world_.after(delay, [this, number, happens = std::move(happens)] { world_.with_dice(number, happens); });
}

/// Processes that die, stop, stand still, have a wrong clock, or are cut off.
void Simulation::arrange_process_faults() {
  for (std::uint32_t i = 0; i < plan_.worker_kills; ++i) {
    sometime("a worker dies", [this] { kill_worker(world_.random().below(workers_.size())); });
  }
  for (std::uint32_t i = 0; i < plan_.server_kills; ++i) sometime("the server dies", [this] { kill_server(); });
  for (std::uint32_t i = 0; i < plan_.client_kills; ++i) sometime("the client dies", [this] { kill_client(); });
  for (std::uint32_t i = 0; i < plan_.server_freezes; ++i) {
    sometime("the server stands still", [this] { server_.freeze(world_.between(50ms, 8s)); });
  }
  for (std::uint32_t i = 0; i < plan_.worker_freezes; ++i) {
    sometime("a worker stands still", [this] {
      const auto which = world_.random().below(workers_.size());
      if (!workers_[which]) return;
      world_.trace("worker " + std::to_string(which) + " stands still");
      workers_[which]->freeze(world_.between(50ms, 20s));  // Longer than any lease.
    });
  }
  for (std::uint32_t i = 0; i < plan_.clock_jumps; ++i) {
    sometime("a worker's clock is set", [this] {
      const auto which = world_.random().below(workers_.size());
      if (workers_[which]) workers_[which]->set_clock(world_.random().chance(50) ? 1h : -1h);
    });
  }
  for (std::uint32_t i = 0; i < plan_.server_clock_jumps; ++i) {
    sometime("the server's clock is set", [this] { set_server_clock(); });
  }
  for (std::uint32_t i = 0; i < plan_.partitions; ++i) sometime("a partition", [this] { cut_off(); });
}

void Simulation::arrange_faults() {
  arrange_process_faults();
  for (std::uint32_t i = 0; i < plan_.broken_commits; ++i) {
    sometime("a commit fails", [this] {
      const bool applied = world_.random().chance(50);
      server_.break_next_commit(applied ? server::CommitFault::kAppliedButFailed
                                        : server::CommitFault::kNothingApplied);
    });
  }
  for (std::uint32_t i = 0; i < plan_.full_disks; ++i) {
    sometime("the disk is full", [this] { server_.fill_disk(world_.between(0ns, 5s)); });
  }
  for (std::uint32_t i = 0; i < plan_.cancels; ++i) {
    sometime("a cancel", [this] { cancel(static_cast<std::uint32_t>(world_.random().below(plan_.activities))); });
  }
  for (std::uint32_t i = 0; i < plan_.worker_stops; ++i) {
    sometime("a worker stops", [this] {
      const auto which = world_.random().below(workers_.size());
      if (!workers_[which]) return;
      if (plan_.operations > 0) operator_->worker_stops(workers_[which]->instance_key());
      // The stopped process is replaced when it has ended, as a supervisor would; killed meanwhile, it is replaced
      // already.
      const auto& process = *workers_[which];
      workers_[which]->stop([this, which, &process, key = process.instance_key()] {
        // What its activities left unfinished may outlive the worker, in the same process.
        const bool stays = process.has_duties() && world_.random().chance(70);
        world_.after(stays ? world_.between(0ns, 20s) : 0ns, [this, which, key] {
          if (workers_[which] && workers_[which]->instance_key() == key) kill_worker(which);
        });
      });
    });
  }
  const bool all_die = arrange_falling_behind();
  world_.after(plan_.trouble, [this, all_die] {
    world_.trace("faults end");
    witness_.faults_ended();
    network_ = {};
    codecs_ = {};
    mend_network();
    for (std::size_t i = 0; all_die && i < workers_.size(); ++i) kill_worker(i);
    if (!neighbours_) return;
    neighbours_->faults_ended();
    kill_server();  // It starts again with the rules that hold from now on.
  });
}

bool Simulation::arrange_falling_behind() {
  if (plan_.server_falls_behind == 0ns) return false;
  if (is_wanted("the server's clock falls behind", world_.now() + plan_.trouble / 2)) {
    world_.after(plan_.trouble / 2, [this] {
      kill_server();
      set_machine_clock(-plan_.server_falls_behind);
    });
  }
  return is_wanted("all workers die", world_.now() + plan_.trouble);
}

void Simulation::start_activity(std::uint32_t number) {
  auto& random = world_.random();
  Script script;
  script.steps = 1 + random.below(20);
  script.pause = world_.between(1ms, 2s);
  const bool behind = plan_.server_falls_behind > 0ns;  // Then more begins anew, and less is noticed at once.
  script.failing_percent = random.chance(behind ? 60 : 30) ? 10 : 0;
  script.deaf = random.chance(10);
  script.silent = random.chance(10);
  script.urgent_percent = random.chance(30) ? 30 : 0;
  // Twice a pause is the longest that a step takes.
  if (random.chance(20)) script.stall = script.pause * 2 + world_.between(50ms, 2s);
  if (script.stall > 0ns && random.chance(50)) script.hanging_percent = 20;
  script.left = random.chance(15);
  internal::StartActivityParams params;
  params.namespace_name = kNamespace;
  params.identity = "client";
  params.activity_id = activity_id(number);
  params.request_id = "request-" + std::to_string(number);
  params.type = "count";
  params.task_queue = kQueue;
  params.start_to_close = world_.between(5s, 120s);
  if (random.chance(behind ? 40 : 80)) params.heartbeat = world_.between(1s, 10s);
  if (random.chance(20)) params.schedule_to_close = world_.between(20s, 120s);
  if (random.chance(10)) params.start_delay = world_.between(1ms, 20s);
  params.retry.emplace();
  params.retry->initial_interval = world_.between(10ms, 2s);
  params.retry->maximum_attempts = static_cast<std::int32_t>(3 + random.below(20));
  params.input = encode(script);
  world_.trace("client: starts " + params.activity_id);
  wanted_.push_back({std::move(params)});
  if (client_) send_start(wanted_.size() - 1);  // Otherwise its next process finds it.
}

void Simulation::send_start(std::size_t number) {
  const auto& params = wanted_[number].params;
  client_->retrying.start_activity(params, 10s, [this, number](internal::StatusOr<internal::StartedActivity> started) {
    Wanted& wanted = wanted_[number];
    if (started) {
      witness_.start_acknowledged(wanted.params.activity_id, wanted.params.request_id, started->run_id);
      wanted.run_id = started->run_id;
      return await_outcome(number);
    }
    // Nobody can tell whether it was started: the same request again.
    client_->loop.after(1s, [this, number] { send_start(number); });
  });
}

void Simulation::await_outcome(std::size_t number) {
  const std::string id = wanted_[number].params.activity_id;
  const std::string& run_id = wanted_[number].run_id;
  auto wait = std::make_shared<internal::OutcomeWait>(client_->loop, client_->retrying,
                                                      internal::RunParams{kNamespace, id, run_id}, std::nullopt,
                                                      world_.random().next());
  client_->waits.push_back(wait);
  wait->start([this, number, id](internal::StatusOr<internal::PolledOutcome> polled) {
    if (!polled) return world_.trace("client: the wait for " + id + " ended with " + to_string(polled.error()));
    world_.trace("client: has the outcome of " + id);
    wanted_[number].answered = true;
    witness_.outcome_read(id, *polled);
  });
}

void Simulation::cancel(std::uint32_t number) {
  internal::RequestCancelParams params;
  params.run = {kNamespace, activity_id(number), {}};
  params.identity = "client";
  params.request_id = "cancel-" + std::to_string(world_.random().below(1'000'000));
  params.reason = "superseded";
  if (!client_) return;
  world_.trace("client: cancels " + params.run.activity_id);
  // Any answer is fine: it may not exist yet, or be closed.
  client_->retrying.request_cancel(params, 10s, [](internal::StatusOr<>) {});
}

void Simulation::pass_on(const TaskToken& token, std::uint64_t count) {
  world_.after(world_.between(0ns, 1s), [this, token, count] {
    elsewhere_->late.take(elsewhere_->client.client().async_activity(token), token, count);
  });
}

void Simulation::kill_worker(std::size_t which) {
  if (!workers_[which]) return;
  world_.trace("worker " + std::to_string(which) + " killed");
  workers_[which].reset();
  world_.after(world_.between(10ms, 3s), [this, which] {
    workers_[which] = std::make_unique<WorkerProcess>(*this, "worker-" + std::to_string(which));
  });
}

void Simulation::kill_client() {
  if (!client_) return;
  world_.trace("client killed");
  client_.reset();
  world_.after(world_.between(10ms, 5s), [this] { restart_client(); });
}

void Simulation::restart_client() {
  client_ = std::make_unique<ClientProcess>(*this);
  for (std::size_t number = 0; number < wanted_.size(); ++number) {
    const Wanted& wanted = wanted_[number];
    if (wanted.run_id.empty()) {
      send_start(number);
    } else if (!wanted.answered || world_.random().chance(50)) {  // Once more: it must hear the same.
      await_outcome(number);
    }
  }
}

void Simulation::set_server_clock() {
  // A server that runs on has read it before: only its next process sees this.
  if (world_.random().chance(60)) kill_server();
  set_machine_clock(world_.between(-10min, 10min));
}

void Simulation::set_machine_clock(Nanoseconds by) {
  world_.trace("the clock of the server is set by " + std::to_string(by / 1s) + " s");
  world_.set_machine_clock(by);
}

/// One worker, the client, somebody else, the operator, the neighbours, or all of them at once.
void Simulation::cut_off() {
  auto& random = world_.random();
  const auto ways = random.below(3);
  const auto end = std::min(world_.now() + world_.between(100ms, 15s), TimePoint(1h) + plan_.trouble);
  const Partition partition{ways != 1, ways != 2, random.chance(50), end};
  const auto whom = random.below(workers_.size() + 5);
  world_.trace("partition of " + std::to_string(whom) + ", ways " + std::to_string(ways));
  const bool all = whom == workers_.size() + 4;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if ((all || whom == i) && workers_[i]) workers_[i]->cut(partition);
  }
  if ((all || whom == workers_.size()) && client_) client_->stub.cut(partition);
  if (all || whom == workers_.size() + 1) elsewhere_->client.wire().cut(partition);
  if (all || whom == workers_.size() + 2) operator_->cut(partition);
  if ((all || whom == workers_.size() + 3) && neighbours_) neighbours_->cut(partition);
}

void Simulation::mend_network() {
  for (const auto& worker : workers_) {
    if (worker) worker->cut({});
  }
  if (client_) client_->stub.cut({});
  elsewhere_->client.wire().cut({});
  operator_->cut({});
  if (neighbours_) neighbours_->cut({});
}

void Simulation::kill_server() {
  if (!server_.up()) return;
  server_.crash();
  if (client_) client_->stub.connection_broken();
  elsewhere_->client.wire().connection_broken();
  operator_->connection_broken();
  if (neighbours_) neighbours_->connection_broken();
  for (auto& worker : workers_) {
    if (worker) worker->connection_broken();
  }
  world_.after(world_.between(10ms, 4s), [this] { server_.start(); });
}

void Simulation::run() {
  // The longest chain: 23 attempts of 120 s with backoff up to 200 s each, and clocks that are set back. Hours of
  // virtual time are cheap.
  const TimePoint end = world_.now() + plan_.trouble + 150min;
  // Code that nobody could stop ends, and reports that nobody waits for are settled.
  constexpr auto kRest = 5min;
  std::optional<TimePoint> rest;
  while (witness_.broken().empty() && world_.step(rest.value_or(end))) {
    const bool done = world_.now() > TimePoint(1h) + plan_.trouble && witness_.outcomes_read() == plan_.activities &&
                      operator_->at_rest() && (!neighbours_ || neighbours_->at_rest());
    if (done && !rest) rest = world_.now() + kRest;
  }
  if (witness_.broken().empty() && server_.up()) witness_.everything_closed();
  if (neighbours_ && rest) neighbours_->check_end();
  if (!witness_.broken().empty() || !rest) return;
  for (const auto& worker : workers_) {
    if (worker) worker->check_rest();
  }
}

}  // namespace longbeat::simulation
