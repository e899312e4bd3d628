#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "support/catch.h"
#include "support/raw_client.h"

namespace longbeat::test {

using namespace std::chrono_literals;
namespace service = temporal::api::workflowservice::v1;

/// One poll of the queue "queue"; a timeout of zero means none is given.
inline grpc::Status poll_with(const std::string& address, grpc::ClientContext& context,
                              std::chrono::milliseconds timeout,
                              service::PollActivityTaskQueueResponse* response = nullptr) {
  service::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("queue");
  service::PollActivityTaskQueueResponse ignored;
  const RawClient client(address);
  return client.call_method("/temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue", request,
                            response ? response : &ignored, {.timeout = timeout, .deadline = timeout > 0ms}, context);
}

}  // namespace longbeat::test
