#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/service_stub.h"

namespace longbeat::internal {

class Attempt;  // core/attempt.h: what the activity's context, the courier and the loop share of one attempt.

/// How one attempt's function ended, in values that can be sent.
struct AttemptCompleted {
  Payloads result{};
};
struct AttemptFailed {
  Failure failure{};
};
/// The function stopped because it was canceled by the server's request.
struct AttemptCanceled {
  Payloads details{};
};
/// Nothing may be reported: the lease is lost or the server does not know the attempt.
struct AttemptAbandoned {};
/// The function returned and left the attempt to somebody else, who completes it with the task token.
struct AttemptLeft {};
using AttemptOutcome = std::variant<AttemptCompleted, AttemptFailed, AttemptCanceled, AttemptAbandoned, AttemptLeft>;

/// One attempt to run. `done` may be called on any thread, exactly once; it posts to the loop.
struct AttemptInput {
  std::shared_ptr<Attempt> attempt{};
  std::function<void(AttemptOutcome)> done{};
};

/// Runs user code. The worker machine assumes no thread, thread_local or OS handle per attempt, so that coroutines and
/// child processes can take its place. `submit` is called on the loop and returns at once.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void submit(AttemptInput input) = 0;
  /// Key of the attempt whose function the calling thread runs for this executor; 0: none that it knows of.
  virtual std::uint64_t running_here() const noexcept { return 0; }
};

}  // namespace longbeat::internal
