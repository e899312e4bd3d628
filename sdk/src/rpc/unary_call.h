#pragma once
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/async_unary_call.h>

#if __has_include(<grpcpp/impl/proto_utils.h>)  // How generated messages become bytes; it has moved.
#include <grpcpp/impl/proto_utils.h>
#else
#include <grpcpp/impl/codegen/proto_utils.h>
#endif

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "rpc/completion_queue_loop.h"
#include "rpc/message_stub.h"

namespace longbeat::internal {

/// One unary call. Lives until its tag comes back from the queue; `done` runs once, on the loop, also after cancel or
/// deadline, as an event of the loop. Any message, so that gRPC's templates are made once.
class UnaryCall final : public Tag {
 public:
  using Message = google::protobuf::MessageLite;
  using Done = std::function<void(const grpc::Status&, Answer&)>;

  UnaryCall(CompletionQueueLoop& loop, Nanoseconds timeout, std::unique_ptr<Answer> answer, Done done)
      : loop_(loop), answer_(std::move(answer)), done_(std::move(done)) {
    const auto span = gpr_time_from_nanos(timeout.count(), GPR_TIMESPAN);
    context_.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), span));  // Not the wall clock.
  }

  /// Sends `request`, which may be gone afterwards. The call now owns itself.
  void start(const std::shared_ptr<grpc::Channel>& channel, const std::string& method, const Message& request) {
    loop_.call_began();
    grpc::TemplatedGenericStub<Message, Message> stub(channel);
    reader_ = stub.PrepareUnaryCall(&context_, method, request, &loop_.queue());
    reader_->StartCall();
    reader_->Finish(&answer_->message(), &status_, static_cast<Tag*>(this));
  }
  void cancel() { context_.TryCancel(); }
  grpc::ClientContext& context() { return context_; }

  void proceed(bool) override {
    const std::unique_ptr<UnaryCall> self(this);
    loop_.call_ended();
    done_(status_, *answer_);
  }

 private:
  CompletionQueueLoop& loop_;
  grpc::ClientContext context_;
  std::unique_ptr<Answer> answer_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Message>> reader_;
  Done done_;
};

}  // namespace longbeat::internal
