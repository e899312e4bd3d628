#include <utility>

#include "record/message.h"
#include "record/record.h"

namespace longbeat::server {
namespace {

void put(const CallbackState& from, pb::Callback& to) {
  to.set_request_id(from.request_id);
  to.set_message(from.message);
  to.set_url(from.url);
  to.set_registration_time(nanos(from.registration_time));
  to.set_phase(static_cast<std::int32_t>(from.phase));
  to.set_attempt(from.attempt);
  to.set_last_attempt_complete_time(nanos(from.last_attempt_complete_time));
  to.set_next_attempt_time(nanos(from.next_attempt_time));
  to.set_last_failure(from.last_failure);
  to.set_last_failure_final(from.last_failure_final);
  to.set_blocked_reason(from.blocked_reason);
}

bool get(pb::Callback& from, CallbackState& to) {
  if (from.phase() < static_cast<int>(CallbackPhase::kStandby) ||
      from.phase() > static_cast<int>(CallbackPhase::kBlocked))
    return false;
  to.request_id = std::move(*from.mutable_request_id());
  to.message = std::move(*from.mutable_message());
  to.url = std::move(*from.mutable_url());
  to.registration_time = time(from.registration_time());
  to.phase = static_cast<CallbackPhase>(from.phase());
  to.attempt = from.attempt();
  to.last_attempt_complete_time = time(from.last_attempt_complete_time());
  to.next_attempt_time = time(from.next_attempt_time());
  to.last_failure = std::move(*from.mutable_last_failure());
  to.last_failure_final = from.last_failure_final();
  to.blocked_reason = std::move(*from.mutable_blocked_reason());
  return true;
}

}  // namespace

void encode_callbacks(const RowRef& row, const std::vector<CallbackState>& callbacks, std::string& out) {
  pb::Callbacks message;
  for (const CallbackState& callback : callbacks) put(callback, *message.add_callbacks());
  finish(row, message, out);
}
StatusOr<std::vector<CallbackState>> decode_callbacks(const RowRef& row, std::string_view bytes) {
  return read<std::vector<CallbackState>, pb::Callbacks>(row, bytes, [](auto& from, auto& to) {
    for (pb::Callback& callback : *from.mutable_callbacks()) {
      if (!get(callback, to.emplace_back())) return false;
    }
    return true;
  });
}

}  // namespace longbeat::server
