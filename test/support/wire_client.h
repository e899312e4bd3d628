#pragma once
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#if __has_include(<grpcpp/impl/proto_utils.h>)
#include <grpcpp/impl/proto_utils.h>
#else
#include <grpcpp/impl/codegen/proto_utils.h>
#endif

#include "support/wire_methods.h"

namespace longbeat::test {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

/// What became of one call.
template <class Response>
struct Answer {
  const grpc::Status& status;
  Response& response;
  Time sent;
  Time arrived;
  bool ok() const { return status.ok(); }
  Clock::duration latency() const { return arrived - sent; }
};

/// Unary calls with protobuf messages over one channel (or several, in turn) and one completion queue, any number
/// outstanding. Belongs to one thread: `done` runs inside run_until() or the destructor, never inside call(), and may
/// make further calls.
class WireClient {
 public:
  explicit WireClient(const std::string& address, std::size_t connections = 1);
  /// Cancels what is outstanding; every `done` has run, with CANCELLED, before this returns. Calls made by them are
  /// dropped.
  ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  /// Sends `request`, then runs done(const Answer<Response>&) exactly once. Timeout zero means no deadline. While there
  /// is no connection the call waits for one. Returns the call's context, for TryCancel() until `done` has run; null
  /// when the call was dropped.
  template <class Request, class Response, class Done>
  grpc::ClientContext* call(const WireMethod<Request, Response>& method, const Request& request,
                            std::chrono::milliseconds timeout, Done done);

  /// Handles what arrives until `until`, or until nothing is outstanding.
  void run_until(Time until);
  /// Handles one event. False when none came until `until`.
  bool run_one(Time until);

  std::size_t outstanding() const { return outstanding_; }
  void cancel_all();

 private:
  /// One call; its own tag on the queue and a link of the list of outstanding calls.
  struct Call {
    virtual ~Call() = default;
    virtual void finished() = 0;
    grpc::ClientContext context{};
    grpc::Status status{};
    Time sent{};
    Call* previous = nullptr;
    Call* next = nullptr;
  };
  template <class Response, class Done>
  struct TypedCall;

  void link(Call& call, std::chrono::milliseconds timeout);
  void unlink(Call& call);

  std::vector<std::shared_ptr<grpc::Channel>> channels_{};
  std::size_t calls_ = 0;
  grpc::CompletionQueue queue_{};
  Call* first_ = nullptr;
  std::size_t outstanding_ = 0;
  bool closing_ = false;
};

template <class Response, class Done>
struct WireClient::TypedCall final : Call {
  explicit TypedCall(Done on_done) : done(std::move(on_done)) {}
  void finished() override { done(Answer<Response>{status, response, sent, Clock::now()}); }
  Response response{};
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader{};
  Done done;
};

template <class Request, class Response, class Done>
grpc::ClientContext* WireClient::call(const WireMethod<Request, Response>& method, const Request& request,
                                      std::chrono::milliseconds timeout, Done done) {
  if (closing_) return nullptr;
  auto call = std::make_unique<TypedCall<Response, Done>>(std::move(done));
  link(*call, timeout);
  grpc::TemplatedGenericStub<Request, Response> stub(channels_[calls_++ % channels_.size()]);
  call->reader = stub.PrepareUnaryCall(&call->context, method.path, request, &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, static_cast<Call*>(call.get()));
  return &call.release()->context;  // The queue holds the call now, run_one() takes it back.
}

}  // namespace longbeat::test
