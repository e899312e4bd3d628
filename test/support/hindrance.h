#pragma once
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

namespace longbeat::test {

/// For how long this machine did not let anybody work, while the object lives: threads that were not run, syncs that
/// took long. A neighbour's doing, which must not count as a fault of ours.
class Hindrance {
 public:
  /// Syncs this file now and then; it is made when there is none.
  explicit Hindrance(const std::filesystem::path& file);
  ~Hindrance();
  Hindrance(const Hindrance&) = delete;
  Hindrance& operator=(const Hindrance&) = delete;

  /// The longest time at one go.
  std::chrono::nanoseconds longest() const { return std::chrono::nanoseconds(longest_.load()); }

 private:
  void watch();
  std::atomic<bool> over_{false};
  std::atomic<std::chrono::nanoseconds::rep> longest_{0};
  int file_;
  std::thread thread_;
};

}  // namespace longbeat::test
