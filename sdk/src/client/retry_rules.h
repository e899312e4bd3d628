#pragma once
#include <cstdint>
#include <optional>

#include "base/backoff.h"
#include "base/status.h"

namespace longbeat::internal {

/// The calls of ServiceStub.
enum class Rpc : std::int8_t {
  kGetSystemInfo,
  kDescribeNamespace,
  kStartActivity,
  kPollOutcome,
  kDescribeActivity,
  kRequestCancel,
  kPollTasks,
  kRecordHeartbeat,
  kRespondCompleted,
  kRespondFailed,
  kRespondCanceled,
  kRecordWorkerHeartbeat,
  kShutdownWorker,
};

/// The one table of which calls RetryingStub repeats.
bool repeated_by_the_stub(Rpc rpc);

/// May the same request, sent again, succeed? Codes of protocol practice: UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED,
/// INTERNAL, UNKNOWN, DATA_LOSS, OUT_OF_RANGE. A message that is too large stays too large.
bool worth_repeating(const Status& status);

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

}  // namespace longbeat::internal
