#pragma once
#include <cstddef>
#include <deque>

#include "engine/engine.h"

namespace longbeat::server {

/// Requests that have come in and wait for their turn. What work that has been done already depends on (reports,
/// heartbeats, polls) goes first; what would bring new work gets one turn in sixteen while there is anything else. How
/// long that waits shows whether the server keeps up: everything that lies in the sockets is read into this line first.
template <class Call>
class RequestLine {
 public:
  void add_urgent(Call& call) { urgent_.push_back(&call); }
  void add_new_work(Call& call, Time now) { new_work_.push_back({&call, now}); }

  /// Takes the next one out; null when there is none.
  Call* next() {
    const bool turn_of_new = urgent_.empty() || urgent_in_a_row_ >= kUrgentInARow;
    if (turn_of_new && !new_work_.empty()) {
      urgent_in_a_row_ = 0;
      return taken(new_work_).call;
    }
    if (urgent_.empty()) return nullptr;
    ++urgent_in_a_row_;
    return taken(urgent_);
  }

  /// For how long the first of those that bring new work has waited; zero when there is none.
  Duration longest_wait(Time now) const { return new_work_.empty() ? Duration(0) : now - new_work_.front().since; }
  bool empty() const { return urgent_.empty() && new_work_.empty(); }
  bool has_urgent() const { return !urgent_.empty(); }
  std::size_t size() const { return urgent_.size() + new_work_.size(); }

 private:
  struct NewWork {
    Call* call = nullptr;
    Time since{};
  };
  template <class Entry>
  static Entry taken(std::deque<Entry>& line) {
    const Entry entry = line.front();
    line.pop_front();
    return entry;
  }

  static constexpr std::size_t kUrgentInARow = 15;
  std::deque<Call*> urgent_{};
  std::deque<NewWork> new_work_{};
  std::size_t urgent_in_a_row_ = 0;
};

}  // namespace longbeat::server
