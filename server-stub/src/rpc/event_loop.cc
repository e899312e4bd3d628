#include "rpc/event_loop.h"

#include <algorithm>
#include <utility>

namespace longbeat::server {

using std::chrono::nanoseconds;

namespace {

gpr_timespec in(nanoseconds wait) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(wait.count(), GPR_TIMESPAN));
}

// A deadline in the past: look at the queue once, do not wait.
gpr_timespec at_once() {
  return gpr_inf_past(GPR_CLOCK_MONOTONIC);
}

}  // namespace

EventLoop::EventLoop(std::unique_ptr<grpc::ServerCompletionQueue> queue, grpc::AsyncGenericService& service,
                     RpcLimits limits, ServerFacts facts, const internal::ServerClock& clock)
    : limits_(limits),
      clock_(clock),
      service_(service),
      queue_(std::move(queue)),
      facts_(std::move(facts)),
      kick_tag_(*this) {}

EventLoop::~EventLoop() {
  close();
  // Its projection's thread may post until it ends: to an inbox that is still there, and refuses.
  engine_.reset();
}

void EventLoop::start(std::unique_ptr<Engine> engine) {
  engine_ = std::move(engine);
  step_time_ = clock_.now();
  thread_ = std::thread([this] { run(); });
}

bool EventLoop::post(std::function<void()> work) {
  return inbox_.with([&](Inbox& inbox) {
    if (inbox.closed) return false;
    inbox.work.push_back(std::move(work));
    // Under the lock, because close_queue() must not shut the queue down between the check and the alarm.
    if (!std::exchange(inbox.kicked, true)) kick_.Set(queue_.get(), at_once(), &kick_tag_);
    return true;
  });
}

void EventLoop::run_inbox() {
  auto work = inbox_.with([](Inbox& inbox) {
    inbox.kicked = false;
    return std::exchange(inbox.work, {});
  });
  for (auto& item : work) item();
}

void EventLoop::close() {
  if (thread_.joinable()) {
    post([this] { close_queue(); });
    thread_.join();
    return;
  }
  if (queue_closed_) return;
  // Never started: nothing is outstanding, but gRPC wants the queue shut down and drained.
  close_queue();
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
  }
}

void EventLoop::close_queue() {
  inbox_.with([](Inbox& inbox) { return inbox.closed = true; });
  queue_closed_ = true;
  queue_->Shutdown();
}

void EventLoop::run() {
  for (std::size_t i = 0; i < limits_.armed_calls; ++i) arm_one();
  while (take_events(wait_until())) step();
  // Calls that the engine still held cannot be answered any more; it ends with the loop.
  step();
}

gpr_timespec EventLoop::wait_until() const {
  if (!undelivered_.empty()) return at_once();
  const auto wakeup = engine_->next_wakeup();
  if (!wakeup) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  const nanoseconds wait = *wakeup - clock_.now();
  return wait <= nanoseconds::zero() ? at_once() : in(wait);
}

bool EventLoop::take_events(gpr_timespec until) {
  bool was_empty = false;
  for (std::size_t taken = 0; taken < limits_.events_per_step;) {
    // Taken before looking: what came before this time has been seen if the queue turns out to be empty.
    const Time looked_at = clock_.now();
    void* tag = nullptr;
    bool ok = false;
    switch (queue_->AsyncNext(&tag, &ok, until)) {
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
      case grpc::CompletionQueue::TIMEOUT:
        // The first time may be the end of the wait, or said without a look at the sockets: gRPC leaves that out once
        // after this thread has put an event into the queue itself, as a finished write does.
        if (was_empty) {
          queue_empty_at_ = looked_at;
          return true;
        }
        was_empty = true;
        break;
      case grpc::CompletionQueue::GOT_EVENT:
        ++taken;
        ++stats_.events;
        was_empty = false;
        static_cast<Tag*>(tag)->proceed(ok);
        break;
    }
    until = at_once();
  }
  return true;
}

void EventLoop::step() {
  for (const auto& token : std::exchange(undelivered_, {})) engine_->hand_out_undelivered(token);
  step_time_ = clock_.now();
  ++stats_.steps;
  engine_->step({step_time_, queue_empty_at_});
  if (!held_.empty()) hand_over();
}

void EventLoop::hand_over() {
  take_events(at_once());
  for (GenericCall* call : std::exchange(held_, {})) call->hand_over();
}

void EventLoop::request_call(grpc::GenericServerContext& context, grpc::GenericServerAsyncReaderWriter& stream,
                             Tag* tag) {
  service_.RequestCall(&context, &stream, queue_.get(), queue_.get(), tag);
}

void EventLoop::arm_one() {
  if (queue_closed_) return;
  if (free_.empty()) {
    calls_.push_back(std::make_unique<GenericCall>(*this));
    free_.reserve(calls_.capacity());  // So that at_rest() never allocates.
    free_.push_back(calls_.back().get());
  }
  GenericCall* call = free_.back();
  free_.pop_back();
  call->arm();
}

CallId EventLoop::call_arrived() {
  ++stats_.calls;
  ++stats_.open_calls;
  arm_one();
  return ++last_call_;
}

void EventLoop::at_rest(GenericCall& call) {
  --stats_.open_calls;
  free_.push_back(&call);
}

void EventLoop::undelivered(std::string token) {
  if (token.empty()) return;
  ++stats_.undelivered;
  // The engine may be in the middle of a step: it hears of it before the next one.
  undelivered_.push_back(std::move(token));
}

RpcStats EventLoop::stats() const {
  return stats_;
}

void EventLoop::stop_accepting(std::function<void()> answered) {
  accepting_ = false;
  facts_.serving = false;
  engine_->stop_accepting();
  const auto streams = streams_;  // One that ends takes itself out.
  for (GenericCall* call : streams) call->stop_stream();
  on_farewells_over_ = std::move(answered);
  farewells_ = 1;  // This function.
  for (const auto& call : calls_) farewells_ += call->say_farewell() ? 1 : 0;
  farewell_over();
}

void EventLoop::farewell_over() {
  if (--farewells_ > 0) return;
  if (const auto over = std::exchange(on_farewells_over_, {})) over();
}

}  // namespace longbeat::server
