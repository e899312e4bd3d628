#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "longbeat/activity_context.h"

namespace longbeat::internal {

/// The newest heartbeat details that the loop has not fetched yet. Writers: any thread, one exchange, no lock, so that
/// no user code (a value's destructor) ever runs under one; a replaced value dies on the thread that replaced it.
/// Reader: the loop.
class DetailsCell {
 public:
  DetailsCell() = default;
  ~DetailsCell() { delete newest_.load(); }
  DetailsCell(const DetailsCell&) = delete;
  DetailsCell& operator=(const DetailsCell&) = delete;

  /// Stores the value as the newest. True when the loop wants to be woken for it; at most one caller is told so.
  bool put(std::unique_ptr<DetailsValue> value) {
    value->sequence = next_sequence();
    const std::unique_ptr<DetailsValue> replaced(newest_.exchange(value.release()));
    return claim_wake_up();
  }
  /// Asks for a heartbeat with what is known already. True as for put().
  bool repeat() {
    repeat_.store(true);
    return claim_wake_up();
  }
  /// The number for details that go another way than through the cell.
  std::uint64_t next_sequence() { return last_sequence_.fetch_add(1, std::memory_order_relaxed) + 1; }

  /// The newest value, if one came since the last call. Its destructor is user code: not for the loop to run.
  std::unique_ptr<DetailsValue> take() { return std::unique_ptr<DetailsValue>(newest_.exchange(nullptr)); }
  /// Puts back what take() gave, with the number it has, unless something has come meanwhile: then the caller keeps it.
  /// True as for put().
  bool put_back(std::unique_ptr<DetailsValue>& value) {
    DetailsValue* none = nullptr;
    if (!newest_.compare_exchange_strong(none, value.get())) return false;
    static_cast<void>(value.release());
    return claim_wake_up();
  }
  bool take_repeat() { return repeat_.exchange(false); }
  /// The newest number given out: tells whether something came since, also while it stays in the cell. Look at
  /// has_news() first, which orders the two.
  std::uint64_t last_sequence() const { return last_sequence_.load(std::memory_order_relaxed); }
  bool has_news() const { return newest_.load() != nullptr || repeat_.load(); }

  /// From now on the next writer is told to wake the loop. Look at has_news() afterwards: a writer may have come just
  /// before.
  void arm() { armed_.store(true); }
  void disarm() { armed_.store(false); }

 private:
  /// Sequentially consistent with arm() + has_news(): one side sees the other.
  bool claim_wake_up() { return armed_.load() && armed_.exchange(false); }

  std::atomic<DetailsValue*> newest_{nullptr};
  std::atomic<std::uint64_t> last_sequence_{0};
  std::atomic<bool> repeat_{false};
  std::atomic<bool> armed_{false};
};

}  // namespace longbeat::internal
