#include "core/failure_attributes.h"

#include <utility>

#include "base/json_text.h"
#include "longbeat/data_converter.h"

namespace longbeat::internal {

Payload to_payload(const FailureAttributes& attributes) {
  return make_payload("json/plain", "{\"message\":" + json_text(attributes.message) +
                                        ",\"stack_trace\":" + json_text(attributes.stack_trace) + "}");
}

std::optional<FailureAttributes> failure_attributes(const Payload& payload) {
  if (encoding_of(payload) != "json/plain") return std::nullopt;
  FailureAttributes attributes;
  JsonReader json(payload.data);
  if (!json.take('{')) return std::nullopt;
  bool first = true;
  while (!json.take('}')) {
    if (!std::exchange(first, false) && !json.take(',')) return std::nullopt;
    const auto key = json.string();
    if (!key || !json.take(':')) return std::nullopt;
    std::string* const target = *key == "message"       ? &attributes.message
                                : *key == "stack_trace" ? &attributes.stack_trace
                                                        : nullptr;
    JsonReader ahead = json;
    if (auto text = target != nullptr ? ahead.string() : std::nullopt) {
      *target = *std::move(text);
      json = ahead;
    } else if (!json.skip_value()) {
      return std::nullopt;
    }
  }
  if (!json.at_end()) return std::nullopt;
  return attributes;
}

}  // namespace longbeat::internal
