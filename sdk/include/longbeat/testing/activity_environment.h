#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "longbeat/activity.h"
#include "longbeat/activity_context.h"
#include "longbeat/data_converter.h"
#include "longbeat/errors.h"
#include "longbeat/export.h"
#include "longbeat/interceptor.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"
#include "longbeat/serve.h"
#include "longbeat/start_input.h"
#include "longbeat/wire_codec.h"

LONGBEAT_BEGIN

/// For tests of activities. Names no test framework and needs no server: link longbeat::testing.
namespace testing {

/// What an ActivityEnvironment runs its activities with. Every field has a usable default.
struct ActivityEnvironmentOptions {
  /// What the server tells of the attempt. `activity_type` is the activity's name, whatever it says here; where an ID,
  /// `namespace_name`, `task_queue` or a time is empty, the environment fills it in. Timeouts that are not set are no
  /// limits; those that are: more than zero. The environment's server keeps them as a server does: what comes later is
  /// refused.
  ActivityInfo info{};
  /// As in ClientOptions.
  DataConverter converter{};
  /// As in ClientOptions. No null pointers.
  std::vector<std::shared_ptr<WireCodec>> codecs{};
  /// As in ClientOptions.
  bool encode_common_attributes = false;
  /// As in WorkerOptions. No null pointers.
  std::vector<std::shared_ptr<WorkerInterceptor>> interceptors{};
  /// As for Worker::serve().
  ServeOptions serve{};
  /// What the server takes as result, failure or heartbeat details. Default: what a server with standard settings does.
  std::size_t payload_bytes_max = std::size_t{2} * 1024 * 1024;
  /// The time of day at which each run begins. Default: 2026-01-01, 00:00 UTC.
  std::chrono::sys_time<std::chrono::nanoseconds> start_time{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  /// Real time for threads of the activity's own: virtual time makes no step before each that has come out of a wait of
  /// the context, or begun wait() or wait_for() there, has had so much or is back in a wait. A wait that nothing else
  /// can end is taken for endless after 5 s, or after this where it is more. Zero to 10 s.
  std::chrono::milliseconds thread_time{20};
};

/// One heartbeat, as the activity called it or as it was sent.
struct SeenHeartbeat {
  /// Since the attempt's start, in virtual time.
  std::chrono::nanoseconds at{};
  /// Converted, without codecs. Called without a value: empty. An error: why they could not be encoded, or decoded.
  Result<Payloads> details = Payloads();
  /// Only of those that were sent: it reached the server.
  bool acknowledged = false;
  DataConverter converter{};

  /// What Checkpoint::save(value) or heartbeat(value) was given.
  template <class T>
  Result<T> value() const {
    if (!details) return details.error();
    return converter.from_result<T>(*details);
  }
  /// What heartbeat(a, b) was given.
  template <class... Values>
  Result<std::tuple<Values...>> values() const {
    if (!details) return details.error();
    return converter.from_payloads<std::tuple<Values...>>(*details);
  }
};

/// What a run showed of itself, whatever the type of its result.
struct RunReport {
  /// What was reported to the server, and taken. Abandoned: nothing, because nothing could count any more, the server
  /// did not know the attempt or had timed it out, or it could not be reached.
  AttemptEndKind end = AttemptEndKind::kAbandoned;
  /// In the order of the calls: heartbeat(), save() and save_now().
  std::vector<SeenHeartbeat> called{};
  /// As they left the throttle, also those that did not get through. With a heartbeat timeout the worker's own first
  /// one may be among them, which carries what earlier attempts left.
  std::vector<SeenHeartbeat> sent{};
  /// In the order of arrival.
  std::vector<StopCause> stop_causes{};
  /// Virtual time from the start to the function's return.
  std::chrono::nanoseconds took{};
  /// The heartbeat details that the server holds at the end: what the next attempt would find.
  SeenHeartbeat left{};
};

/// One run of an activity.
template <class R>
struct ActivityRun : RunReport {
  /// What the caller would get if there were no other attempt. kActivityFailed, kActivityCanceled and kActivityTimedOut
  /// with Error::failure. Without a report in time that is the timeout that was first, or comes next: the failure has
  /// its type and the details the server held, the message says why nothing was reported. An attempt without timeouts
  /// has no such end: kLeaseLost: nothing was reported, because nothing could count any more; kUnavailable: the report
  /// could not be sent, and the message says why. kLeaseLost too when the server was made to forget the attempt.
  /// kDeadlineExceeded: it waited for what could never come. kFailedPrecondition: the end was left to a LateCompletion,
  /// which has reported nothing yet. kInvalidArgument, kUndecodable: the attempt was not begun, or its result is no R.
  Result<R> result = Error{ErrorCode::kInternal, "the activity has not run"};
};

/// For people, on one line: how it ended, when, with how many heartbeats, and the error. No stable format.
template <class R>
std::ostream& operator<<(std::ostream& out, const ActivityRun<R>& run) {
  out << to_string(run.end) << " after " << run.took / std::chrono::milliseconds(1) << " ms, " << run.called.size()
      << " heartbeats called, " << run.sent.size() << " sent";
  if (!run.result) out << ": " << run.result.error();
  return out;
}

}  // namespace testing

LONGBEAT_END

namespace longbeat::internal {

class EnvironmentAccess;

struct EncodedRun {
  testing::RunReport report{};
  Result<Payloads> result = Payloads();
};

}  // namespace longbeat::internal

LONGBEAT_BEGIN

namespace testing {

/// Runs activities on the calling thread as a worker would, without a server: the same converters, codecs,
/// interceptors, throttle, lease and stops, on a virtual clock. Time stands still while the activity computes. It moves
/// while the activity is inside sleep_for(), sleep_until(), wait(), wait_for() or save_now() of its context, from one
/// event to the next, without any real waiting; advance() moves it from a fake that takes its time. Each call of the
/// context returns when everything it causes at that moment has happened, so runs repeat exactly, as long as the
/// activity itself does; a callback or codec that blocks then is waited for a second. Each event costs tens
/// of microseconds: a silent year takes some milliseconds, one with a heartbeat each minute some twenty seconds.
///
/// What happens from outside is planned before the run, in the run's own time. Each run begins at time zero, with a new
/// attempt and the same plan; what is planned for time zero has happened when the activity begins.
///
/// Virtual time ends 100 years after a run's start. A wait without an end, or beyond that one, which nothing planned
/// and no timeout can end, stops the attempt (StopCause::kTimedOut) after 5 s of real time without any event, or ten
/// days of virtual time in which only heartbeats go on. The result is kDeadlineExceeded.
///
/// One run at a time; run() may be called again. Where threads of the activity's own wait too, time moves while any of
/// them does; what they call after the run does nothing. An activity that waits in any other way
/// (std::this_thread::sleep_for, poll()) waits in real time, while virtual time stands still; after 5 s the log says
/// so. Between runs there are no threads, unless the last one was left to a LateCompletion.
class LONGBEAT_EXPORT ActivityEnvironment {
 public:
  /// Throws std::invalid_argument on a bad option.
  explicit ActivityEnvironment(ActivityEnvironmentOptions options = {});
  ~ActivityEnvironment();
  ActivityEnvironment(const ActivityEnvironment&) = delete;
  ActivityEnvironment& operator=(const ActivityEnvironment&) = delete;

