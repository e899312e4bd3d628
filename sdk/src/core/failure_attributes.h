#pragma once
#include <optional>
#include <string>

#include "longbeat/payload.h"

namespace longbeat::internal {

/// What Failure::encoded_attributes holds (protocol.md §4.7).
struct FailureAttributes {
  std::string message{};
  std::string stack_trace{};

  friend bool operator==(const FailureAttributes&, const FailureAttributes&) = default;
};

/// As json/plain: {"message": …, "stack_trace": …}. What is no UTF-8 in the texts becomes '?'.
Payload to_payload(const FailureAttributes& attributes);
/// Nothing when it is not such JSON. Members that are missing or null are empty; others are skipped.
std::optional<FailureAttributes> failure_attributes(const Payload& payload);

}  // namespace longbeat::internal
