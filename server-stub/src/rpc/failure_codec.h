#pragma once
#include <temporal/api/failure/v1/message.pb.h>

#include "engine/engine.h"

namespace longbeat::server {

/// What is kept of one failure whose attempt will be retried (protocol.md §2.7).
inline constexpr std::size_t kRetainedFailureBytesMax = 4 * 1024;

/// The failure as it travels: a worker's own as it came, a server-made one built from its facts.
void encode_failure(const StoredFailure& stored, temporal::api::failure::v1::Failure& out);

/// Fills everything the engine asks of a failed attempt's failure.
void decode_failure(const temporal::api::failure::v1::Failure& failure, FailedRequest& out);

/// `failure` cut to at most `bytes_max` when serialised: type, non_retryable and other small facts stay; message,
/// source, stack trace and causes (to a depth of 20) as they fit; details go first.
temporal::api::failure::v1::Failure truncated(const temporal::api::failure::v1::Failure& failure,
                                              std::size_t bytes_max);

}  // namespace longbeat::server