  /// What earlier attempts left, as heartbeat(values...) leaves it; without values nothing. Throws
  /// std::invalid_argument when a value cannot be encoded.
  template <class... Values>
  void set_previous_details(const Values&... values) {
    set_encoded_details(options().converter.to_payloads(values...));
  }
  /// The next run is the attempt after this one: its number is one more, and it finds the details that this one left.
  void continue_after(const RunReport& run);

  // --- What happens during each run. Times count from its start; negative ones throw std::invalid_argument. ---

  /// The attempt learns of it then. Any cause but kBrokenDetails and kStalled, which are the activity's own: those, and
  /// what is no StopCause, throw std::invalid_argument. From kNotFound on the server knows no such attempt; the others
  /// change nothing there. An attempt that is lost at time zero is not begun, as by a worker.
  void stop_at(std::chrono::nanoseconds at, StopCause cause);
  /// The same before the heartbeat of this number returns, counted from 1 over all that are called.
  void stop_after_heartbeat(std::size_t number, StopCause cause);
  /// The server is asked for it then, and the attempt learns of it as in production: with the answer to the next
  /// heartbeat that the throttle lets through. kCanceled, kPaused, kReset or kNotFound.
  void ask_at(std::chrono::nanoseconds at, StopCause cause);
  /// The worker begins to shut down: ActivityContext::shutdown_token(). The stop itself is a stop_at() of its own.
  void announce_shutdown_at(std::chrono::nanoseconds at);
  /// Nothing reaches the server from then until then: heartbeats and the report fail and are repeated.
  void disconnect(std::chrono::nanoseconds from, std::chrono::nanoseconds until = std::chrono::nanoseconds::max());

  // --- For fakes that the activity calls, on any thread while it runs; otherwise they do nothing ---

  /// Time passes although the activity does not wait. Throws std::invalid_argument where that would be more than 100
  /// years since the run's start.
  void advance(std::chrono::nanoseconds by);
  /// As stop_at(), now.
  void stop(StopCause cause);
  /// Virtual time since the start of the run, or how long the last one took.
  std::chrono::nanoseconds passed() const;

  /// Runs one attempt of the activity, an Activity or a dynamic_activity(name), with a handler as Worker::serve() takes
  /// it (a method: by a lambda), on the calling thread.
  template <class R, class... Args, class Handler>
  ActivityRun<R> run(const Activity<R(Args...)>& activity, Handler handler, const std::type_identity_t<Args>&... args) {
    return run_as<R>(activity, std::move(handler), options().converter.to_payloads(args...));
  }
  /// The same without trailing std::optional arguments, and for a dynamic_activity(name) with any arguments.
  template <class A, class Handler, class... Given>
    requires(internal::LooseArguments<A, Given...>::value)
  ActivityRun<typename A::Result> run(const A& activity, Handler handler, const Given&... given) {
    return run_as<typename A::Result>(activity, std::move(handler),
                                      internal::loose_input(options().converter, activity, given...));
  }

 private:
  friend class internal::EnvironmentAccess;
  class Impl;

  template <class R, class A, class Handler>
  ActivityRun<R> run_as(const A& activity, Handler handler, Result<Payloads> input) {
    auto run =
        run_encoded(std::string(activity.name()), internal::Served<A>::function(std::move(handler)), std::move(input));
    ActivityRun<R> decoded;
    static_cast<RunReport&>(decoded) = std::move(run.report);
    if (run.result) {
      decoded.result = options().converter.template from_result<R>(*run.result);
    } else {
      decoded.result = std::move(run.result).error();
    }
    return decoded;
  }
  const ActivityEnvironmentOptions& options() const noexcept;
  void set_encoded_details(Result<Payloads> details);
  internal::EncodedRun run_encoded(std::string type, internal::ActivityFunction function, Result<Payloads> input);

  std::unique_ptr<Impl> impl_;
};

}  // namespace testing

LONGBEAT_END
