#include "rpc/convert_failure.h"

#include <utility>

#include "core/wire_size.h"
#include "rpc/convert_common.h"

namespace longbeat::internal {
namespace {

/// Absent and empty details are the same to a reader, so empty ones are not sent.
template <class Info>
void put_details(const Payloads& details, Info& info) {
  if (!details.empty()) to_proto(details, *info.mutable_details());
}

void put_application(const Failure& from, failure_pb::ApplicationFailureInfo& info) {
  info.set_type(from.type);
  info.set_non_retryable(from.non_retryable);
  put_details(from.details, info);
  if (from.next_retry_delay) *info.mutable_next_retry_delay() = to_proto(*from.next_retry_delay);
}

void put_timeout(const Failure& from, failure_pb::TimeoutFailureInfo& info) {
  info.set_timeout_type(static_cast<temporal::api::enums::v1::TimeoutType>(from.timeout_type));
  if (!from.details.empty()) to_proto(from.details, *info.mutable_last_heartbeat_details());
}

void put_info(const Failure& from, failure_pb::Failure& to) {
  switch (from.kind) {
    case FailureKind::kApplication:
      put_application(from, *to.mutable_application_failure_info());
      break;
    case FailureKind::kTimeout:
      put_timeout(from, *to.mutable_timeout_failure_info());
      break;
    case FailureKind::kCanceled:
      put_details(from.details, *to.mutable_canceled_failure_info());
      to.mutable_canceled_failure_info()->set_identity(from.identity);
      break;
    case FailureKind::kTerminated:
      to.mutable_terminated_failure_info()->set_identity(from.identity);
      break;
    case FailureKind::kServer:
      to.mutable_server_failure_info()->set_non_retryable(from.non_retryable);
      break;
    case FailureKind::kActivity:
      to.mutable_activity_failure_info()->set_identity(from.identity);
      to.mutable_activity_failure_info()->mutable_activity_type()->set_name(from.type);
      break;
    case FailureKind::kGeneric:
    case FailureKind::kOther:
      break;
  }
}

void take_application(failure_pb::ApplicationFailureInfo& info, Failure& to) {
  to.kind = FailureKind::kApplication;
  to.type = std::move(*info.mutable_type());
  to.non_retryable = info.non_retryable();
  to.details = from_proto(std::move(*info.mutable_details()));
  if (info.has_next_retry_delay()) to.next_retry_delay = from_proto(info.next_retry_delay());
}

void take_info(failure_pb::Failure& from, Failure& to) {
  switch (from.failure_info_case()) {
    case failure_pb::Failure::kApplicationFailureInfo:
      take_application(*from.mutable_application_failure_info(), to);
      break;
    case failure_pb::Failure::kTimeoutFailureInfo: {
      auto& info = *from.mutable_timeout_failure_info();
      const int type = info.timeout_type();
      to.kind = FailureKind::kTimeout;
      to.timeout_type = type >= 0 && type <= static_cast<int>(TimeoutType::kHeartbeat) ? static_cast<TimeoutType>(type)
                                                                                       : TimeoutType::kUnspecified;
      to.details = from_proto(std::move(*info.mutable_last_heartbeat_details()));
      break;
    }
    case failure_pb::Failure::kCanceledFailureInfo:
      to.kind = FailureKind::kCanceled;
      to.details = from_proto(std::move(*from.mutable_canceled_failure_info()->mutable_details()));
      to.identity = from.canceled_failure_info().identity();
      break;
    case failure_pb::Failure::kTerminatedFailureInfo:
      to.kind = FailureKind::kTerminated;
      to.identity = from.terminated_failure_info().identity();
      break;
    case failure_pb::Failure::kServerFailureInfo:
      to.kind = FailureKind::kServer;
      to.non_retryable = from.server_failure_info().non_retryable();
      break;
    case failure_pb::Failure::kActivityFailureInfo:
      to.kind = FailureKind::kActivity;
      to.type = from.activity_failure_info().activity_type().name();
      to.identity = from.activity_failure_info().identity();
      break;
    case failure_pb::Failure::FAILURE_INFO_NOT_SET:
      to.kind = FailureKind::kGeneric;
      break;
    default:
      to.kind = FailureKind::kOther;
      break;
  }
}

}  // namespace

void to_proto(const Failure& failure, failure_pb::Failure& to) {
  failure_pb::Failure* target = &to;
  const Failure* from = &failure;
  for (int depth = 0; from != nullptr; ++depth) {
    if (depth > 0) target = target->mutable_cause();
    if (depth > kCausesSentMax && from->cause != nullptr) return target->set_message(causes_dropped().message);
    target->set_message(from->message);
    target->set_source(from->source);
    target->set_stack_trace(from->stack_trace);
    put_info(*from, *target);
    if (from->encoded_attributes) to_proto(*from->encoded_attributes, *target->mutable_encoded_attributes());
    from = from->cause.get();
  }
}

Failure from_proto(failure_pb::Failure&& from) {
  Failure to;
  to.message = std::move(*from.mutable_message());
  to.source = std::move(*from.mutable_source());
  to.stack_trace = std::move(*from.mutable_stack_trace());
  take_info(from, to);
  if (from.has_encoded_attributes()) to.encoded_attributes = from_proto(std::move(*from.mutable_encoded_attributes()));
  if (from.has_cause()) to.cause = std::make_shared<const Failure>(from_proto(std::move(*from.mutable_cause())));
  return to;
}

}  // namespace longbeat::internal
