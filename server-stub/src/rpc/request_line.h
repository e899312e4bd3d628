#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "engine/engine.h"

namespace longbeat::server {

/// Requests that have come in and wait for their turn. What work that has been done already depends on (reports,
/// heartbeats, polls) goes first; what would bring new work gets one turn in sixteen while there is anything else. How
/// long that waits shows whether the server keeps up: everything that lies in the sockets is read into this line first.
template <class Call>
class RequestLine {
 public:
  void add(Call& call, bool brings_work) { (brings_work ? new_work_ : urgent_).push_back(&call); }

  /// Takes the next one out; null when there is none.
  Call* next() {
    const bool turn_of_new = urgent_.empty() || urgent_in_a_row_ >= kUrgentInARow;
    auto& line = turn_of_new && !new_work_.empty() ? new_work_ : urgent_;
    if (line.empty()) return nullptr;
    urgent_in_a_row_ = &line == &new_work_ ? 0 : urgent_in_a_row_ + 1;
    Call* call = line.front();
    line.pop_front();
    return call;
  }

  std::size_t new_work() const { return new_work_.size(); }
  bool empty() const { return urgent_.empty() && new_work_.empty(); }
  bool has_urgent() const { return !urgent_.empty(); }
  std::size_t size() const { return urgent_.size() + new_work_.size(); }

 private:
  static constexpr std::size_t kUrgentInARow = 15;
  std::deque<Call*> urgent_{}, new_work_{};
  std::size_t urgent_in_a_row_ = 0;
};

/// Whether new work is refused because it would wait too long: what waits already, times what each of them has taken
/// lately. So as much is let in as gets done.
class Shedding {
 public:
  explicit Shedding(Duration delay_max) : delay_max_(delay_max) {}

  /// Some were served at `now`, so many of them new work, of which some still wait or not.
  void served(std::size_t new_work, bool more_wait, Time now) {
    if (!more_wait) {
      each_takes_ /= 2;  // There is time: a slow moment is soon forgotten.
    } else if (waited_) {
      each_takes_ =
          (3 * each_takes_ + (now - last_) / std::max<std::int64_t>(1, static_cast<std::int64_t>(new_work))) / 4;
    }
    waited_ = more_wait;
    last_ = now;
  }
  /// Of an arrival that finds so many before it.
  bool refuses(std::size_t waiting) const { return each_takes_ > delay_max_ / static_cast<std::int64_t>(waiting + 1); }

 private:
  Duration delay_max_;
  Duration each_takes_{0};
  Time last_{};
  bool waited_ = false;  ///< some have waited since `last_`
};

}  // namespace longbeat::server
