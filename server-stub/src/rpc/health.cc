#include <grpc/health/v1/health.pb.h>

#include "rpc/dispatch_table.h"

namespace longbeat::server {

StatusOr<grpc::ByteBuffer> check_health(const LocalInput& input) {
  auto& from = input.scratch.make<grpc::health::v1::HealthCheckRequest>();
  if (!parse(input.bytes, from))
    return internal::internal_error("Health.Check: the request is not a HealthCheckRequest");
  if (!from.service().empty() && from.service() != "temporal.api.workflowservice.v1.WorkflowService") {
    return Status{internal::StatusCode::kNotFound, "unknown service " + from.service(), {}};
  }
  auto& to = input.scratch.make<grpc::health::v1::HealthCheckResponse>();
  to.set_status(input.facts.serving ? grpc::health::v1::HealthCheckResponse::SERVING
                                    : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  return to_byte_buffer(to);
}

}  // namespace longbeat::server
