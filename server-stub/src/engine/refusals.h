#pragma once
#include <cstdint>
#include <string>
#include <utility>

#include "engine/engine.h"

namespace longbeat::server {

inline Status unavailable_now() {
  return internal::unavailable("the server is stopping or has lost its store; try again");
}

/// RESOURCE_EXHAUSTED with its cause, scope SYSTEM or NAMESPACE as in enums.ResourceExhaustedScope.
inline Status exhausted(std::string message, std::int32_t cause, std::int32_t scope) {
  return {internal::StatusCode::kResourceExhausted, std::move(message),
          internal::ResourceExhaustedDetail{cause, scope}};
}
inline constexpr std::int32_t kRpsLimit = 1;
inline constexpr std::int32_t kConcurrentLimit = 2;
inline constexpr std::int32_t kPersistenceStorageLimit = 7;
inline constexpr std::int32_t kScopeNamespace = 1;
inline constexpr std::int32_t kScopeSystem = 2;

}  // namespace longbeat::server
