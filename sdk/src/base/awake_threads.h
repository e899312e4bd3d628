#pragma once
#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace longbeat::internal {

/// Threads that are out of their waits, and that time which moves by itself waits for: each until it waits again, or
/// has had its real time. Under the lock of its owner; `real` is now, on the machine's clock.
class AwakeThreads {
 public:
  /// The calling thread, until then at the latest.
  void add(TimePoint real, TimePoint until) {
    const auto own = std::this_thread::get_id();
    std::erase_if(threads_, [&](const Thread& thread) { return thread.id == own || thread.until <= real; });
    if (until > real) threads_.push_back({own, until});
  }
  /// The calling thread waits, or ends.
  void remove() {
    const auto own = std::this_thread::get_id();
    std::erase_if(threads_, [&](const Thread& thread) { return thread.id == own; });
  }
  void clear() { threads_.clear(); }
  bool empty() const { return threads_.empty(); }
  /// When the last of them has had its time; nothing: all have had it.
  std::optional<TimePoint> until(TimePoint real) const {
    const auto last = std::ranges::max_element(threads_, {}, &Thread::until);
    return last == threads_.end() || last->until <= real ? std::nullopt : std::optional(last->until);
  }

 private:
  struct Thread {
    std::thread::id id;
    TimePoint until;
  };
  std::vector<Thread> threads_;
};

}  // namespace longbeat::internal
