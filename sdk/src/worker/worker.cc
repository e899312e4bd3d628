#include "longbeat/worker.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "base/random.h"
#include "base/utf8.h"
#include "client/client_core.h"
#include "client/option_text.h"
#include "worker/registry.h"
#include "worker/runner_probe.h"
#include "worker/signals.h"
#include "worker/telling_executor.h"
#include "worker/thread_executor.h"
#include "worker/worker_access.h"
#include "worker/worker_machine.h"

LONGBEAT_BEGIN

namespace {

Error bad(const std::string& what) {
  return {ErrorCode::kInvalidArgument, "WorkerOptions." + what};
}

/// What the workers of this process have in common.
const std::string& process_key() {
  static const std::string key = [] {
    internal::Random random(internal::entropy());
    return internal::to_string(internal::make_uuid(random));
  }();
  return key;
}

/// One answer from the loop. Dropped unanswered when the loop has gone: then nothing runs any more either.
template <class T>
class Answer {
 public:
  void set(T value) {
    const std::lock_guard lock(mutex_);
    if (in_time) in_time->end();
    value_ = std::move(value);
    came_.notify_all();
  }
  /// While somebody waits for it, if anybody wants to know.
  std::shared_ptr<internal::TimeWait> in_time{};

  std::optional<T> get() {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void wait() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return value_.has_value(); });
  }
  std::optional<T> wait_for(std::chrono::nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, timeout, [&] { return value_.has_value(); });
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::optional<T> value_;
};

}  // namespace

