#include "rpc/event_loop.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "rpc/acceptor.h"

namespace longbeat::server {

using std::chrono::nanoseconds;

namespace {

/// Between two engines that end because the disk is full: each one reads the whole file.
constexpr Duration kReplacePauseMin = std::chrono::seconds(1);
constexpr Duration kReplacePauseMax = std::chrono::seconds(30);
constexpr Duration kLastedLong = std::chrono::minutes(1);

/// Everything is taken from the sockets before some of it is served: reports must not lie behind a flood of new work
/// unseen. Only a flood that comes faster than it can be refused is left there after so much of it.
constexpr std::size_t kBatchesTaken = 64;
/// From so many requests on their answers leave together.
constexpr std::size_t kManyAnswers = 8;
/// However many answers wait to be read: as long as this anyone may take.
constexpr Duration kReadWithin = std::chrono::seconds(1);

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

void EventLoop::start(std::unique_ptr<Engine> engine, MakeEngine another,
                      std::function<void(const std::string&)> none) {
  engine_ = std::move(engine);
  make_engine_ = std::move(another);
  on_no_engine_ = std::move(none);
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
  while (take_events(wait_until())) {
    if (line_.size() > kManyAnswers && acceptor_ != nullptr) acceptor_->cork();
    serve();
    step();
    if (acceptor_ != nullptr) acceptor_->uncork();
  }
  if (acceptor_ != nullptr) acceptor_->uncork();
  while (!line_.empty()) serve();
  // Calls that the engine still held cannot be answered any more; it ends with the loop.
  step();
}

gpr_timespec EventLoop::wait_until() const {
  if (!undelivered_.empty() || !line_.empty()) return at_once();
  auto wakeup = engine_->next_wakeup();
  const auto earlier = [&wakeup](std::optional<Time> at) {
    if (at) wakeup = wakeup ? std::min(*wakeup, *at) : *at;
  };
  earlier(replace_at_);
  earlier(refused_.next_deadline(limits_.refusal_delay));
  earlier(senders_.next_deadline(limits_.request_wait_max));
  earlier(readers_.next_deadline(readers_.bytes() > limits_.answer_bytes_waiting_max ? kReadWithin
                                                                                     : limits_.answer_wait_max));
  if (!wakeup) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  const nanoseconds wait = *wakeup - clock_.now();
  return wait <= nanoseconds::zero() ? at_once() : in(wait);
}

bool EventLoop::take_events(gpr_timespec until) {
  bool was_empty = false;
  for (std::size_t taken = 0; taken < kBatchesTaken * limits_.events_per_step;) {
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
          looked_empty_at_ = looked_at;
          return true;
        }
        was_empty = true;
        break;
      case grpc::CompletionQueue::GOT_EVENT:
        ++taken;
        ++stats_.events;
        was_empty = false;
        if (taken == kManyAnswers && acceptor_ != nullptr) acceptor_->cork();  // There may be refusals among them.
        static_cast<Tag*>(tag)->proceed(ok);
        break;
    }
    until = at_once();
  }
  return true;
}

void EventLoop::serve() {
  for (std::size_t served = 0; served < limits_.events_per_step; ++served) {
    GenericCall* const call = line_.next();
    if (call == nullptr) break;
    call->take_turn();
  }
  // Reports are never behind what brings new work.
  if (!line_.has_urgent()) queue_empty_at_ = std::max(queue_empty_at_, looked_empty_at_);
  const Time now = clock_.now();
  cut_off_the_slow(now);
  refuse_the_held_back(now, limits_.refusal_delay);
}

std::optional<SlowCalls<GenericCall>::Place> EventLoop::hold_back(GenericCall& call) {
  if (!accepting_ || refused_.size() >= limits_.refusals_kept_max) return std::nullopt;
  // A caller that gave up before would not know why.
  const auto patience = call.patience();
  if (patience && *patience < limits_.refusal_delay + limits_.refusal_delay / 2) return std::nullopt;
  return refused_.add(call, clock_.now(), 0);
}

void EventLoop::refuse_the_held_back(Time now, Duration longer_than) {
  while (const auto first = refused_.overdue(now, longer_than, longer_than, 0)) (*first)->call->refuse_now();
}

void EventLoop::cut_off_the_slow(Time now) {
  while (const auto slow = senders_.overdue(now, limits_.request_wait_max, limits_.request_wait_max, 0)) {
    (*slow)->call->cut_off();
  }
  while (const auto slow =
             readers_.overdue(now, limits_.answer_wait_max, kReadWithin, limits_.answer_bytes_waiting_max)) {
    (*slow)->call->cut_off();
  }
}

bool EventLoop::too_many_connections() const {
  return acceptor_ != nullptr && acceptor_->any_surplus();
}

bool EventLoop::is_surplus(const std::string& peer) const {
  return acceptor_->is_surplus(peer);
}

void EventLoop::step() {
  for (const auto& token : std::exchange(undelivered_, {})) engine_->hand_out_undelivered(token);
  step_time_ = clock_.now();
  ++stats_.steps;
  engine_->step({step_time_, queue_empty_at_});
  if (!held_.empty()) hand_over();
  if (replace_at_ && *replace_at_ <= step_time_) replace_engine();
}

void EventLoop::replace_engine_soon() {
  facts_.serving = false;
  const Time now = clock_.now();
  const bool lasted = replaced_at_ == Time::min() || now - replaced_at_ > kLastedLong;
  replace_pause_ = lasted ? Duration(0) : std::clamp(2 * replace_pause_, kReplacePauseMin, kReplacePauseMax);
  replace_at_ = now + replace_pause_;
}

void EventLoop::replace_engine() {
  if (!accepting_) return replace_at_.reset();  // The server stops: nobody needs another one.
  ++engine_number_;
  auto made = make_engine_();
  replaced_at_ = clock_.now();
  if (!made) {
    if (made.error().code == internal::StatusCode::kResourceExhausted) return replace_engine_soon();
    replace_at_.reset();
    return on_no_engine_(to_string(made.error()));
  }
  replace_at_.reset();
  engine_ = std::move(*made);
  facts_.serving = true;
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
  if (call.is_probe()) --open_probes_;
  free_.push_back(&call);
}

void EventLoop::limit_reached(const Status& refusal, std::int32_t cause, std::string_view method) {
  auto& line = limit_lines_[cause];
  if (const auto more = line.note(clock_.now())) {
    internal::log(internal::LogLevel::kWarn,
                  "call refused: " + refusal.message + " (" + std::string(method) + ")" + *more);
  }
}

void EventLoop::undelivered(std::string token) {
  if (token.empty()) return;
  ++stats_.undelivered;
  // The engine may be in the middle of a step: it hears of it before the next one.
  undelivered_.push_back(std::move(token));
}

RpcStats EventLoop::stats() const {
  RpcStats stats = stats_;
  stats.access = gate_.refusals();
  if (acceptor_ != nullptr) {
    stats.connections = acceptor_->connections();
    stats.connections_closed_at_once = acceptor_->closed_at_once();
  }
  return stats;
}

void EventLoop::stop_accepting(std::function<void()> answered) {
  accepting_ = false;
  facts_.serving = false;
  refuse_the_held_back(clock_.now(), Duration(0));
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
