#include "tools/activity_json.h"

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "rpc/readable.h"

namespace longbeat::server {
namespace {

using Json = nlohmann::ordered_json;

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U; };
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += {kDigits[group >> 18], kDigits[(group >> 12) & 63], kDigits[(group >> 6) & 63], kDigits[group & 63]};
  }
  if (bytes.size() % 3 != 0)
    out.replace(out.size() - (3 - bytes.size() % 3), std::string::npos, 3 - bytes.size() % 3, '=');
  return out;
}

/// "2026-11-21T18:17:48.123456789Z"; null for a time that is not set.
Json time_json(Time time) {
  if (time == Time{}) return nullptr;
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t since = time.time_since_epoch().count();
  const std::int64_t nanos = (since % kSecond + kSecond) % kSecond;
  const auto seconds = static_cast<std::time_t>((since - nanos) / kSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &parts);
  const std::string digits = std::to_string(nanos);
  return std::string(text, length) + std::string(9 - digits.size(), '0') + digits + 'Z';
}

/// "1.5s"; null for none.
Json duration_json(Duration duration) {
  if (duration <= Duration(0)) return nullptr;
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::string text = std::to_string(duration.count() / kSecond);
  if (const std::int64_t nanos = duration.count() % kSecond; nanos != 0) {
    const std::string digits = std::to_string(nanos);
    text += '.' + std::string(9 - digits.size(), '0') + digits;
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "s";
}

Json text_json(std::string_view text) {
  return std::string(text);
}

Json payloads_json(const std::vector<ReadablePayload>& payloads) {
  Json list = Json::array();
  for (const ReadablePayload& payload : payloads) {
    Json& one = list.emplace_back(Json::object());
    one["metadata"] = Json::object();
    for (const auto& [name, value] : payload.metadata) one["metadata"][name] = value;
    one["data"] = base64(payload.data);
    const auto encoding = payload.metadata.find("encoding");
    if (encoding == payload.metadata.end() || !encoding->second.starts_with("json/")) continue;
    Json value = Json::parse(payload.data, nullptr, false);
    if (!value.is_discarded()) one["json"] = std::move(value);
  }
  return list;
}

/// Of serialised Payloads; null when there are none.
Json payloads_json(std::string_view bytes) {
  if (bytes.empty()) return nullptr;
  const auto payloads = read_payloads(bytes);
  if (!payloads) return Json{{"bytes", base64(bytes)}};
  return payloads_json(*payloads);
}

Json failure_json(const ReadableFailure& failure) {
  Json json = Json::object();
  json["kind"] = failure.kind;
  if (!failure.type.empty()) json["type"] = failure.type;
  json["message"] = failure.message;
  if (!failure.source.empty()) json["source"] = failure.source;
  if (!failure.stack_trace.empty()) json["stack_trace"] = failure.stack_trace;
  if (failure.non_retryable) json["non_retryable"] = true;
  if (!failure.details.empty()) json["details"] = payloads_json(failure.details);
  if (!failure.cause.empty()) json["cause"] = failure_json(failure.cause.front());
  if (!failure.bytes.empty()) json["data"] = base64(failure.bytes);
  return json;
}

Json failure_json(const StoredFailure& stored) {
  const auto failure = read_failure(stored);
  if (!failure) return Json{{"kind", "unreadable"}, {"data", base64(std::string_view(stored.opaque))}};
  return failure_json(*failure);
}

std::string_view status_text(Phase phase) {
  switch (phase) {
    case Phase::kCompleted:
      return "completed";
    case Phase::kFailed:
      return "failed";
    case Phase::kCanceled:
      return "canceled";
    case Phase::kTerminated:
      return "terminated";
    case Phase::kTimedOut:
      return "timed_out";
    default:
      return "running";
  }
}

void put_progress(const ActivityProgress& progress, Json& json) {
  json["status"] = status_text(progress.phase);
  if (!is_closed(progress.phase)) json["run_state"] = to_string(progress.phase);
  json["attempt"] = progress.attempt;
  json["dispatch_time"] = time_json(progress.dispatch_time);
  json["last_started_time"] = time_json(progress.started_time);
  json["last_heartbeat_time"] = time_json(progress.last_heartbeat_time);
  json["last_attempt_complete_time"] = time_json(progress.last_attempt_complete_time);
  json["close_time"] = time_json(progress.close_time);
  json["heartbeat_count"] = progress.heartbeat_count;
  if (progress.cancel_requested) json["cancel_requested"] = true;
  json["last_worker_identity"] = text_json(progress.worker_identity);
}

void put_options(const ActivityOptions& options, Json& json) {
  json["task_queue"] = text_json(options.task_queue);
  json["schedule_to_close_timeout"] = duration_json(options.timeouts.schedule_to_close);
  json["schedule_to_start_timeout"] = duration_json(options.timeouts.schedule_to_start);
  json["start_to_close_timeout"] = duration_json(options.timeouts.start_to_close);
  json["heartbeat_timeout"] = duration_json(options.timeouts.heartbeat);
  json["maximum_attempts"] = options.retry.maximum_attempts;
}

std::string_view phase_text(CallbackPhase phase) {
  constexpr std::string_view kTexts[] = {"standby", "scheduled", "backing_off", "failed", "succeeded", "blocked"};
  return kTexts[static_cast<std::size_t>(phase) - 1];
}

Json callbacks_json(const std::vector<CallbackState>& callbacks) {
  Json list = Json::array();
  for (const CallbackState& callback : callbacks) {
    Json& one = list.emplace_back(Json::object());
    one["url"] = text_json(callback.url);
    one["state"] = phase_text(callback.phase);
    one["attempt"] = callback.attempt;
  }
  return list;
}

}  // namespace

std::string to_json(const ReadActivity& activity) {
  const ActivityInput& input = activity.input;
  Json json = Json::object();
  json["namespace"] = activity.namespace_name.empty() ? Json(nullptr) : Json(activity.namespace_name);
  json["id"] = text_json(input.activity_id);
  json["run_id"] = internal::to_string(input.run_id);
  json["type"] = text_json(input.type);
  json["status"] = nullptr;
  json["schedule_time"] = time_json(input.schedule_time);
  if (activity.progress) put_progress(*activity.progress, json);
  put_options(input.options, json);
  json["starter_identity"] = text_json(input.starter_identity);
  json["input"] = payloads_json(input.input);
  json["heartbeat_details"] = payloads_json(activity.heartbeat_details);
  json["last_failure"] = activity.last_failure ? failure_json(*activity.last_failure) : Json(nullptr);
  const bool has_result = activity.outcome && !activity.outcome->has_failure;
  const bool has_failure = activity.outcome && activity.outcome->has_failure;
  json["result"] = has_result ? payloads_json(activity.outcome->result) : Json(nullptr);
  json["failure"] = has_failure ? failure_json(activity.outcome->failure) : Json(nullptr);
  // Messages that no one reads here travel as they are stored.
  if (!input.header.empty()) json["header"] = base64(input.header);
  if (!input.user_metadata.empty()) json["user_metadata"] = base64(input.user_metadata);
  if (!input.search_attributes.empty()) json["search_attributes"] = base64(input.search_attributes);
  if (!activity.callbacks.empty()) json["callbacks"] = callbacks_json(activity.callbacks);
  if (!activity.damaged.empty()) json["damaged"] = activity.damaged;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace longbeat::server
