#include "rpc/convert_status.h"

#include <google/rpc/status.pb.h>
#include <temporal/api/errordetails/v1/message.pb.h>

namespace longbeat::internal {
namespace {

namespace errordetails = temporal::api::errordetails::v1;

StatusDetail detail_of(const google::protobuf::Any& any) {
  if (errordetails::NotFoundFailure message; any.UnpackTo(&message)) return NotFoundDetail{};
  if (errordetails::NamespaceNotFoundFailure message; any.UnpackTo(&message)) {
    return NamespaceNotFoundDetail{message.namespace_()};
  }
  if (errordetails::ActivityExecutionAlreadyStartedFailure message; any.UnpackTo(&message)) {
    return AlreadyStartedDetail{message.start_request_id(), message.run_id()};
  }
  if (errordetails::ResourceExhaustedFailure message; any.UnpackTo(&message)) {
    return ResourceExhaustedDetail{static_cast<std::int32_t>(message.cause()),
                                   static_cast<std::int32_t>(message.scope())};
  }
  return {};
}

}  // namespace

Status from_grpc(const grpc::Status& status) {
  const int code = status.error_code();
  const bool known = code >= 0 && code <= static_cast<int>(StatusCode::kUnauthenticated);
  Status result{known ? static_cast<StatusCode>(code) : StatusCode::kUnknown, status.error_message(), {}};
  google::rpc::Status full;
  if (!status.error_details().empty() && full.ParseFromString(status.error_details()) && full.details_size() > 0) {
    result.detail = detail_of(full.details(0));
  }
  return result;
}

}  // namespace longbeat::internal
