#pragma once
#include <atomic>
#include <cstdint>
#include <functional>

namespace longbeat::internal {

/// What kind of user code a job runs: kinds do not wait for one another.
enum class CourierJob { kConvert, kStopCallbacks };

/// A small pool for everything beside activity functions that may run user code: converters, codecs, stop callbacks.
/// The loop itself never runs any. Jobs of one kind and key run one at a time, in order. Any thread.
class Courier {
 public:
  virtual ~Courier() = default;
  virtual void post(CourierJob kind, std::uint64_t key, std::function<void()> job) = 0;
  /// Key of the job that the calling thread runs for this courier; 0: none.
  virtual std::uint64_t running_here() const noexcept { return 0; }
  /// A key that nobody else on this courier has: several workers share one. Any thread.
  std::uint64_t new_key() { return last_key_.fetch_add(1, std::memory_order_relaxed) + 1; }
  /// Further keys of the same owner, whose jobs do not wait for one another; turn 0 is the key itself.
  static constexpr std::uint64_t with_turn(std::uint64_t key, std::uint16_t turn) noexcept {
    return key | std::uint64_t{turn} << kTurnShift;
  }
  /// The key that new_key() gave.
  static constexpr std::uint64_t owner_of(std::uint64_t key) noexcept {
    return key & ((std::uint64_t{1} << kTurnShift) - 1);
  }

 private:
  static constexpr int kTurnShift = 48;
  std::atomic<std::uint64_t> last_key_{0};
};

}  // namespace longbeat::internal
