#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "longbeat/activity.h"
#include "longbeat/activity_context.h"
#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/interceptor.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

class Client;

/// How one Worker polls and runs activities. Every field but task_queue has a usable default.
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
  std::int64_t leases_lost = 0;
  std::int64_t tasks_dropped = 0;  ///< handed out when the worker had ended already: neither run nor answered
};

LONGBEAT_END

namespace longbeat::internal {

/// One registered activity: decodes, calls, encodes. Throws what the user's function throws.
using ActivityFunction = std::function<Payloads(ActivityContext&, const Payloads&)>;

/// Ends an attempt with the error its function returned.
[[noreturn]] LONGBEAT_EXPORT void throw_returned_error(Error error);
[[noreturn]] LONGBEAT_EXPORT void throw_undecodable_arguments(const Error& error);
[[noreturn]] LONGBEAT_EXPORT void throw_unencodable_result(const Error& error);
LONGBEAT_EXPORT Payloads null_payloads();

template <class T>
struct IsResult : std::false_type {};
template <class T>
struct IsResult<longbeat::Result<T>> : std::true_type {};

template <class R, class Returned>
constexpr bool returns_for() {
  if constexpr (std::is_void_v<R>) {
    return std::is_void_v<Returned> || std::is_same_v<Returned, longbeat::Result<>>;
  } else {
    return std::is_convertible_v<Returned, R> || std::is_convertible_v<Returned, longbeat::Result<R>>;
  }
}

template <class R, class Call>
Payloads encoded_result(const DataConverter& converter, const Call& call) {
  using Returned = std::invoke_result_t<const Call&>;
  if constexpr (std::is_void_v<Returned>) {
    call();
    return null_payloads();
  } else if constexpr (std::is_same_v<Returned, longbeat::Result<>>) {
    auto result = call();
    if (!result) throw_returned_error(std::move(result).error());
    return null_payloads();
  } else {
    longbeat::Result<R> result = call();
    if (!result) throw_returned_error(std::move(result).error());
    auto payloads = converter.to_payloads(*result);
    if (!payloads) throw_unencodable_result(payloads.error());
    return *std::move(payloads);
  }
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

/// Runs activities of one task queue: polls, hands tasks to its own threads, reports. Constructor and serve() do no
/// I/O; the first bad option, duplicate or reserved name is kept and returned by start() and run(). Movable; a
/// moved-from worker may only be destroyed.
class LONGBEAT_EXPORT Worker {
 public:
  /// Shares the client's connection and keeps it alive.
  Worker(const Client& client, WorkerOptions options);
  /// Stops with a zero grace if it still runs, then waits for the activity functions to return.
  ~Worker();
  Worker(Worker&&) noexcept;
  Worker& operator=(Worker&&) noexcept;

  /// Registers the function for an activity: called as handler(context, arguments...) or handler(arguments...), at the
  /// same time from several threads. It returns R or Result<R>; what it throws fails the attempt. Only before start().
  template <class R, class... Args, class Handler>
  void serve(const Activity<R(Args...)>& activity, Handler handler) {
    constexpr bool kWithContext = std::is_invocable_v<Handler&, ActivityContext&, std::decay_t<Args>...>;
    constexpr bool kWithout = std::is_invocable_v<Handler&, std::decay_t<Args>...>;
    static_assert(kWithContext || kWithout,
                  "longbeat: this handler cannot be called with the activity's arguments, with or without an "
                  "ActivityContext& first");
    if constexpr (kWithContext) {
      using Returned = std::invoke_result_t<Handler&, ActivityContext&, std::decay_t<Args>...>;
      static_assert(internal::returns_for<R, Returned>(),
                    "longbeat: this handler does not return the activity's result");
    } else if constexpr (kWithout) {
      using Returned = std::invoke_result_t<Handler&, std::decay_t<Args>...>;
      static_assert(internal::returns_for<R, Returned>(),
                    "longbeat: this handler does not return the activity's result");
    }
    add(std::string(activity.name()),
        [shared = std::make_shared<Handler>(std::move(handler))](ActivityContext& context,
                                                                 const Payloads& input) -> Payloads {
          auto arguments = context.converter().template from_payloads<std::tuple<std::decay_t<Args>...>>(input);
          if (!arguments) internal::throw_undecodable_arguments(arguments.error());
          return internal::encoded_result<R>(context.converter(), [&]() -> decltype(auto) {
            return std::apply(
                [&](auto&&... each) -> decltype(auto) {
                  if constexpr (kWithContext) {
                    return (*shared)(context, std::move(each)...);
                  } else {
                    return (*shared)(std::move(each)...);
                  }
                },
                *std::move(arguments));
          });
        });
  }

  /// An activity whose name is known only at run time; called as handler(context, payloads), returns Payloads or
  /// Result<Payloads>.
  template <class Handler>
  void serve(const DynamicActivity& activity, Handler handler) {
    add(std::string(activity.name()), raw_function(std::move(handler)));
  }

  /// Takes every activity that is not registered; the type is in context.info(). Called as the handler of a dynamic
  /// activity.
  template <class Handler>
  void serve_unknown(Handler handler) {
    add_unknown(raw_function(std::move(handler)));
  }

  /// Begins to poll and returns at once; a server that is not there yet is waited for. One that refuses this worker
  /// (namespace missing, permission denied) is asked again as well, until stop(); after 60 s that is logged as an
  /// error. Refused with the first mistake in options and registrations, and after stop().
  Result<> start();
  /// Stops polling and lets attempts go on for graceful_shutdown_timeout, then requests stop on them, and before
  /// `within` has passed reports WorkerShutdown for what still runs. kDeadlineExceeded names what had not ended by
  /// then, and what had ended but whose result the server did not take in time; ok when nothing is left. `within`:
  /// less than zero counts as zero, more than 480 hours as that. Any thread but an activity's own; may come without
  /// start(), and again: then the earlier deadline counts.
  Result<> stop(std::chrono::milliseconds within);
  /// Starts, runs until SIGINT or SIGTERM, then stops. A second signal, a second or more after the first, ends the
  /// process at once. Handlers of the program are
  /// restored. Returns the error when the server refuses this worker for good (namespace missing, permission denied)
  /// for 60 s.
  Result<> run();
  /// The same until `stop` is requested; touches no signal.
  Result<> run(std::stop_token stop);

  /// A snapshot. Any thread.
  WorkerStats stats() const;

 private:
  class Impl;
  template <class Handler>
  static internal::ActivityFunction raw_function(Handler handler) {
    static_assert(std::is_invocable_v<Handler&, ActivityContext&, Payloads>,
                  "longbeat: this handler cannot be called as handler(ActivityContext&, Payloads)");
    return [shared = std::make_shared<Handler>(std::move(handler))](ActivityContext& context,
                                                                    const Payloads& input) -> Payloads {
      return internal::encoded_result<Payloads>(context.converter(),
                                                [&]() -> decltype(auto) { return (*shared)(context, input); });
    };
  }
  void add(std::string name, internal::ActivityFunction function);
  void add_unknown(internal::ActivityFunction function);

  std::unique_ptr<Impl> impl_;
};

LONGBEAT_END
