#pragma once
#include <stdexcept>
#include <string>

namespace longbeat::test {

/// What a program without Catch checks. Throws std::runtime_error with what is the case otherwise.
inline void demand(bool is_so, const std::string& otherwise) {
  if (!is_so) throw std::runtime_error(otherwise);
}

}  // namespace longbeat::test
