#include "rpc/service_stub_grpc.h"

#include <utility>

#include "longbeat/export.h"
#include "rpc/convert_common.h"
#include "rpc/convert_status.h"

namespace longbeat::internal {

Status ServiceStubGrpc::refusal(const grpc::Status& status) const {
  Status result = from_grpc(status);
  result.message += connect_hint(result, kind_);
  return result;
}

CallId ServiceStubGrpc::send(const OutgoingCall& call, std::unique_ptr<Answer> answer) {
  const CallId id = next_call_++;
  auto* pending =
      new UnaryCall(loop_, call.timeout, std::move(answer), [this, id](const grpc::Status& status, Answer& ended) {
        calls_.erase(id);
        if (status.ok()) {
          ended.answered();
        } else {
          ended.refused(refusal(status));
        }
      });
  auto& context = pending->context();
  context.AddMetadata("client-name", kSdkName);
  context.AddMetadata("client-version", LONGBEAT_VERSION);
  if (!call.namespace_name.empty()) context.AddMetadata("temporal-namespace", call.namespace_name);
  if (!authorization_.empty()) context.AddMetadata("authorization", authorization_);
  calls_.emplace(id, pending);
  pending->start(channel_, std::string(kService) + call.rpc, call.request);
  if (shut_down_) pending->cancel();
  return id;
}

/// gRPC pauses for up to a second between two tries to connect, which a lease may not have.
void ServiceStubGrpc::heartbeat_unavailable() {
  constexpr Nanoseconds kLeastPause = std::chrono::milliseconds(20);
  const TimePoint now = loop_.now();
  if (shut_down_ || now < reconnected_at_ + kLeastPause) return;
  reconnected_at_ = now;
  grpc::experimental::ChannelResetConnectionBackoff(channel_.get());
}

void ServiceStubGrpc::cancel(CallId call) {
  if (const auto found = calls_.find(call); found != calls_.end()) found->second->cancel();
}

void ServiceStubGrpc::shut_down() {
  shut_down_ = true;
  for (auto& [id, pending] : calls_) pending->cancel();
}

}  // namespace longbeat::internal
