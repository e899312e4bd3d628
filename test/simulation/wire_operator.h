#pragma once
#include <chrono>
#include <optional>

#include "core/service_stub.h"
#include "engine/engine.h"

/// The simulated wire (wire.h) for calls that steer, list and describe, and for reports by ID.
namespace longbeat::simulation {

/// Zero: not set.
std::optional<server::RawDuration> unless_zero(std::chrono::nanoseconds value);
server::RunRef to_run(const internal::RunParams& run);
server::StartRequest::Retry to_retry(const internal::RetryPolicyFields& policy);

server::TerminateRequest to_request(const internal::TerminateParams& params);
server::DeleteRequest delete_request(const internal::RunParams& params);
server::PauseRequest to_request(const internal::PauseParams& params);
server::UnpauseRequest to_request(const internal::UnpauseParams& params);
server::ResetRequest to_request(const internal::ResetParams& params);
server::UpdateOptionsRequest to_request(const internal::UpdateOptionsParams& params);
server::HeartbeatRequest to_request(const internal::HeartbeatByIdParams& params);
server::CompletedRequest to_request(const internal::CompletedByIdParams& params);
server::FailedRequest to_request(const internal::FailedByIdParams& params);
server::CanceledRequest to_request(const internal::CanceledByIdParams& params);

internal::ActivityOptionsFields from_reply(const server::UpdateOptionsReply& reply);

}  // namespace longbeat::simulation
