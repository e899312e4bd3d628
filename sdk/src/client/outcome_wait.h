#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "client/long_wait.h"

namespace longbeat::internal {

/// Waits for the outcome of one run. Without a run ID the first answer's run is followed from then on: a later run of
/// the same ID is another wait.
class OutcomeWait final : public LongWait<PolledOutcome> {
 public:
  OutcomeWait(Loop& loop, ServiceStub& stub, RunParams run, std::optional<TimePoint> deadline, std::uint64_t seed,
              std::function<void()> on_retry = {}, std::string what = {})
      : LongWait(loop, stub, deadline, seed, std::move(on_retry), std::move(what)), run_(std::move(run)) {}

 private:
  CallId ask(Nanoseconds timeout, Done<PolledOutcome> done) override {
    return stub_.poll_outcome(run_, timeout, std::move(done));
  }
  bool settles(PolledOutcome& answer) override {
    if (run_.run_id.empty()) run_.run_id = answer.run_id;
    if (answer.run_id.empty()) answer.run_id = run_.run_id;
    return answer.outcome.has_value();
  }
  const char* late() const noexcept override { return "it was not seen to close in time"; }

  RunParams run_;
};

}  // namespace longbeat::internal
