#pragma once
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "core/courier.h"
#include "core/courier_growth.h"

namespace longbeat::internal {

/// How the threads of each kind of job come and go.
struct CourierPace {
  std::size_t threads_max = 64;
  /// A job that has waited for so long gets a thread of its own (courier_growth.h tells when it does not).
  std::chrono::nanoseconds patience = std::chrono::milliseconds(5);
  /// A thread that has done nothing for so long ends, but the last one.
  std::chrono::nanoseconds idle = std::chrono::seconds(30);
  /// When jobs have waited for so long and no thread more may come, the log tells.
  std::chrono::nanoseconds jam_patience = std::chrono::seconds(3);
  /// Makes one; throws std::system_error when it cannot.
  std::function<std::thread(std::function<void()>)> make_thread = [](std::function<void()> run) {
    return std::thread(std::move(run));
  };
};

/// The real courier. Each kind of job has threads of its own: one, and more while jobs wait because others take long. A
/// watching thread makes them, so post() never does. The destructor runs what was posted and joins.
class CourierPool final : public Courier {
 public:
  explicit CourierPool(CourierPace pace = {});
  ~CourierPool() override;
  CourierPool(const CourierPool&) = delete;
  CourierPool& operator=(const CourierPool&) = delete;

  void post(CourierJob kind, std::uint64_t key, std::function<void()> job) override;
  std::uint64_t running_here() const noexcept override;
  /// Threads now, the watching one not counted. Any thread.
  std::size_t threads() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  static constexpr std::size_t kKinds = 2;

  struct Thread {
    std::thread handle{};
    std::condition_variable woken{};
    bool is_called = false;
    std::optional<TimePoint> busy_since{};
  };
  struct Ready {
    std::uint64_t key = 0;
    TimePoint since{};
  };
  /// Jobs of one kind, each key a queue of its own.
  struct Lane {
    std::map<std::uint64_t, std::deque<std::function<void()>>> jobs{};  ///< keys with jobs waiting or one running
    std::deque<Ready> ready{};                                          ///< keys whose first job may run
    std::list<Thread> threads{};
    /// The one that was busy last is at the back and called first: those too many stay idle, and end.
    std::vector<Thread*> idle{};
    CourierJam jam{};  ///< the watching thread's
  };

  void alert();
  void serve(Lane& lane, Thread& self);
  void run_ready(Lane& lane, Thread& self, Lock& lock);
  bool wait_for_call(Lane& lane, Thread& self, Lock& lock);
  void watch();
  void wait_for_news(Lock& lock);
  bool is_full(const Lane& lane) const;
  void look_for_jam(CourierJob kind, Lock& lock);
  void grow(Lane& lane, Lock& lock);
  bool add_thread(Lane& lane, Lock& lock);
  void join_ended(Lock& lock);

  const CourierPace pace_;
  mutable std::mutex mutex_;
  std::condition_variable watcher_;
  std::array<Lane, kKinds> lanes_;
  std::list<Thread> ended_{};  ///< to be joined
  bool alerted_ = false;       ///< a job waits that no idle thread takes
  bool stopping_ = false;
  std::optional<TimePoint> complained_at_{};  ///< the watching thread's
  std::thread watching_;
};

}  // namespace longbeat::internal
