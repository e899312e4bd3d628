#include "machine/activity_state.h"

namespace longbeat::server {

std::int32_t public_status(Phase phase) noexcept {
  switch (phase) {
    case Phase::kCompleted:
      return 2;
    case Phase::kFailed:
      return 3;
    case Phase::kCanceled:
      return 4;
    case Phase::kTerminated:
      return 5;
    case Phase::kTimedOut:
      return 6;
    case Phase::kPaused:
      return 7;
    default:
      return 1;  // Running, whatever has been asked of it.
  }
}

std::int64_t state_size_bytes(const ActivityState& state) {
  const ActivityInput& input = *state.input;
  std::size_t bytes = sizeof(ActivityProgress) + input.activity_id.size() + input.type.size() + input.input.size() +
                      input.header.size() + input.user_metadata.size() + input.search_attributes.size() +
                      state.heartbeat_details.size();
  for (const auto& link : input.links) bytes += link.size();
  for (const auto& request : input.attached) {
    for (const auto& link : request.links) bytes += link.size();
  }
  for (const auto& callback : state.callbacks) bytes += callback.message.size();
  if (state.last_failure) bytes += state.last_failure->opaque.size() + state.last_failure->message.size();
  if (state.outcome) bytes += state.outcome->result.size() + state.outcome->failure.opaque.size();
  return static_cast<std::int64_t>(bytes);
}

}  // namespace longbeat::server