Result<> validate(const WorkerOptions& options) {
  using namespace std::chrono_literals;
  if (options.task_queue.empty()) return bad("task_queue is empty");
  if (options.task_queue.size() > 1000)
    return bad("task_queue has " + std::to_string(options.task_queue.size()) + " bytes, must have at most 1000");
  if (options.task_queue.starts_with("/_sys/"))
    return bad("task_queue is '" + options.task_queue + "', must not begin with '/_sys/'");
  if (!internal::is_utf8(options.task_queue))
    return bad("task_queue is " + internal::quoted(options.task_queue) + ", must be UTF-8");
  const auto number = [](const char* name, std::int64_t value, std::int64_t most) {
    return bad(std::string(name) + " is " + std::to_string(value) + ", must be " +
               (value < 1 ? std::string("at least 1") : "at most " + std::to_string(most)));
  };
  if (options.max_concurrent_activities < 1 || options.max_concurrent_activities > 100'000) {
    return number("max_concurrent_activities", options.max_concurrent_activities, 100'000);
  }
  if (options.max_concurrent_polls < 1 || options.max_concurrent_polls > 100) {
    return number("max_concurrent_polls", options.max_concurrent_polls, 100);
  }
  if (options.graceful_shutdown_timeout < 0ms || options.graceful_shutdown_timeout > 240h) {
    return bad("graceful_shutdown_timeout is " + std::to_string(options.graceful_shutdown_timeout.count()) +
               " ms, must be 0 to 240 hours");
  }
  if (options.stop_timeout <= 0ms || options.stop_timeout > 240h) {
    return bad("stop_timeout is " + std::to_string(options.stop_timeout.count()) +
               " ms, must be more than 0 and at most 240 hours");
  }
  if (options.heartbeat_interval != 0ms && (options.heartbeat_interval < 1s || options.heartbeat_interval > 60s)) {
    return bad("heartbeat_interval is " + std::to_string(options.heartbeat_interval.count()) +
               " ms, must be 0 or 1 to 60 seconds");
  }
  if (options.identity.size() > 1000)
    return bad("identity has " + std::to_string(options.identity.size()) + " bytes, must have at most 1000");
  if (!internal::is_utf8(options.identity))
    return bad("identity is " + internal::quoted(options.identity) + ", must be UTF-8");
  for (std::size_t i = 0; i < options.interceptors.size(); ++i) {
    if (!options.interceptors[i]) return bad("interceptors[" + std::to_string(i) + "] is null");
  }
  return {};
}

/// The seam between the program and the machine on the loop: posts, waits, and owns in the order of need, the
/// connection longest.
class Worker::Impl {
 public:
  Impl(std::shared_ptr<internal::ClientCore> core, WorkerOptions options)
      : core_(std::move(core)), options_(std::move(options)) {
    if (auto valid = validate(options_); !valid) mistake_ = std::move(valid).error();
    registry_.add_interceptors(options_.interceptors);
  }
  ~Impl() {
    // However busy the loop is: until the machine has ended it may give the executor work.
    if (const auto left = post_stop(std::chrono::milliseconds(0), std::chrono::milliseconds(500))) left->wait();
    executor_.reset();  // Waits for the functions.
  }

  internal::Registry& registry() { return registry_; }
  bool started() const { return machine_ != nullptr; }

  Result<> start() {
    if (mistake_) return *mistake_;
    if (registry_.mistake()) return *registry_.mistake();
    const std::lock_guard lock(mutex_);
    if (stopped_) return Error{ErrorCode::kFailedPrecondition, "Worker::start: the worker was stopped"};
    if (machine_) return Error{ErrorCode::kFailedPrecondition, "Worker::start: the worker runs already"};
    executor_ =
        std::make_unique<internal::ThreadExecutor>(static_cast<std::size_t>(options_.max_concurrent_activities),
                                                   [this](const auto& attempt) { return registry_.run(attempt); });
    told_executor_.emplace(*executor_);
    internal::Connection& connection = *core_->connection;
    machine_ = std::make_shared<internal::WorkerMachine>(
        internal::WorkerPorts{connection.loop(), connection.stub(), connection.courier(), *told_executor_,
                              connection.clock() ? *connection.clock() : internal::system_clock(), core_->converter,
                              core_, core_->format, internal::probes_of(connection)},
        settings());
    const bool posted = connection.loop().post([machine = machine_, refusal = refusal_] {
      machine->start([refusal](Error error) { refusal->set(std::move(error)); });
    });
    if (!posted) return Error{ErrorCode::kUnavailable, "Worker::start: the client's connection is closed"};
    return {};
  }

  Result<> stop(std::chrono::nanoseconds grace, std::chrono::nanoseconds within) {
    if (core_->connection && core_->connection->loop().on_this_thread())
      return Error{ErrorCode::kFailedPrecondition, "Worker::stop: called on the event loop, which must not wait"};
    const auto left = post_stop(grace, within);
    if (!left) return {};
    // Time that the program moves may take longer than that, or no time at all.
    if (core_->connection->watch()) left->wait();
    const auto names = left->wait_for(within + std::chrono::seconds(1));
    if (!names) return Error{ErrorCode::kInternal, "Worker::stop: the event loop did not answer"};
    if (names->empty()) return {};
    std::string text;
    for (const auto& name : *names) text += (text.empty() ? "" : "; ") + name;
    return Error{ErrorCode::kDeadlineExceeded, "Worker::stop: not done: " + text};
  }

  /// Until `ended` says so, or the server has refused this worker for good.
  template <class Ended>
  Result<> run_until(const Ended& ended) {
    if (auto begun = start(); !begun) return begun;
    std::optional<Error> refusal;
    while (!ended() && !stopped() && !(refusal = refusal_->get())) continue;
    auto rest = stop(options_.graceful_shutdown_timeout, options_.graceful_shutdown_timeout + options_.stop_timeout);
    if (refusal) return *std::move(refusal);
    return rest;
  }

  const WorkerOptions& options() const { return options_; }
  WorkerStats stats() const {
    const std::lock_guard lock(mutex_);
    if (machine_) return machine_->stats();
    WorkerStats none;
    none.slots_total = options_.max_concurrent_activities;
    return none;
  }
  void note_late_registration(const std::string& name) {
    const std::string late = "Worker::serve: '" + name + "' comes too late, the worker runs already";
    internal::log(LogLevel::kError, late);  // Who has called start() may never ask for the mistake.
    if (!mistake_) mistake_ = Error{ErrorCode::kFailedPrecondition, late};
  }

 private:
  using Names = Answer<std::vector<std::string>>;

  /// What will be left when the machine has ended; nothing when there is nothing that could run.
  std::shared_ptr<Names> post_stop(std::chrono::nanoseconds grace, std::chrono::nanoseconds within) {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      if (!machine_) return nullptr;
    }
    auto left = std::make_shared<Names>();
    const auto watch = core_->connection->watch();
    const bool posted =
        core_->connection->loop().post([machine = machine_, grace, within, left, caller = caller(), watch] {
          if (watch) left->in_time = watch->wait();
          machine->stop(grace, within, [left](std::vector<std::string> names) { left->set(std::move(names)); }, caller);
        });
    return posted ? left : nullptr;
  }

  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }
  /// The attempt that the calling thread works for.
  std::uint64_t caller() const {
    if (const auto key = executor_->running_here(); key != 0) return key;
    return internal::Courier::owner_of(core_->connection->courier().running_here());
  }

  internal::WorkerSettings settings() const {
    internal::Random random(internal::entropy());
    internal::WorkerSettings settings;
    settings.address = core_->address;
    settings.namespace_name = core_->namespace_name;
    settings.identity = options_.identity.empty() ? core_->identity : options_.identity;
    settings.task_queue = options_.task_queue;
    settings.instance_key = internal::to_string(internal::make_uuid(random));
    std::array<char, 256> host{};
    settings.host_name = gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "";
    settings.process_id = std::to_string(getpid());
    settings.process_key = process_key();
    settings.heartbeat_interval = options_.heartbeat_interval;
    settings.slots = options_.max_concurrent_activities;
    settings.polls_max = options_.max_concurrent_polls;
    settings.seed = internal::entropy();
    return settings;
  }

  std::shared_ptr<internal::ClientCore> core_;
  WorkerOptions options_;
  std::optional<Error> mistake_;
  internal::Registry registry_;
  mutable std::mutex mutex_;  ///< machine_ and stopped_: stop() and stats() come from any thread
  bool stopped_ = false;
  std::shared_ptr<Answer<Error>> refusal_ = std::make_shared<Answer<Error>>();
  std::unique_ptr<internal::ThreadExecutor> executor_;
  std::optional<internal::TellingExecutor> told_executor_;  ///< executor_, and attempts are told what it does
  std::shared_ptr<internal::WorkerMachine> machine_;
};

