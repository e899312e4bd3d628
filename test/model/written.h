#pragma once
#include <span>
#include <string_view>

namespace longbeat::model {

/// A trace for a corner that dice seldom reach, with what the protocol says must be seen there. What is expected is not
/// asked of the machine, so it holds for the machine too.
struct Written {
  std::string_view name{};
  std::string_view trace{};
};
std::span<const Written> written_traces();

}  // namespace longbeat::model
