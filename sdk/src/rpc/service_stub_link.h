#pragma once
#include "base/transport.h"
#include "rpc/message_stub.h"

namespace longbeat::internal {

/// ServiceStub over a TransportLink: the same messages, without a network.
class ServiceStubLink final : public MessageStub {
 public:
  explicit ServiceStubLink(TransportLink& link) : link_(link) {}

  void cancel(CallId call) override { link_.cancel(call); }

 private:
  CallId send(const OutgoingCall& call, std::unique_ptr<Answer> answer) override;

  TransportLink& link_;
  CallId next_call_ = 1;
};

}  // namespace longbeat::internal
