#include "rpc/completion.h"

#include <google/protobuf/util/json_util.h>
#include <temporal/api/common/v1/message.pb.h>
#include <temporal/api/failure/v1/message.pb.h>

#include "outbound/nexus_completion.h"
#include "rpc/failure_codec.h"
#include "rpc/json_text.h"
#include "rpc/wire.h"

namespace longbeat::server {
namespace {

using temporal::api::common::v1::Payload;
using temporal::api::common::v1::Payloads;
using temporal::api::failure::v1::Failure;

/// A body and what describes it.
struct Content {
  std::map<std::string, std::string> header{};
  std::string body{};
};

/// The data as it is, under the content type that its encoding has in HTTP; a payload that says more of itself than a
/// content type can hold travels whole.
Content content_of(const Payload& payload) {
  const auto metadata = [&](const char* name) {
    const auto found = payload.metadata().find(name);
    return found == payload.metadata().end() ? std::string() : found->second;
  };
  const std::string encoding = metadata("encoding");
  const std::string message_type = metadata("messageType");
  const auto plain = [&](std::string type) { return Content{{{"type", std::move(type)}}, payload.data()}; };
  const bool only_encoding = payload.metadata().size() == 1;
  const bool only_message_type = payload.metadata().size() == 2 && !message_type.empty();
  if (encoding == "json/plain") return plain("application/json");
  if (encoding == "binary/plain" && only_encoding) return plain("application/octet-stream");
  if (encoding == "binary/null" && only_encoding) return {{}, payload.data()};
  if (encoding == "json/protobuf" && only_message_type) {
    return plain("application/json; format=protobuf; message-type=" + json_quoted(message_type));
  }
  if (encoding == "binary/protobuf" && only_message_type) {
    return plain("application/x-protobuf; message-type=" + json_quoted(message_type));
  }
  if (encoding == "unknown/nexus-content") {  // Came in from Nexus, and goes back as it was.
    Content content{{}, payload.data()};
    for (const auto& [name, value] : payload.metadata()) {
      if (name != "encoding") content.header[name] = value;
    }
    return content;
  }
  return {{{"type", "application/x-temporal-payload"}}, to_bytes(payload)};
}

/// Everything of the failure but its texts, as protobuf's JSON; empty when there is no JSON for it.
std::string details_of(Failure failure, bool with_causes) {
  failure.clear_message();
  failure.clear_stack_trace();
  if (!with_causes) failure.clear_cause();
  std::string json;
  // A duration out of range has none, for example.
  return google::protobuf::util::MessageToJsonString(failure, &json).ok() ? json : std::string();
}

/// As a Nexus failure. `outermost`: its details hold the causes too, for receivers that read nothing else.
std::string failure_json(const Failure& failure, bool outermost) {
  std::string json = "{\"message\":" + json_quoted(failure.message());
  if (!failure.stack_trace().empty()) json += ",\"stackTrace\":" + json_quoted(failure.stack_trace());
  if (const std::string details = details_of(failure, outermost); !details.empty()) {
    json += R"(,"metadata":{"type":"temporal.api.failure.v1.Failure"},"details":)" + details;
  }
  if (failure.has_cause()) json += ",\"cause\":" + failure_json(failure.cause(), false);
  return json + '}';
}

CompletionState state_of(Phase phase) {
  if (phase == Phase::kCompleted) return CompletionState::kSucceeded;
  return phase == Phase::kCanceled ? CompletionState::kCanceled : CompletionState::kFailed;
}

Content content_of(const Outcome& outcome, CompletionState state) {
  if (state != CompletionState::kSucceeded) {
    Failure failure;
    encode_failure(outcome.failure, failure);
    return {{{"type", "application/json"}}, failure_json(failure, true)};
  }
  Payloads result;
  if (!outcome.result.empty()) restore(outcome.result, result);
  return result.payloads_size() == 0 ? Content() : content_of(result.payloads(0));
}

}  // namespace

OutboundCall make_completion(const ActivityState& closed, const CallbackState& callback) {
  temporal::api::common::v1::Callback wire;
  restore(callback.message, wire);
  NexusCompletion completion;
  completion.state = state_of(closed.progress.phase);
  completion.start_time = closed.input->schedule_time;
  completion.close_time = closed.progress.close_time;
  completion.given.insert(wire.nexus().header().begin(), wire.nexus().header().end());
  Content content = content_of(*closed.outcome, completion.state);
  completion.content = std::move(content.header);
  OutboundCall call;
  call.url = wire.nexus().url();
  call.headers = completion_headers(completion);
  call.body = std::move(content.body);
  return call;
}

}  // namespace longbeat::server
