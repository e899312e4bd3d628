#pragma once
#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/courier.h"

namespace longbeat::internal {

/// The real courier. Each kind of job has threads of its own: one, and one more whenever jobs have waited a second
/// without any ending, at most four. So it has two threads in all, eight at most. The destructor runs what was posted
/// and joins.
class CourierPool final : public Courier {
 public:
  CourierPool();
  ~CourierPool() override;
  CourierPool(const CourierPool&) = delete;
  CourierPool& operator=(const CourierPool&) = delete;

  void post(CourierJob kind, std::uint64_t key, std::function<void()> job) override;
  std::uint64_t running_here() const noexcept override;
  /// Threads now, the watching one not counted. Any thread.
  std::size_t threads() const;

 private:
  static constexpr std::size_t kKinds = 2;
  static constexpr std::size_t kThreadsPerKind = 4;

  /// Jobs of one kind, each key a queue of its own.
  struct Lane {
    std::map<std::uint64_t, std::deque<std::function<void()>>> jobs{};  ///< keys with jobs waiting or one running
    std::deque<std::uint64_t> ready{};                                  ///< keys whose first job may run
    std::condition_variable work_came{};
    std::vector<std::thread> threads{};
    std::uint64_t ended_jobs = 0;
  };

  void serve(Lane& lane);
  void watch();

  mutable std::mutex mutex_;
  std::condition_variable watcher_;
  std::array<Lane, kKinds> lanes_;
  bool stopping_ = false;
  std::thread watching_;
};

}  // namespace longbeat::internal
