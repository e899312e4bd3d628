#pragma once
#include <temporal/api/activity/v1/message.pb.h>
#include <temporal/api/common/v1/message.pb.h>

#include "rpc/wire.h"

/// Parts that several responses share.
namespace longbeat::server {

temporal::api::enums::v1::ActivityExecutionStatus status_of(Phase phase);
/// Unspecified once closed.
temporal::api::enums::v1::PendingActivityState run_state_of(Phase phase);

/// All four, present even when they are zero.
template <class Message>
void encode_timeouts(const Timeouts& from, Message& to) {
  assign(*to.mutable_schedule_to_close_timeout(), from.schedule_to_close);
  assign(*to.mutable_schedule_to_start_timeout(), from.schedule_to_start);
  assign(*to.mutable_start_to_close_timeout(), from.start_to_close);
  assign(*to.mutable_heartbeat_timeout(), from.heartbeat);
}

void encode_retry(const RetryPolicy& from, temporal::api::common::v1::RetryPolicy& to);
void encode_priority(const Priority& from, temporal::api::common::v1::Priority& to);
/// Always sets one of result and failure: a closed activity without a value would be polled for ever.
void encode_outcome(const Outcome& from, temporal::api::activity::v1::ActivityExecutionOutcome& to);

}  // namespace longbeat::server
