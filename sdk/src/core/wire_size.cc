// Sizes of protobuf messages by arithmetic: this room knows no protobuf. A test compares them with the real ones.
#include "core/wire_size.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/outcome.h"

namespace longbeat::internal {
namespace {

constexpr std::size_t kTag = 1;  // All fields in question but one have numbers below 16.
constexpr std::size_t kWhyBytesMax = 4'000;

std::size_t varint(std::uint64_t value) {
  std::size_t bytes = 1;
  for (; value > 0x7f; value >>= 7) ++bytes;
  return bytes;
}

/// A field with a length: a message, or text that is written even when empty.
std::size_t field(std::size_t length) {
  return kTag + varint(length) + length;
}

std::size_t text(const std::string& value) {
  return value.empty() ? 0 : field(value.size());
}

std::size_t number(std::int64_t value) {
  return value == 0 ? 0 : kTag + varint(static_cast<std::uint64_t>(value));
}

std::size_t payload_size(const Payload& payload) {
  std::size_t bytes = text(payload.data);
  for (const auto& [key, value] : payload.metadata) bytes += field(field(key.size()) + field(value.size()));
  return bytes;
}

std::size_t duration_size(std::chrono::nanoseconds duration) {
  constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
  return number(duration.count() / kNanosPerSecond) + number(duration.count() % kNanosPerSecond);
}

std::size_t details_field(const Failure& failure) {
  return failure.details.empty() ? 0 : field(wire_size(failure.details));
}

std::size_t info_size(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::kApplication:
      return field(text(failure.type) + number(failure.non_retryable) + details_field(failure) +
                   (failure.next_retry_delay ? field(duration_size(*failure.next_retry_delay)) : 0));
    case FailureKind::kTimeout:
      return field(number(static_cast<std::int64_t>(failure.timeout_type)) + details_field(failure));
    case FailureKind::kCanceled:
      return field(details_field(failure) + text(failure.identity));
    case FailureKind::kTerminated:
      return field(text(failure.identity));
    case FailureKind::kServer:
      return field(number(failure.non_retryable));
    case FailureKind::kActivity:
      return field(text(failure.identity) + field(text(failure.type)));
    case FailureKind::kGeneric:
    case FailureKind::kOther:
      break;
  }
  return 0;
}

std::size_t attributes_field(const Failure& failure) {
  return failure.encoded_attributes ? 1 + field(payload_size(*failure.encoded_attributes)) : 0;  // Field 20.
}

std::size_t failure_size(const Failure& failure, int depth) {
  if (depth > kCausesSentMax && failure.cause != nullptr) return failure_size(causes_dropped(), 0);
  const std::size_t bytes = text(failure.message) + text(failure.source) + text(failure.stack_trace) +
                            info_size(failure) + attributes_field(failure);
  if (failure.cause == nullptr) return bytes;
  return bytes + field(failure_size(*failure.cause, depth + 1));
}

Failure without_details_and_cause(const Failure& failure) {
  Failure bare = failure;
  bare.details.clear();
  bare.cause = nullptr;
  return bare;
}

}  // namespace

Failure causes_dropped() {
  Failure mark;
  mark.message = "... <causes below this one were dropped>";
  return mark;
}

bool has_details(const Failure& failure) {
  for (const Failure* one = &failure; one != nullptr; one = one->cause.get())
    if (!one->details.empty()) return true;
  return false;
}

Failure smaller_failure(const Failure& failure, std::size_t bytes_max, const std::string& why) {
  constexpr std::size_t kNesting = 6;  // Tag and length of a field, at most.
  Failure smaller = without_details_and_cause(failure);
  if (attributes_field(smaller) > bytes_max / 2) smaller.encoded_attributes.reset();  // Nothing else would have room.
  const std::string note =                                                            // `why` may quote somebody else.
      (has_details(failure) ? " (without its details: " : " (shortened: ") + sendable_text(why, kWhyBytesMax) + ")";
  smaller.message = note;
  const std::size_t around = wire_size(smaller) + kNesting;
  smaller.message = sendable_text(failure.message, around < bytes_max ? bytes_max - around : std::size_t{0}) + note;

  std::vector<Failure> causes;
  std::size_t left = bytes_max - std::min(bytes_max, wire_size(smaller));
  const std::size_t mark_bytes = wire_size(causes_dropped()) + kNesting;
  for (const Failure* cause = failure.cause.get(); cause != nullptr; cause = cause->cause.get()) {
    Failure bare = without_details_and_cause(*cause);
    const std::size_t bytes = wire_size(bare) + kNesting;
    const std::size_t below = cause->cause != nullptr ? mark_bytes : 0;
    if (causes.size() == static_cast<std::size_t>(kCausesSentMax) || bytes + below > left) {
      if (mark_bytes <= left) causes.push_back(causes_dropped());
      break;
    }
    left -= bytes;
    causes.push_back(std::move(bare));
  }
  std::shared_ptr<const Failure> chain;
  for (auto cause = causes.rbegin(); cause != causes.rend(); ++cause) {
    cause->cause = std::move(chain);
    chain = std::make_shared<const Failure>(std::move(*cause));
  }
  smaller.cause = std::move(chain);
  return smaller;
}

Failure bare_failure(Failure failure, const std::string& why) {
  Failure bare = application_failure(std::move(failure.type), std::move(failure.message), failure.non_retryable);
  bare.next_retry_delay = failure.next_retry_delay;
  bare.encoded_attributes = std::move(failure.encoded_attributes);
  bare.message += " (" + sendable_text(why, kWhyBytesMax) + ")";  // `why` may quote somebody else.
  return bare;
}

std::size_t wire_size(const Payloads& payloads) {
  std::size_t bytes = 0;
  for (const auto& payload : payloads) bytes += field(payload_size(payload));
  return bytes;
}

std::size_t wire_size(const Payload& payload) {
  return payload_size(payload);
}

std::size_t wire_size(const Failure& failure) {
  return failure_size(failure, 0);
}

}  // namespace longbeat::internal
