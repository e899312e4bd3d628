#pragma once
#include <temporal/api/failure/v1/message.pb.h>

#include "engine/engine.h"

namespace longbeat::server {

/// The failure as it travels: a worker's own as it came, a server-made one built from its facts.
void encode_failure(const StoredFailure& stored, temporal::api::failure::v1::Failure& out);

/// Fills everything the engine asks of a failed attempt's failure; what is too large for `limits` also in its short
/// form.
void decode_failure(const temporal::api::failure::v1::Failure& failure, FailedRequest& out,
                    const RequestLimits& limits = {});

/// `failure` cut to at most `bytes_max` when serialised: type, non_retryable and other small facts stay; message,
/// source, stack trace and causes (to a depth of 20) as they fit; details go first.
temporal::api::failure::v1::Failure truncated(const temporal::api::failure::v1::Failure& failure,
                                              std::size_t bytes_max);

}  // namespace longbeat::server
