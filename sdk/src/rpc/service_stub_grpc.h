#pragma once
#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "core/credentials.h"
#include "rpc/completion_queue_loop.h"
#include "rpc/connect_hint.h"
#include "rpc/message_stub.h"
#include "rpc/unary_call.h"

namespace longbeat::internal {

/// ServiceStub on gRPC: one unary call for each method, without generated stubs.
class ServiceStubGrpc final : public MessageStub {
 public:
  /// `credentials` are those of the channel; their API key goes with every call.
  ServiceStubGrpc(CompletionQueueLoop& loop, std::shared_ptr<grpc::Channel> channel,
                  const Credentials& credentials = {})
      : loop_(loop),
        channel_(std::move(channel)),
        authorization_(credentials.api_key.empty() ? "" : "Bearer " + credentials.api_key),
        kind_{credentials.encrypted, !credentials.certificate.empty()} {}

  void cancel(CallId call) override;

  /// Cancels what is under way and whatever is called from now on: the loop is about to end. Loop thread only.
  void shut_down();

 private:
  CallId send(const OutgoingCall& call, std::unique_ptr<Answer> answer) override;
  void heartbeat_unavailable() override;
  Status refusal(const grpc::Status& status) const;

  CompletionQueueLoop& loop_;
  std::shared_ptr<grpc::Channel> channel_;
  const std::string authorization_;
  const ConnectionKind kind_;
  std::unordered_map<CallId, UnaryCall*> calls_;
  CallId next_call_ = 1;
  TimePoint reconnected_at_{};
  bool shut_down_ = false;
};

}  // namespace longbeat::internal
