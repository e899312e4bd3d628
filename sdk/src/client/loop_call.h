#pragma once
#include <functional>
#include <memory>
#include <utility>

#include "core/service_stub.h"

namespace longbeat::internal {

/// The part of one call that lives on the loop. Both functions are called there; `done` runs once.
template <class Wire>
class LoopCall {
 public:
  virtual ~LoopCall() = default;
  virtual void start(Done<Wire> done) = 0;
  /// Ends it with CANCELLED. May come before start(), which then sends nothing, and after the end, where it does
  /// nothing.
  virtual void cancel() = 0;
};

/// One request and its answer.
template <class Wire>
class UnaryLoopCall final : public LoopCall<Wire>, public std::enable_shared_from_this<UnaryLoopCall<Wire>> {
 public:
  using Send = std::function<CallId(ServiceStub&, Done<Wire>)>;

  UnaryLoopCall(ServiceStub& stub, Send send) : stub_(stub), send_(std::move(send)) {}

  void start(Done<Wire> done) override {
    const auto send = std::exchange(send_, nullptr);
    if (canceled_) return done(Status{StatusCode::kCancelled, "it was given up before it was sent", {}});
    done_ = std::move(done);
    const CallId call = send(stub_, [self = this->shared_from_this()](StatusOr<Wire> answer) {
      self->call_ = 0;
      const auto ended = std::exchange(self->done_, nullptr);
      if (ended) ended(std::move(answer));
    });
    if (done_) call_ = call;
  }
  void cancel() override {
    canceled_ = true;
    if (call_ != 0) stub_.cancel(call_);
  }

 private:
  ServiceStub& stub_;
  Send send_;
  Done<Wire> done_{};
  CallId call_ = 0;
  bool canceled_ = false;
};

}  // namespace longbeat::internal
