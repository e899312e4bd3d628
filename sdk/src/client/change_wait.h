#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "client/long_wait.h"

namespace longbeat::internal {

/// Waits until a run's state is another than the one that params.long_poll_token names; without a token for the state
/// as it is, which the server may be too far away to tell.
class ChangeWait final : public LongWait<ActivityDescription> {
 public:
  ChangeWait(Loop& loop, ServiceStub& stub, DescribeParams params, std::optional<TimePoint> deadline,
             std::uint64_t seed, std::function<void()> on_retry = {}, std::string what = {})
      : LongWait(loop, stub, deadline, seed, std::move(on_retry), std::move(what)), params_(std::move(params)) {
    params_.retried = false;
  }

 private:
  CallId ask(Nanoseconds timeout, Done<ActivityDescription> done) override {
    return stub_.describe_activity(params_, timeout, std::move(done));
  }
  bool settles(ActivityDescription& answer) override { return answer.present; }
  const char* late() const noexcept override { return "nothing new was seen in time"; }

  DescribeParams params_;
};

}  // namespace longbeat::internal
