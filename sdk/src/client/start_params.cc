#include "client/start_params.h"

#include "base/json_text.h"
#include "client/public_form.h"
#include "client/search_attributes.h"

namespace longbeat::internal {
StartActivityParams start_params(const StartOptions& options) {
  const auto unset = Nanoseconds(0);
  StartActivityParams params;
  params.activity_id = options.id;
  params.task_queue = options.task_queue;
  params.schedule_to_close = options.schedule_to_close_timeout.value_or(unset);
  params.schedule_to_start = options.schedule_to_start_timeout.value_or(unset);
  params.start_to_close = options.start_to_close_timeout.value_or(unset);
  params.heartbeat = options.heartbeat_timeout.value_or(unset);
  params.start_delay = options.start_delay.value_or(unset);
  if (options.retry_policy) params.retry = to_fields(*options.retry_policy);
  if (options.priority) params.priority = to_fields(*options.priority);
  if (options.id_reuse_policy) params.id_reuse_policy = static_cast<std::int32_t>(*options.id_reuse_policy);
  if (options.id_conflict_policy) params.id_conflict_policy = static_cast<std::int32_t>(*options.id_conflict_policy);
  if (!options.summary.empty()) params.summary = text_payload(options.summary);
  if (!options.details.empty()) params.details = text_payload(options.details);
  params.search_attributes = to_fields(options.search_attributes);
  for (const auto& callback : options.completion_callbacks) params.completion_callbacks.push_back(to_fields(callback));
  for (const auto& link : options.links) params.links.push_back(to_fields(link));
  if (options.on_conflict_options) {
    const auto& conflict = *options.on_conflict_options;
    params.on_conflict = {conflict.attach_request_id, conflict.attach_completion_callbacks, conflict.attach_links};
  }
  return params;
}

Payload text_payload(const std::string& text) {
  return {{{"encoding", "json/plain"}}, json_text(text)};
}

}  // namespace longbeat::internal
