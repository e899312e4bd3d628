#pragma once
#include <algorithm>
#include <cstdint>

namespace longbeat::internal {

/// Room for running attempts. A poll takes a slot before it asks; an attempt keeps it until the function has returned
/// and its report is settled. An answer with several tasks may overfill; then nothing is polled until room is back.
/// Pure.
class Slots {
 public:
  Slots(std::int64_t total, std::int64_t polls_max) : total_(total), polls_max_(polls_max) {}

  bool may_poll() const { return polls_ < polls_max_ && polls_ + used_ < total_; }
  void poll_opened() { ++polls_; }
  void poll_ended() { --polls_; }
  void attempt_started() { ++used_; }
  void attempt_settled() { --used_; }

  std::int64_t total() const { return total_; }
  std::int64_t used() const { return used_; }
  std::int64_t polls() const { return polls_; }

 private:
  std::int64_t total_, polls_max_;
  std::int64_t used_ = 0, polls_ = 0;
};

}  // namespace longbeat::internal
