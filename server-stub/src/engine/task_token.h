#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "machine/transition.h"

namespace longbeat::server {

/// What a task token says: proof of holding one attempt. Opaque to workers, checked by a checksum against damage (not
/// against forgery). Shard and row let the engine find the activity without a search.
struct TaskToken {
  std::uint16_t shard = 0;
  std::uint64_t row = 0;
  Uuid run_id{};
  std::uint32_t namespace_id = 0;
  AttemptRef attempt{};
  std::string activity_id{};  ///< For the text of NOT_FOUND, also when the activity is long gone.
};

std::string encode(const TaskToken& token);
/// INVALID_ARGUMENT "Task token not set on request." or "Error deserializing task token.".
StatusOr<TaskToken> decode_task_token(std::string_view bytes);

/// What Describe's long poll waits to change.
struct ChangeToken {
  Uuid run_id{};
  std::int64_t transition_count = 0;
  /// The engine that counted: beats are not counted on disk, so after a crash the same number can mean another state.
  std::uint64_t incarnation = 0;
};

std::string encode(const ChangeToken& token);
/// INVALID_ARGUMENT "invalid long poll token".
StatusOr<ChangeToken> decode_change_token(std::string_view bytes);

}  // namespace longbeat::server
