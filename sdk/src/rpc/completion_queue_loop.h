#pragma once
#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/loop.h"
#include "base/timer_heap.h"
#include "rpc/tag.h"

namespace longbeat::internal {

/// The Loop of a real connection: one thread, one completion queue. Replies come as tags, posted work through an inbox
/// that one alarm announces, timers lie in a heap beside the queue.
class CompletionQueueLoop final : public Loop {
 public:
  CompletionQueueLoop() = default;
  ~CompletionQueueLoop() override { stop(); }
  CompletionQueueLoop(const CompletionQueueLoop&) = delete;
  CompletionQueueLoop& operator=(const CompletionQueueLoop&) = delete;

  /// Starts the thread. `on_stop` runs on the loop when it stops: it cancels every call under way.
  void start(std::function<void()> on_stop);
  /// Refuses new work, cancels and drains all calls, drops timers and unread posts, joins the thread. May come twice or
  /// without start(). Never on the loop itself.
  void stop();

  TimePoint now() const override;
  WallTime wall_now() const override;
  TimePoint last_idle() const override { return last_idle_; }
  bool post(std::function<void()> work) override;
  TimerId schedule(TimePoint at, std::function<void()> work) override { return timers_.schedule(at, std::move(work)); }
  void cancel(TimerId timer) override { timers_.cancel(timer); }
  bool on_this_thread() const override { return std::this_thread::get_id() == thread_id_.load(); }

  grpc::CompletionQueue& queue() { return queue_; }
  /// Calls under way count: the loop does not end before their tags have come. Loop thread only.
  void call_began() { ++calls_; }
  void call_ended() { --calls_; }

 private:
  struct Inbox {
    std::vector<std::function<void()>> work{};
    bool announced = false;  ///< the alarm is armed, its tag has not come yet
    bool stopping = false;
  };
  class Announcement final : public Tag {
   public:
    explicit Announcement(CompletionQueueLoop& loop) : loop_(loop) {}
    void proceed(bool) override;

   private:
    CompletionQueueLoop& loop_;
  };

  void run();
  void wait_and_handle();
  /// False when nothing waits.
  bool handle_waiting();
  bool handle_one(gpr_timespec until);
  void was_idle(TimePoint at);
  void run_timers();
  void run_inbox();
  bool drained();
  void arm();

  grpc::CompletionQueue queue_;
  grpc::Alarm alarm_;
  Announcement announcement_{*this};
  Guarded<Inbox> inbox_;
  TimerHeap<TimePoint, std::function<void()>> timers_;
  TimePoint last_idle_{};
  std::size_t calls_ = 0;
  std::function<void()> on_stop_;
  std::atomic<std::thread::id> thread_id_{};
  std::thread thread_;
};

}  // namespace longbeat::internal
