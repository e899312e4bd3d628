#include "longbeat/auto_heartbeat.h"

#include <stdexcept>
#include <string>

#include "core/attempt.h"
#include "core/stall.h"
#include "longbeat/activity_context.h"

LONGBEAT_BEGIN

AutoHeartbeat::AutoHeartbeat(ActivityContext& context, AutoHeartbeatOptions options) : attempt_(context.attempt_) {
  const std::string mistake = internal::stall_timeout_mistake(options.stall_timeout);
  if (!mistake.empty()) throw std::invalid_argument("AutoHeartbeatOptions." + mistake);
  number_ = attempt_->begin_auto_beat(options);
}

AutoHeartbeat::~AutoHeartbeat() {
  attempt_->end_auto_beat(number_);
}

LONGBEAT_END
