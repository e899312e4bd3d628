#include <grpc/health/v1/health.pb.h>

#include "rpc/dispatch_table.h"

namespace longbeat::server {
namespace {

namespace health = grpc::health::v1;

bool known(const std::string& service) {
  return service.empty() || service == "temporal.api.workflowservice.v1.WorkflowService" ||
         service == "temporal.api.operatorservice.v1.OperatorService";
}

grpc::ByteBuffer response(health::HealthCheckResponse::ServingStatus status, Scratch& scratch) {
  auto& to = scratch.make<health::HealthCheckResponse>();
  to.set_status(status);
  return to_byte_buffer(to);
}

health::HealthCheckResponse::ServingStatus status_of(const ServerFacts& facts) {
  return facts.serving ? health::HealthCheckResponse::SERVING : health::HealthCheckResponse::NOT_SERVING;
}

/// One answer now, another one when the server begins to stop.
class Watch final : public Stream {
 public:
  StatusOr<std::vector<grpc::ByteBuffer>> on_message(const LocalInput& input) override {
    auto& from = input.scratch.make<health::HealthCheckRequest>();
    if (!parse(input.bytes, from)) {
      return internal::internal_error("Health.Watch: the request is not a HealthCheckRequest");
    }
    known_ = known(from.service());
    // An unknown service is no error here: it may appear later.
    const auto status = known_ ? status_of(input.facts) : health::HealthCheckResponse::SERVICE_UNKNOWN;
    std::vector<grpc::ByteBuffer> responses;
    responses.push_back(response(status, input.scratch));
    return responses;
  }
  bool reads_on() const override { return false; }
  std::optional<grpc::ByteBuffer> last_message(Scratch& scratch) override {
    if (!known_) return std::nullopt;
    return response(health::HealthCheckResponse::NOT_SERVING, scratch);
  }

 private:
  bool known_ = false;
};

}  // namespace

StatusOr<grpc::ByteBuffer> check_health(const LocalInput& input) {
  auto& from = input.scratch.make<health::HealthCheckRequest>();
  if (!parse(input.bytes, from))
    return internal::internal_error("Health.Check: the request is not a HealthCheckRequest");
  if (!known(from.service())) {
    return Status{internal::StatusCode::kNotFound, "unknown service " + from.service(), {}};
  }
  return response(status_of(input.facts), input.scratch);
}

std::unique_ptr<Stream> watch_health() {
  return std::make_unique<Watch>();
}

}  // namespace longbeat::server
