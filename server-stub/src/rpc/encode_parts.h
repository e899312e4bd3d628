#pragma once
#include <temporal/api/activity/v1/message.pb.h>
#include <temporal/api/common/v1/message.pb.h>

#include "engine/engine.h"

/// Parts that several responses share.
namespace longbeat::server {

void encode_retry(const RetryPolicy& from, temporal::api::common::v1::RetryPolicy& to);
void encode_priority(const Priority& from, temporal::api::common::v1::Priority& to);
/// Always sets one of result and failure: a closed activity without a value would be polled for ever.
void encode_outcome(const Outcome& from, temporal::api::activity::v1::ActivityExecutionOutcome& to);

}  // namespace longbeat::server