Worker::Worker(const Client& client, WorkerOptions options)
    : impl_(std::make_unique<Impl>(internal::core_of(client), std::move(options))) {}
Worker::~Worker() = default;
Worker::Worker(Worker&&) noexcept = default;
Worker& Worker::operator=(Worker&&) noexcept = default;

Result<> Worker::start() {
  return impl_->start();
}
Result<> Worker::stop(std::chrono::milliseconds within) {
  // Cut here, before the milliseconds overflow as nanoseconds.
  constexpr auto kLongest = std::chrono::duration_cast<std::chrono::milliseconds>(internal::ShutdownPlan::kLongest);
  return impl_->stop(impl_->options().graceful_shutdown_timeout,
                     std::clamp(within, std::chrono::milliseconds::zero(), kLongest));
}

Result<> Worker::run() {
  const internal::SignalWatch signals;
  if (signals.descriptor() < 0)
    return Error{ErrorCode::kResourceExhausted, "Worker::run: no file descriptor left to watch for signals"};
  return impl_->run_until([&] {
    pollfd wait{signals.descriptor(), POLLIN, 0};
    return ::poll(&wait, 1, 200) > 0;  // Looks for a refusal between two waits.
  });
}

Result<> Worker::run(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any requested;
  return impl_->run_until([&] {
    std::unique_lock lock(mutex);
    requested.wait_for(lock, stop, std::chrono::milliseconds(200), [&] { return stop.stop_requested(); });
    return stop.stop_requested();
  });
}

WorkerStats Worker::stats() const {
  return impl_->stats();
}

internal::Registry& WorkerAccess::registry(Worker& worker) {
  return worker.impl_->registry();
}

void Worker::add(std::string name, internal::ActivityFunction function, const ServeOptions& options) {
  if (impl_->started()) return impl_->note_late_registration(name);
  impl_->registry().add(std::move(name), std::move(function), options);
}
void Worker::add_unknown(internal::ActivityFunction function, const ServeOptions& options) {
  if (impl_->started()) return impl_->note_late_registration("serve_unknown");
  impl_->registry().add_unknown(std::move(function), options);
}
void Worker::add_alias(std::string name, std::string activity) {
  if (impl_->started()) return impl_->note_late_registration(name);
  impl_->registry().add_alias(std::move(name), std::move(activity));
}

LONGBEAT_END
