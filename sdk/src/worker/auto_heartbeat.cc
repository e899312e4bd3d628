#include "longbeat/auto_heartbeat.h"

#include <stdexcept>
#include <string>

#include "core/attempt.h"
#include "longbeat/activity_context.h"

LONGBEAT_BEGIN

AutoHeartbeat::AutoHeartbeat(ActivityContext& context, AutoHeartbeatOptions options) : attempt_(context.attempt_) {
  constexpr std::chrono::nanoseconds kShortest = std::chrono::milliseconds(10), kLongest = std::chrono::hours(240);
  if (options.stall_timeout < kShortest || options.stall_timeout > kLongest) {
    throw std::invalid_argument("AutoHeartbeatOptions.stall_timeout is " +
                                std::to_string(options.stall_timeout.count()) + " ns, must be 10 ms to 240 hours");
  }
  number_ = attempt_->begin_auto_beat(options);
}

AutoHeartbeat::~AutoHeartbeat() {
  attempt_->end_auto_beat(number_);
}

LONGBEAT_END
