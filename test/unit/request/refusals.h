#pragma once
#include <string>

#include "request/validate.h"

namespace longbeat::server {

/// "accepted", or the code and text of the refusal.
template <class T>
std::string refusal(const StatusOr<T>& result) {
  return result ? "accepted" : to_string(result.error());
}

inline const std::string kLong(1001, 'x');
inline const std::string kUuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
inline const std::string kInvalid = "INVALID_ARGUMENT: ";

}  // namespace longbeat::server
