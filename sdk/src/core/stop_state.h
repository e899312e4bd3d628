#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "longbeat/errors.h"

namespace longbeat::internal {

/// A function of the user's that wants to hear of every cause. Called on the courier; ended by its owner on any thread.
class StopListener {
 public:
  explicit StopListener(std::function<void(StopCause)> function) : function_(std::move(function)) {}

  /// Courier: one call for each cause that it has not heard of. What the function throws is logged.
  void deliver(const std::vector<StopCause>& causes) noexcept;
  /// No call begins after this one, and the function is destroyed. Waits for a running call, unless made from inside
  /// it; then the function is destroyed right after that call.
  void close() noexcept;

  // --- Loop ---
  std::uint64_t courier_key = 0;  ///< a blocked function holds up only itself
  std::size_t announced = 0;      ///< causes that were posted for it

 private:
  std::mutex mutex_;
  std::condition_variable call_ended_;
  std::function<void(StopCause)> function_;
  std::size_t delivered_ = 0;
  bool running_ = false, closed_ = false, closed_inside_ = false;
  std::thread::id running_on_{};
};

/// The reasons to stop one attempt and everybody who wants to hear of them. Flags are set at once on the thread that
/// brings the cause; the tokens and listeners are user code and follow on the courier.
class StopState {
 public:
  StopState() = default;
  ~StopState();
  StopState(const StopState&) = delete;
  StopState& operator=(const StopState&) = delete;

  // --- Any thread ---
  /// Records a cause, sets the flags, wakes sleepers and the descriptor. True when there was something new.
  bool stop(StopCause cause, bool lost) noexcept;
  /// The worker begins to go. True the first time.
  bool announce_shutdown() noexcept;
  /// From now on nothing is recorded and nobody is told.
  void end() noexcept;

  bool stopped() const noexcept { return stopped_.load(); }
  bool lost() const noexcept { return lost_.load(); }
  bool ended() const noexcept { return ended_.load(); }
  bool shutting_down() const noexcept { return shutting_down_.load(); }
  /// Each once, in order of arrival.
  std::vector<StopCause> causes() const;
  /// Waits until stopped, ended, or this time has passed.
  void wait(std::chrono::nanoseconds time) const noexcept;
  /// An eventfd that counts causes, made at the first call; -1 and errno when there is none to be had.
  int descriptor() noexcept;

  std::stop_token stop_token() const noexcept { return stop_source_.get_token(); }
  std::stop_token lost_token() const noexcept { return lost_source_.get_token(); }
  std::stop_token shutdown_token() const noexcept { return shutdown_source_.get_token(); }
  /// False when nobody will be told any more.
  bool add(const std::shared_ptr<StopListener>& listener);

  // --- Courier: runs the callbacks of a token whose flag is set ---
  void request_stop() { stop_source_.request_stop(); }
  void request_lost() { lost_source_.request_stop(); }
  void request_shutdown() { shutdown_source_.request_stop(); }

  // --- Loop ---
  /// Those that have not been told of every cause; the caller sees to it.
  std::vector<std::shared_ptr<StopListener>> listeners_to_tell();

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable came_;
  std::array<StopCause, 16> causes_{};  ///< more than there are
  std::size_t cause_count_ = 0;
  int descriptor_ = -1;
  std::vector<std::weak_ptr<StopListener>> listeners_{};
  std::atomic<bool> stopped_{false}, lost_{false}, ended_{false}, shutting_down_{false};
  std::stop_source stop_source_, lost_source_, shutdown_source_;
};

}  // namespace longbeat::internal
