#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

namespace longbeat::test {

namespace wire = ::temporal::api::workflowservice::v1;

/// Where one RPC lives and what it takes and gives.
template <class RequestType, class ResponseType>
struct WireMethod {
  using Request = RequestType;
  using Response = ResponseType;
  const char* path = "";
};

#define LONGBEAT_WIRE_METHOD(constant, rpc)                                       \
  inline constexpr WireMethod<wire::rpc##Request, wire::rpc##Response> constant { \
    "/temporal.api.workflowservice.v1.WorkflowService/" #rpc                      \
  }

LONGBEAT_WIRE_METHOD(kGetSystemInfo, GetSystemInfo);
LONGBEAT_WIRE_METHOD(kStart, StartActivityExecution);
LONGBEAT_WIRE_METHOD(kPollTask, PollActivityTaskQueue);
LONGBEAT_WIRE_METHOD(kHeartbeat, RecordActivityTaskHeartbeat);
LONGBEAT_WIRE_METHOD(kCompleted, RespondActivityTaskCompleted);
LONGBEAT_WIRE_METHOD(kFailed, RespondActivityTaskFailed);
LONGBEAT_WIRE_METHOD(kCanceled, RespondActivityTaskCanceled);
LONGBEAT_WIRE_METHOD(kPollOutcome, PollActivityExecution);
LONGBEAT_WIRE_METHOD(kDescribe, DescribeActivityExecution);
LONGBEAT_WIRE_METHOD(kRequestCancel, RequestCancelActivityExecution);
LONGBEAT_WIRE_METHOD(kDelete, DeleteActivityExecution);
LONGBEAT_WIRE_METHOD(kCount, CountActivityExecutions);

#undef LONGBEAT_WIRE_METHOD

}  // namespace longbeat::test
