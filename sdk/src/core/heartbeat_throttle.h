#pragma once
#include <algorithm>
#include <optional>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"

namespace longbeat::internal {

/// How long one send of a heartbeat takes at most, because the next waits for it, and at least.
inline constexpr std::chrono::nanoseconds kLongestBeat = std::chrono::seconds(2),
                                          kShortestBeat = std::chrono::milliseconds(20);

/// When the next heartbeat of one attempt may leave. Pure: it knows nothing of the details. One send at a time.
class HeartbeatThrottle {
 public:
  using Duration = std::chrono::nanoseconds;

  /// `heartbeat_timeout` zero: none is set.
  explicit HeartbeatThrottle(Duration heartbeat_timeout)
      : interval_(interval_for(heartbeat_timeout)),
        backoff_(backoff_for(heartbeat_timeout)),
        unreachable_(unreachable_for(heartbeat_timeout)) {}

  /// Pause between two sends.
  static Duration interval_for(Duration heartbeat_timeout) {
    if (heartbeat_timeout <= Duration::zero()) return std::chrono::seconds(30);
    return std::min<Duration>(heartbeat_timeout / 10 * 8, std::chrono::seconds(60));  // 20 % are left for a slow send.
  }

  /// How long a send waits for the newest details to be encoded before older ones go out.
  static Duration encode_patience(Duration heartbeat_timeout) {
    if (heartbeat_timeout <= Duration::zero()) return std::chrono::milliseconds(500);
    return std::clamp<Duration>(heartbeat_timeout / 20, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
  }

  /// Something wants to be sent when the interval allows it.
  void request() { wanted_ = true; }
  /// Something must be sent at once, whatever the interval says.
  void request_now() { wanted_ = urgent_ = true; }

  /// Nothing wants to be sent any more.
  void withdraw() { wanted_ = urgent_ = false; }

  /// When the wanted send may leave; nothing while none is wanted or one is under way.
  std::optional<TimePoint> due() const {
    if (!wanted_ || in_flight_) return std::nullopt;
    if (urgent_) return TimePoint::min();
    return std::max(next_send_, retry_at_);
  }
  /// True when a value that comes now would leave at once: who puts one must then wake the loop.
  bool open(TimePoint now) const { return !in_flight_ && now >= next_send_ && now >= retry_at_; }
  /// When it opens by itself, as far as that is known.
  TimePoint opens_at() const { return std::max(next_send_, retry_at_); }
  bool wanted() const { return wanted_; }
  bool in_flight() const { return in_flight_; }

  /// The interval counts from here. A beat of the worker's own does not delay the activity's first one.
  void sent(TimePoint now, bool counts = true) {
    in_flight_ = true;
    wanted_ = urgent_ = false;
    if (counts) next_send_ = now + interval_;
  }
  void acknowledged() {
    in_flight_ = false;
    backoff_.reset();
    retry_at_ = TimePoint::min();
  }
  /// The send failed: it is wanted again, after a pause that fits several times into the lease. `unreachable`: nobody
  /// took it, so trying again costs no server anything.
  void failed(TimePoint now, Random& random, bool unreachable = false) {
    in_flight_ = false;
    wanted_ = true;
    next_send_ = TimePoint::min();
    retry_at_ = now + (unreachable ? unreachable_ : backoff_).next(random);
  }

 private:
  static BackoffPolicy backoff_for(Duration timeout) {
    BackoffPolicy policy;
    if (timeout > Duration::zero()) {
      policy.initial = std::clamp<Duration>(timeout / 50, std::chrono::milliseconds(5), std::chrono::milliseconds(100));
      policy.maximum = std::clamp<Duration>(timeout / 8, policy.initial, std::chrono::seconds(5));
    }
    return policy;
  }
  /// A beat that is due when the server goes away has 15 % of the timeout until the lease's margin. A restart may take
  /// ten of them; then one try notices that the server is back, and the next gets through.
  static BackoffPolicy unreachable_for(Duration timeout) {
    if (timeout <= Duration::zero()) return backoff_for(timeout);
    BackoffPolicy policy;
    policy.initial = policy.maximum =
        std::clamp<Duration>(timeout / 60, std::chrono::milliseconds(5), std::chrono::seconds(1));
    return policy;
  }

  Duration interval_;
  Backoff backoff_, unreachable_;
  TimePoint next_send_ = TimePoint::min();
  TimePoint retry_at_ = TimePoint::min();
  bool wanted_ = false, urgent_ = false, in_flight_ = false;
};

}  // namespace longbeat::internal
