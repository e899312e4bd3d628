#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>

#include "base/clock.h"

namespace longbeat::server {

/// What each namespace uses of what it may: calls a second, long polls, open activities. Plain data; `now` is told.
class NamespaceUse {
 public:
  using Time = internal::WallTime;
  static constexpr std::size_t kPollKinds = 8;
  enum class Rate : std::uint8_t { kCalls, kVisibility };

  /// One more call now, or false: the rate is spent. A second's worth may come at once after a silence. 0: no limit.
  bool take(std::uint32_t namespace_id, Rate rate, double per_second, Time now) {
    if (!(per_second > 0)) return true;
    return spaces_[namespace_id].rates[static_cast<std::size_t>(rate)].take(per_second, now);
  }

  std::size_t polls(std::uint32_t namespace_id, std::size_t kind) const {
    const auto found = spaces_.find(namespace_id);
    return found == spaces_.end() ? 0 : found->second.polls[kind];
  }
  void poll_began(std::uint32_t namespace_id, std::size_t kind) { ++spaces_[namespace_id].polls[kind]; }
  void poll_ended(std::uint32_t namespace_id, std::size_t kind) {
    const auto found = spaces_.find(namespace_id);
    if (found != spaces_.end() && found->second.polls[kind] > 0) --found->second.polls[kind];
  }

  std::size_t open(std::uint32_t namespace_id) const {
    const auto found = spaces_.find(namespace_id);
    return found == spaces_.end() ? 0 : found->second.open;
  }
  void opened(std::uint32_t namespace_id) { ++spaces_[namespace_id].open; }
  void closed(std::uint32_t namespace_id) {
    const auto found = spaces_.find(namespace_id);
    if (found != spaces_.end() && found->second.open > 0) --found->second.open;
  }

  void forget(std::uint32_t namespace_id) { spaces_.erase(namespace_id); }
  void clear() { spaces_.clear(); }

 private:
  struct Bucket {
    Time next = Time::min();
    bool take(double per_second, Time now) {
      using std::chrono::nanoseconds;
      constexpr double kSecond = 1e9;
      const nanoseconds interval(static_cast<std::int64_t>(std::min(kSecond / per_second, 3600 * kSecond)));
      const nanoseconds credit = std::max(nanoseconds(0), std::chrono::seconds(1) - interval);
      const Time turn = std::max(next, now - credit);
      if (turn > now) return false;
      next = turn + interval;
      return true;
    }
  };
  struct Space {
    std::array<Bucket, 2> rates{};
    std::array<std::size_t, kPollKinds> polls{};
    std::size_t open = 0;
  };
  std::unordered_map<std::uint32_t, Space> spaces_;
};

}  // namespace longbeat::server
