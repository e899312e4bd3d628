#include "rpc/completion_queue_loop.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <utility>

#include "base/this_thread.h"

namespace longbeat::internal {
namespace {

/// Replies handled before timers and posted work get their turn.
constexpr int kEventsPerRound = 256;

/// The longest wait. It bounds how far last_idle() lies behind on a quiet connection, and how late a timer runs after
/// the machine has slept (the queue waits on a clock that stands still meanwhile, timers do not). 20 wake-ups a second
/// cost about a thousandth of a core.
constexpr auto kLongestWait = std::chrono::milliseconds(50);

gpr_timespec after(std::chrono::nanoseconds wait) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(std::max<std::int64_t>(wait.count(), 0), GPR_TIMESPAN));
}

/// gRPC rounds times up to the next millisecond: with "now" it would wait that long.
gpr_timespec at_once() {
  return gpr_inf_past(GPR_CLOCK_MONOTONIC);
}

}  // namespace

void CompletionQueueLoop::start(std::function<void()> on_stop) {
  on_stop_ = std::move(on_stop);
  last_idle_ = now();
  thread_ = std::thread([this] {
    name_this_thread("lb-loop");
    run();
  });
}

void CompletionQueueLoop::stop() {
  const bool threaded = thread_.joinable();
  bool arms = false;
  const bool first = inbox_.with([&](Inbox& inbox) {
    if (std::exchange(inbox.stopping, true)) return false;
    arms = threaded && !std::exchange(inbox.announced, true);
    return true;
  });
  if (!first) return;
  if (threaded) {
    if (arms) arm();
    thread_.join();
  } else {
    queue_.Shutdown();
  }
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

TimePoint CompletionQueueLoop::now() const {
  return system_clock().now();
}
WallTime CompletionQueueLoop::wall_now() const {
  return system_clock().wall_now();
}

bool CompletionQueueLoop::post(std::function<void()> work) {
  const bool foreign = !on_this_thread();  // Work posted by the loop itself is read before the loop waits again.
  bool arms = false;
  const bool accepted = inbox_.with([&](Inbox& inbox) {
    if (inbox.stopping) return false;
    inbox.work.push_back(std::move(work));
    arms = foreign && !std::exchange(inbox.announced, true);
    return true;
  });
  if (arms) arm();
  return accepted;
}

void CompletionQueueLoop::arm() {
  // Whoever turned `announced` on, under the lock that also told that the loop is not stopping, comes here. The queue
  // stays open until the tag has come back, so it cannot be shut down under the alarm.
  alarm_.Set(&queue_, at_once(), static_cast<Tag*>(&announcement_));
}

void CompletionQueueLoop::Announcement::proceed(bool) {
  loop_.inbox_.with([](Inbox& inbox) { inbox.announced = false; });
}

void CompletionQueueLoop::run() {
  thread_id_ = std::this_thread::get_id();
  while (!inbox_.with([](Inbox& inbox) { return inbox.stopping; })) {
    wait_and_handle();
    run_timers();
    run_inbox();
  }
  if (on_stop_) on_stop_();
  // Whoever waits for a timer or a post holds the connection, so nobody waits any more.
  inbox_.with([](Inbox& inbox) { return std::exchange(inbox.work, {}); });
  while (!drained()) wait_and_handle();
  timers_.clear();
  queue_.Shutdown();
  thread_id_ = std::thread::id();
}

void CompletionQueueLoop::wait_and_handle() {
  int handled = 0;
  while (handled < kEventsPerRound && handle_waiting()) ++handled;
  if (handled > 0) return;  // Timers and posts first; the next round waits.
  if (inbox_.with([](Inbox& inbox) { return !inbox.work.empty(); })) return;
  const auto latest = now() + kLongestWait;
  const auto until = std::min(timers_.next_deadline().value_or(latest), latest);
  if (!handle_one(after(until - now()))) was_idle(until);  // Not at now(): the process may have been frozen since.
}

bool CompletionQueueLoop::handle_waiting() {
  if (handle_one(at_once())) return true;
  // Asked again: after this thread has put an event into the queue itself, as a finished write does, gRPC answers once
  // without a look at the sockets.
  const auto looked_at = now();
  if (handle_one(at_once())) return true;
  was_idle(looked_at);
  return false;
}

bool CompletionQueueLoop::handle_one(gpr_timespec until) {
  void* tag = nullptr;
  bool ok = false;
  if (queue_.AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) return false;
  static_cast<Tag*>(tag)->proceed(ok);
  return true;
}

void CompletionQueueLoop::was_idle(TimePoint at) {
  last_idle_ = std::max(last_idle_, at);
}

void CompletionQueueLoop::run_timers() {
  const auto due = now();  // Timers that due timers arm wait for the next round.
  while (auto work = timers_.pop_due(due)) (*work)();
}

void CompletionQueueLoop::run_inbox() {
  auto work = inbox_.with([](Inbox& inbox) { return std::exchange(inbox.work, {}); });
  for (auto& each : work) {
    each();
    each = nullptr;  // What it holds goes now, not after the last one.
  }
}

bool CompletionQueueLoop::drained() {
  return calls_ == 0 && inbox_.with([](Inbox& inbox) { return !inbox.announced; });
}

}  // namespace longbeat::internal
