#pragma once
#include <temporal/api/common/v1/message.pb.h>
#include <temporal/api/worker/v1/message.pb.h>

#include <optional>
#include <string>
#include <utility>

#include "rpc/wire.h"

/// Parts that several requests share.
namespace longbeat::server {

/// The scratch message is forgotten after decoding, so its strings are moved out.
inline std::string take(std::string* text) {
  return std::move(*text);
}

template <class Message>
RunRef take_run(Message& message) {
  return {take(message.mutable_namespace_()), take(message.mutable_activity_id()), take(message.mutable_run_id())};
}

/// What the requests that operate on one activity share, as far as each has it.
template <class Message, class Operation>
void take_operation(Message& from, Operation& to) {
  to.run = take_run(from);
  to.identity = take(from.mutable_identity());
  to.request_id = take(from.mutable_request_id());
  if constexpr (requires { to.workflow_id; }) to.workflow_id = take(from.mutable_workflow_id());
  if constexpr (requires { to.reason; }) to.reason = take(from.mutable_reason());
}

/// The name in a request's TaskQueue message; empty without one.
template <class Message>
std::string take_task_queue(Message& message) {
  return message.has_task_queue() ? take(message.mutable_task_queue()->mutable_name()) : std::string();
}

StartRequest::Retry decode_retry(const temporal::api::common::v1::RetryPolicy& from);
WirePriority decode_priority(const temporal::api::common::v1::Priority& from);
WorkerBeat decode_beat(const temporal::api::worker::v1::WorkerHeartbeat& from);
/// Zero when unset; times outside of the years 1678 to 2262 become the nearest one.
Time decode_time(const google::protobuf::Timestamp& from);

}  // namespace longbeat::server
