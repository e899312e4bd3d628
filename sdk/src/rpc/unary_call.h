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
#include <utility>

#include "rpc/completion_queue_loop.h"
#include "rpc/convert_status.h"

namespace longbeat::internal {

/// A call under way, whatever its answer is.
class PendingCall : public Tag {
 public:
  void cancel() { context_.TryCancel(); }
  grpc::ClientContext& context() { return context_; }

 protected:
  grpc::ClientContext context_;
};

/// One unary call. Lives until its tag comes back from the queue; `done` runs once, on the loop, also after cancel or
/// deadline, as an event of the loop.
template <class Response>
class UnaryCall final : public PendingCall {
 public:
  using Done = std::function<void(const grpc::Status&, Response&)>;

  UnaryCall(CompletionQueueLoop& loop, Nanoseconds timeout, Done done) : loop_(loop), done_(std::move(done)) {
    const auto span = gpr_time_from_nanos(timeout.count(), GPR_TIMESPAN);
    context_.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), span));  // Not the wall clock.
  }

  /// Sends `request`, which may be gone afterwards. The call now owns itself.
  template <class Request>
  void start(const std::shared_ptr<grpc::Channel>& channel, const std::string& method, const Request& request) {
    loop_.call_began();
    grpc::TemplatedGenericStub<Request, Response> stub(channel);
    reader_ = stub.PrepareUnaryCall(&context_, method, request, &loop_.queue());
    reader_->StartCall();
    reader_->Finish(&response_, &status_, static_cast<Tag*>(this));
  }

  void proceed(bool) override {
    const std::unique_ptr<UnaryCall> self(this);
    loop_.call_ended();
    done_(status_, response_);
  }

 private:
  CompletionQueueLoop& loop_;
  Response response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader_;
  Done done_;
};

}  // namespace longbeat::internal
