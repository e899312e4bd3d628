#pragma once
#include <cstddef>
#include <string>

#include "longbeat/failure.h"
#include "longbeat/payload.h"

namespace longbeat::internal {

/// Of a longer chain of causes the first ones are sent and then a mark: the server keeps as many.
constexpr int kCausesSentMax = 75;
/// That mark, in place of a cause.
Failure causes_dropped();

/// Bytes of the message temporal.api.common.v1.Payloads: what the server's limit counts.
std::size_t wire_size(const Payloads& payloads);
/// Of one temporal.api.common.v1.Payload.
std::size_t wire_size(const Payload& payload);
/// Bytes of the message temporal.api.failure.v1.Failure as it is sent, likewise.
std::size_t wire_size(const Failure& failure);

/// `failure` in at most `bytes_max` bytes, with `why` at the end of its message: without details, its causes' too;
/// where that is not enough, without the deepest causes; then with less of its message. Type, retryability and pause
/// stay as they are, and so does their size.
Failure smaller_failure(const Failure& failure, std::size_t bytes_max, const std::string& why);
/// Only what callers and retry policies match on, and the message with `why` in brackets. Texts that were hidden stay.
Failure bare_failure(Failure failure, const std::string& why);
/// Has it details, or one of its causes?
bool has_details(const Failure& failure);

}  // namespace longbeat::internal
