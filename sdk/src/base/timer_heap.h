#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace longbeat::internal {

/// Deadlines in order, as plain data: no thread, no clock. An indexed 4-ary heap: arming, moving and removing cost
/// O(log n) and leave nothing stale behind. Ties pop in the order of scheduling.
template <class Time, class T>
class TimerHeap {
 public:
  /// Names one entry until it has popped or was canceled; a spent handle is recognised and ignored. 0 names none.
  using Handle = std::uint64_t;

  Handle schedule(Time at, T what) {
    std::uint32_t slot;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.push_back({});
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slots_[slot].what.emplace(std::move(what));
    heap_.push_back({at, next_order_++, slot});
    slots_[slot].position = static_cast<std::uint32_t>(heap_.size() - 1);
    sift_up(heap_.size() - 1);
    return handle_of(slot);
  }

  /// Removes the entry; false when it is gone already.
  bool cancel(Handle handle) {
    const auto slot = slot_of(handle);
    if (!slot) return false;
    remove_at(slots_[*slot].position);
    release(*slot);
    return true;
  }

  /// Moves the entry to another time; false when it is gone already.
  bool reschedule(Handle handle, Time at) {
    const auto slot = slot_of(handle);
    if (!slot) return false;
    const std::size_t position = slots_[*slot].position;
    heap_[position].at = at;
    heap_[position].order = next_order_++;
    sift_up(position);
    sift_down(slots_[*slot].position);
    return true;
  }

  /// When the owner must wake up next, if ever.
  std::optional<Time> next_deadline() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().at;
  }

  /// Removes and returns the earliest entry if it is due at `now`.
  std::optional<T> pop_due(Time now) {
    if (heap_.empty() || now < heap_.front().at) return std::nullopt;
    const std::uint32_t slot = heap_.front().slot;
    std::optional<T> what(std::move(*slots_[slot].what));
    remove_at(0);
    release(slot);
    return what;
  }

  std::size_t size() const { return heap_.size(); }
  bool empty() const { return heap_.empty(); }
  void clear() {
    while (!heap_.empty()) {
      const std::uint32_t slot = heap_.back().slot;
      heap_.pop_back();
      release(slot);
    }
  }

 private:
  struct Entry {
    Time at;
    std::uint64_t order;
    std::uint32_t slot;
    bool before(const Entry& other) const { return at != other.at ? at < other.at : order < other.order; }
  };
  struct Slot {
    std::optional<T> what{};
    std::uint32_t position = 0;  ///< There are no more entries than slots.
    std::uint32_t generation = 1;
  };

  Handle handle_of(std::uint32_t slot) const { return (std::uint64_t{slots_[slot].generation} << 32) | slot; }
  std::optional<std::uint32_t> slot_of(Handle handle) const {
    const auto slot = static_cast<std::uint32_t>(handle);
    if (handle == 0 || slot >= slots_.size() || !slots_[slot].what) return std::nullopt;
    return slots_[slot].generation == static_cast<std::uint32_t>(handle >> 32) ? std::optional(slot) : std::nullopt;
  }
  void release(std::uint32_t slot) {
    slots_[slot].what.reset();
    if (++slots_[slot].generation == 0) slots_[slot].generation = 1;
    free_.push_back(slot);
  }
  void place(std::size_t position, Entry entry) {
    slots_[entry.slot].position = static_cast<std::uint32_t>(position);
    heap_[position] = entry;
  }
  void remove_at(std::size_t position) {
    const Entry last = heap_.back();
    heap_.pop_back();
    if (position == heap_.size()) return;
    place(position, last);
    sift_up(position);
    sift_down(slots_[last.slot].position);
  }
  void sift_up(std::size_t position) {
    const Entry entry = heap_[position];
    while (position > 0) {
      const std::size_t parent = (position - 1) / 4;
      if (!entry.before(heap_[parent])) break;
      place(position, heap_[parent]);
      position = parent;
    }
    place(position, entry);
  }
  void sift_down(std::size_t position) {
    const Entry entry = heap_[position];
    for (;;) {
      const std::size_t first = position * 4 + 1;
      if (first >= heap_.size()) break;
      std::size_t best = first;
      for (std::size_t child = first + 1; child < first + 4 && child < heap_.size(); ++child) {
        if (heap_[child].before(heap_[best])) best = child;
      }
      if (!heap_[best].before(entry)) break;
      place(position, heap_[best]);
      position = best;
    }
    place(position, entry);
  }

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_order_ = 0;
};

}  // namespace longbeat::internal
