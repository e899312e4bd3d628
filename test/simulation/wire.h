#pragma once
#include <string>

#include "core/service_stub.h"
#include "engine/engine.h"

namespace longbeat::simulation {

/// What rpc/ does with protobuf on both sides, the simulation does with a few lines of its own: payloads and failures
/// are opaque bytes to the server, so any encoding will do.
std::string pack(const Payloads& payloads);
Payloads unpack_payloads(const std::string& bytes);
std::string pack(const Failure& failure);
/// A failure as the server keeps it: a worker's own, or one that the server made.
Failure unpack(const server::StoredFailure& failure);

server::StartRequest to_request(const internal::StartActivityParams& params);
server::PollTaskRequest to_request(const internal::PollTaskParams& params);
server::HeartbeatRequest to_request(const internal::HeartbeatParams& params);
server::CompletedRequest to_request(const internal::CompletedParams& params);
server::FailedRequest to_request(const internal::FailedParams& params);
server::CanceledRequest to_request(const internal::CanceledParams& params);
server::PollOutcomeRequest to_request(const internal::RunParams& params);
server::DescribeRequest to_request(const internal::DescribeParams& params);
server::CancelRequest to_request(const internal::RequestCancelParams& params);

internal::StartedActivity from_reply(const server::StartReply& reply);
std::vector<internal::ActivityTask> from_reply(const server::PollTaskReply& reply);
internal::HeartbeatFlags from_reply(const server::HeartbeatReply& reply);
internal::PolledOutcome from_reply(const server::PollOutcomeReply& reply);
internal::ActivityDescription from_reply(const server::DescribeReply& reply);

}  // namespace longbeat::simulation
