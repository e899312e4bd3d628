#pragma once
#include <cstdint>
#include <optional>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/status.h"

namespace longbeat::internal {

/// The calls of ServiceStub.
enum class Rpc : std::int8_t {
  kGetSystemInfo,
  kDescribeNamespace,
  kDescribeTaskQueue,
  kListWorkers,
  kCountWorkers,
  kDescribeWorker,
  kStartActivity,
  kPollOutcome,
  kDescribeActivity,
  kListActivities,
  kCountActivities,
  kRequestCancel,
  kTerminateActivity,
  kDeleteActivity,
  kPauseActivity,
  kUnpauseActivity,
  kResetActivity,
  kUpdateActivityOptions,
  kPollTasks,
  kRecordHeartbeat,
  kRespondCompleted,
  kRespondFailed,
  kRespondCanceled,
  kRecordHeartbeatById,
  kRespondCompletedById,
  kRespondFailedById,
  kRespondCanceledById,
  kRecordWorkerHeartbeat,
  kShutdownWorker,
};

/// What sending the same request a second time would do, and so when RetryingStub does it.
enum class Repetition : std::int8_t {
  kNever,         ///< the caller repeats it, or nobody
  kOnlyRefused,   ///< it could have a second effect: again only when the server refused it unseen (RESOURCE_EXHAUSTED)
  kUnrecognized,  ///< it has no second effect, but is answered NOT_FOUND when the first one got through
  kGoneIsDone,    ///< the same, and NOT_FOUND then says that nothing is left to do
  kAlways,        ///< it changes nothing, or the server recognizes its request ID
};

/// The one table of which calls RetryingStub repeats. `names_run`: the request has a run ID, so that it cannot meet
/// another run than the first time.
Repetition repetition(Rpc rpc, bool names_run);

/// May the same request, sent again, succeed? Codes of protocol practice: UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED,
/// INTERNAL, UNKNOWN, DATA_LOSS, OUT_OF_RANGE. A message that is too large stays too large.
bool worth_repeating(const Status& status);
/// The same for a request of that kind.
bool worth_repeating(const Status& status, Repetition repetition);

/// The pauses between the tries of one call. RESOURCE_EXHAUSTED asks for longer ones.
class RetryPauses {
 public:
  std::chrono::nanoseconds next(const Status& status, Random& random);
  void reset();

 private:
  Backoff usual_{BackoffPolicy{}};  // 100 ms, times 1.7, at most 5 s, 20 % either way.
  Backoff exhausted_{BackoffPolicy{std::chrono::seconds(1), 200, std::chrono::seconds(10), 20}};
};

/// The server is away or busy: worth waiting for as long as the caller has time.
bool passes_with_time(const Status& status);

/// Tries of one call that end with an error that need not pass, the first included.
inline constexpr int kMostTries = 10;
/// When to try again at the latest what failed at `now` and has time until `end`: with a quarter of the rest left for
/// an answer, which says more than a passed deadline, and so that a server that came back just then is not missed.
/// Nothing when so little is left that no answer would come.
inline std::optional<TimePoint> latest_try(TimePoint now, TimePoint end) {
  constexpr std::chrono::nanoseconds kTooLittle = std::chrono::milliseconds(20);
  if (now >= end || end - now < kTooLittle) return std::nullopt;  // `now` may be the end of time: it has not failed.
  return now + (end - now) / 4 * 3;
}

}  // namespace longbeat::internal
