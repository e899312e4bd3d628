#pragma once
#include <temporal/api/failure/v1/message.pb.h>

#include "engine/engine.h"
#include "rpc/wire.h"

namespace longbeat::server {

/// The failure as it travels: a worker's own as it came, a server-made one built from its facts.
void encode_failure(const StoredFailure& stored, temporal::api::failure::v1::Failure& out);

/// Causes that a request may bring along. Clients of other languages read and send more than protobuf does in C++.
inline constexpr int kCausesMax = 1000;
/// What is kept of more causes than every client can read.
inline constexpr int kCausesKept = 75;

/// Parses a request with a field `failure`. One with more causes than can be read back keeps the first kCausesKept and
/// a last one that says so. False when the bytes are not this message or hold more than kCausesMax causes.
template <class Message>
bool parse_failed(const grpc::ByteBuffer& bytes, Message& message);

/// Fills everything the engine asks of a failed attempt's failure.
void decode_failure(const temporal::api::failure::v1::Failure& failure, FailedRequest& out);

/// `failure` cut to at most `bytes_max` when serialised: type, non_retryable and other small facts stay; message,
/// source, stack trace and causes (to a depth of 20) as they fit; details go first.
temporal::api::failure::v1::Failure truncated(const temporal::api::failure::v1::Failure& failure,
                                              std::size_t bytes_max);
/// The same for stored bytes.
std::string cut_failure(const std::string& failure, std::size_t bytes_max);

}  // namespace longbeat::server
