#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace longbeat::test {

/// The smallest of the values that at least this share of them (0 to 1) do not exceed: 0.5 is the median, the lower one
/// of two, 1 the largest. Zero of no values.
template <class Value>
Value percentile(std::vector<Value> values, double share) {
  if (values.empty()) return Value{};
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const std::size_t index = std::clamp<std::size_t>(rank, 1, values.size()) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index), values.end());
  return values[index];
}

}  // namespace longbeat::test
