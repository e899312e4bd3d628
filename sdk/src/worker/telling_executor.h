#pragma once
#include <memory>
#include <utility>

#include "core/attempt.h"
#include "core/executor.h"

namespace longbeat::internal {

/// Another executor, whose attempts hear through their probes when they begin and have returned.
class TellingExecutor final : public Executor {
 public:
  explicit TellingExecutor(Executor& executor) : executor_(executor) {}

  void submit(AttemptInput input) override {
    if (input.attempt->probe() != nullptr) {
      input.attempt->probe()->begins();
      // The attempt itself: whoever runs it lets go of the input first.
      input.done = [attempt = input.attempt, done = std::move(input.done)](AttemptOutcome outcome) {
        done(std::move(outcome));
        attempt->probe()->returned();
      };
    }
    executor_.submit(std::move(input));
  }
  std::uint64_t running_here() const noexcept override { return executor_.running_here(); }

 private:
  Executor& executor_;
};

}  // namespace longbeat::internal
