#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "longbeat/activity.h"
#include "longbeat/export.h"
#include "longbeat/interceptor.h"
#include "longbeat/result.h"
#include "longbeat/serve.h"

LONGBEAT_BEGIN

class Client;

/// How one Worker polls and runs activities. Every field but task_queue has a usable default. Texts are UTF-8.
struct WorkerOptions {
  /// Task queue to poll. Required; at most 1000 bytes, not beginning with "/_sys/".
  std::string task_queue{};
  /// Slots: most attempts running at once, one thread each. 1 to 100000. More slots than the machine can serve make
  /// attempts time out here while another worker idles.
  std::int32_t max_concurrent_activities = 100;
  /// Most long polls open at once. 1 to 100; never more than there are free slots.
  std::int32_t max_concurrent_polls = 5;
  /// How long running attempts may go on after stop() before stop is requested on them (cause: shutdown). Zero requests
  /// it at once.
  std::chrono::milliseconds graceful_shutdown_timeout{10'000};
  /// How long they may take to end after that, in run(); then WorkerShutdown is reported for them. More than zero.
  std::chrono::milliseconds stop_timeout{5'000};
  /// How often the server is told how this worker does, where it keeps a list of workers (ListWorkers); no activity
  /// depends on it. 1 to 60 s; zero: never.
  std::chrono::milliseconds heartbeat_interval{60'000};
  /// Who works, as the server shows it. Empty: the client's identity.
  std::string identity{};
  /// Stand around every attempt, the first one outermost. No null pointers.
  std::vector<std::shared_ptr<WorkerInterceptor>> interceptors{};
};

/// Checks every field and names the first bad one; no I/O. kInvalidArgument on failure.
LONGBEAT_EXPORT Result<> validate(const WorkerOptions& options);

/// What a worker has done so far and what it does now.
struct WorkerStats {
  std::int64_t slots_total = 0, slots_used = 0;  ///< used: running, or ended and not reported yet
  std::int64_t polls_open = 0, poll_errors = 0;
  std::int64_t attempts_started = 0, attempts_running = 0;
  /// How attempts ended and were acknowledged by the server. Abandoned: nothing could count any more.
  std::int64_t completed = 0, failed = 0, canceled = 0, abandoned = 0;
  std::int64_t reports_repeated = 0;
  std::int64_t reports_stale = 0;     ///< refused with NOT_FOUND: the attempt did not count any more
  std::int64_t reports_unknown = 0;   ///< NOT_FOUND after a try whose answer was lost: may have been applied
  std::int64_t reports_given_up = 0;  ///< not acknowledged within their time, or refused for good
  std::int64_t heartbeats_acknowledged = 0, heartbeats_failed = 0;
  std::int64_t heartbeats_without_newest = 0;  ///< sent with older details, because encoding the newest took too long
  std::int64_t heartbeats_ignored = 0;         ///< called after the attempt's end
  std::int64_t handed_over = 0;                ///< left with complete_later(): reported by somebody else
  /// Attempts of which nothing could count any more before their function had ended: lease or time over, not known to
  /// the server, or this worker's end forced.
  std::int64_t leases_lost = 0;
  std::int64_t attempts_stuck = 0;  ///< whose function had not returned 10 s after it was asked to stop
  std::int64_t tasks_dropped = 0;   ///< handed out when the worker had ended already: neither run nor answered
};

/// Runs activities of one task queue: polls, hands tasks to its own threads, reports. Constructor and serve() do no
/// I/O; the first bad option, duplicate or reserved name is kept and returned by start() and run(). Movable; a
/// moved-from worker may only be destroyed.
class LONGBEAT_EXPORT Worker {
 public:
  /// Shares the client's connection and keeps it alive.
  Worker(const Client& client, WorkerOptions options);
  /// Stops with a zero grace if it still runs, then waits for the activity functions to return. Not inside one of them:
  /// it would wait for itself, and ends the process.
  ~Worker();
  Worker(Worker&&) noexcept;
  Worker& operator=(Worker&&) noexcept;

  /// Registers what runs an activity, an Activity or a dynamic_activity(name): a function, a lambda (also one that
  /// cannot be copied), a std::function. Called as handler(context, arguments...) or handler(arguments...), at the same
  /// time from several threads; the handler of a dynamic activity has one argument, longbeat::Payloads. It returns the
  /// activity's result or a longbeat::Result of it; what it throws fails the attempt. Trailing std::optional arguments
  /// may be missing. Only before start(). Handlers that do not fit do not compile.
  template <class A, class Handler>
  void serve(const A& activity, Handler handler, ServeOptions options = {}) {
    if constexpr (internal::require_activity<A>())
      add(std::string(activity.name()), internal::Served<A>::function(std::move(handler)), options);
  }

  /// The same with a method of an object: a std::shared_ptr, which the worker keeps, or an object that outlives the
  /// worker.
  template <class A, class Object, class Function, class Class>
  void serve(const A& activity, Object&& object, Function Class::* method, ServeOptions options = {}) {
    serve(activity, internal::bound_method(internal::held_object(std::forward<Object>(object)), method), options);
  }

  /// Many activities run by one object: worker.serve_all(std::make_shared<Files>(db), longbeat::method(ingest,
  /// &Files::ingest), longbeat::method_unknown(&Files::other)). The object as in serve().
  template <class Object, class... Methods>
  void serve_all(Object&& object, const Methods&... methods) {
    const auto holder = internal::held_object(std::forward<Object>(object));
    (serve_method(holder, methods), ...);
  }

  /// Takes every activity that is not registered; the type is in context.info(). Called as the handler of a dynamic
  /// activity.
  template <class Handler>
  void serve_unknown(Handler handler, ServeOptions options = {}) {
    add_unknown(internal::Served<DynamicActivity>::function(std::move(handler)), options);
  }

  /// Serves an activity under an earlier name too, after a rename: tasks that carry `name` are run by the activity's
  /// handler. context.info() tells the name the task has. The activity may be served before or after; an alias of an
  /// alias is refused.
  template <class A>
  void alias(const A& activity, std::string name) {
    if constexpr (internal::require_activity<A>()) add_alias(std::move(name), std::string(activity.name()));
  }

  /// Begins to poll and returns at once; a server that is not there yet is waited for. One that refuses this worker
  /// (namespace missing, permission denied) is asked again as well, until stop(); after 60 s that is logged as an
  /// error. Refused with the first mistake in options and registrations, and after stop().
  Result<> start();
  /// Tells the server (ShutdownWorker) and polls no more. Attempts, also those that the server hands out at that
  /// moment, learn of it (shutdown_token) and go on for graceful_shutdown_timeout, heartbeating; then stop is requested
  /// on them, and before `within` has passed WorkerShutdown is reported for what still runs. kDeadlineExceeded names
  /// what had not ended by then, with thread, age and last heartbeat, and what had ended but whose result the server
  /// did not take in time; ok when nothing is left. `within`: less than zero counts as zero, more than 480 hours as
  /// that. Any thread; may come without start(), and again, also at the same time: then the earlier deadline counts.
  /// Inside one of this worker's activities it waits for all others: their deadline does not bind the caller, which is
  /// asked to stop like them and whose result is reported after it returns, unless a stop from elsewhere ends it first.
  /// Callbacks of the attempt's tokens, functions given to on_stop() and codecs of its heartbeats count as inside; a
  /// thread that the activity started itself does not, and waits for the activity until `within` has passed.
  Result<> stop(std::chrono::milliseconds within);
  /// Starts, runs until SIGINT or SIGTERM or until somebody calls stop(), then stops. A second signal, a second or more
  /// after the first, ends the process at once. Handlers of the program are restored. Returns the error when the server
  /// refuses this worker for good (namespace missing, permission denied) for 60 s; kResourceExhausted when there is no
  /// file descriptor left to watch for signals.
  Result<> run();
  /// The same until `stop` is requested; touches no signal.
  Result<> run(std::stop_token stop);

  /// A snapshot. Any thread.
  WorkerStats stats() const;

 private:
  friend class WorkerAccess;
  class Impl;
  template <class Holder, class M>
  void serve_method(const Holder& holder, const M& method) {
    if constexpr (internal::require_method<M>()) {
      using A = decltype(M::activity);
      auto bound = internal::bound_method(holder, method.member);
      if constexpr (std::is_same_v<A, internal::UnknownActivities>) {
        serve_unknown(std::move(bound), method.options);
      } else if constexpr (!std::is_same_v<A, internal::Refused>) {
        serve(method.activity, std::move(bound), method.options);
      }
    }
  }
  void add(std::string name, internal::ActivityFunction function, const ServeOptions& options);
  void add_unknown(internal::ActivityFunction function, const ServeOptions& options);
  void add_alias(std::string name, std::string activity);

  std::unique_ptr<Impl> impl_;
};

LONGBEAT_END
