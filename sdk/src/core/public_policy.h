#pragma once
#include <optional>
#include <utility>

#include "core/common_params.h"
#include "longbeat/retry_policy.h"

// Policies of the wire as users see them. What the protocol says by 0, and what no server says, is not set.

namespace longbeat::internal {

template <class T>
std::optional<T> unless_zero_or_less(T value) {
  return value > T{} ? std::optional<T>(value) : std::nullopt;
}

inline RetryPolicy public_form(RetryPolicyFields fields) {
  RetryPolicy policy;
  policy.initial_interval = unless_zero_or_less(fields.initial_interval);
  policy.backoff_coefficient = unless_zero_or_less(fields.backoff_coefficient);
  policy.maximum_interval = unless_zero_or_less(fields.maximum_interval);
  policy.maximum_attempts = unless_zero_or_less(fields.maximum_attempts);
  policy.non_retryable_error_types = std::move(fields.non_retryable_error_types);
  return policy;
}

inline Priority public_form(PriorityFields fields) {
  return {unless_zero_or_less(fields.priority_key), std::move(fields.fairness_key),
          unless_zero_or_less(fields.fairness_weight)};
}

}  // namespace longbeat::internal
