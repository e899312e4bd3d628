#include "support/wire_client.h"

namespace longbeat::test {
namespace {

gpr_timespec from_now(std::chrono::nanoseconds span) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(span.count(), GPR_TIMESPAN));
}

}  // namespace

WireClient::WireClient(const std::string& address, std::size_t connections) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of its own for every client.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  for (std::size_t i = 0; i < connections; ++i) {
    channels_.push_back(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }
}

WireClient::~WireClient() {
  closing_ = true;
  cancel_all();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    unlink(*call);
    call->finished();
  }
}

void WireClient::cancel_all() {
  for (Call* call = first_; call != nullptr; call = call->next) call->context.TryCancel();
}

bool WireClient::run_one(Time until) {
  void* tag = nullptr;
  bool ok = false;
  if (queue_.AsyncNext(&tag, &ok, from_now(until - Clock::now())) != grpc::CompletionQueue::GOT_EVENT) return false;
  const std::unique_ptr<Call> call(static_cast<Call*>(tag));
  unlink(*call);
  call->finished();
  return true;
}

void WireClient::run_until(Time until) {
  while (outstanding_ > 0 && Clock::now() < until) run_one(until);
}

void WireClient::link(Call& call, std::chrono::milliseconds timeout) {
  if (timeout.count() > 0) call.context.set_deadline(from_now(timeout));
  call.context.set_wait_for_ready(true);
  call.sent = Clock::now();
  call.next = first_;
  if (first_ != nullptr) first_->previous = &call;
  first_ = &call;
  ++outstanding_;
}

void WireClient::unlink(Call& call) {
  (call.previous != nullptr ? call.previous->next : first_) = call.next;
  if (call.next != nullptr) call.next->previous = call.previous;
  --outstanding_;
}

}  // namespace longbeat::test
