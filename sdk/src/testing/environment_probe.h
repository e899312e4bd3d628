#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/attempt_probe.h"
#include "longbeat/data_converter.h"
#include "testing/virtual_loop.h"

namespace longbeat::internal {

/// One heartbeat as it was called.
struct CallSeen {
  std::chrono::nanoseconds at{};
  Result<Payloads> details = Payloads();
};

/// Sees what one attempt calls, and moves the time of its loop where it waits. Lives as long as the attempt, which may
/// be longer than the loop: until close().
class EnvironmentProbe final : public AttemptProbe {
 public:
  /// `after_call` is told the number of each heartbeat, from 1, once what it caused has happened; then what that causes
  /// is waited for too. It runs on the caller's thread and must not throw.
  EnvironmentProbe(VirtualLoop& loop, std::shared_ptr<VirtualClock> clock, DataConverter converter,
                   std::chrono::nanoseconds thread_time, std::function<void(std::size_t)> after_call);

  /// Returns when no thread is in a call any more; those that come later do nothing. The loop has been stopped.
  void close();

  std::vector<CallSeen> seen() const;
  /// The newest values of all; nothing when none could be encoded.
  Payloads newest() const;

  std::unique_ptr<DetailsValue> calling(std::unique_ptr<DetailsValue> value) noexcept override;
  void repeating() noexcept override { note(Payloads()); }
  void failing(const char* why) noexcept override;
  void saving(const Payloads& details) noexcept override { note(details); }
  void called() noexcept override;
  void listens() noexcept override;
  void pass(TimePoint until, const std::function<bool()>& over) noexcept override;
  void begin_wait() noexcept override;
  std::chrono::nanoseconds slice(TimePoint until) noexcept override;

 private:
  /// A call that needs the loop.
  class Visit {
   public:
    explicit Visit(EnvironmentProbe& probe);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    explicit operator bool() const { return let_in_; }

   private:
    EnvironmentProbe& probe_;
    const bool let_in_;
  };

  bool enter();
  void note(Result<Payloads> details);

  VirtualLoop& loop_;
  const std::shared_ptr<VirtualClock> clock_;
  const DataConverter converter_;
  const std::chrono::nanoseconds thread_time_;
  const std::function<void(std::size_t)> after_call_;
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::size_t visitors_ = 0;
  bool closed_ = false;
  std::vector<CallSeen> calls_;
};

}  // namespace longbeat::internal
