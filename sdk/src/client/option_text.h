#pragma once
#include <string>

namespace longbeat::internal {

/// An option's value in an error: in quotes, on one line, cut when it is long.
std::string quoted(const std::string& text);

}  // namespace longbeat::internal
