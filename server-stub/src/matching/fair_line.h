#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/timer_heap.h"
#include "matching/rate_limit.h"

namespace longbeat::server {

/// The tasks of one priority level. Fairness keys share it by weight; the tasks of one key go by due time, ties in
/// order of arrival. Tasks without a key count as one key. Start-time fair queuing: each key carries the virtual time
/// of its next task, serving one moves it on by 1/weight, and the smallest goes first.
class FairLine {
 public:
  using Time = internal::WallTime;
  static constexpr double kWeightMin = 0.001;
  static constexpr double kWeightMax = 1000;
  /// Keys without tasks that are remembered, for the rate or the share that they have used up.
  static constexpr std::size_t kRestingMax = 10'000;

  struct Key {
    /// Which of the sets below it is in; in none while it is the only key.
    enum class Spot : std::int8_t { kNone, kReady, kHeld, kResting };
    const std::string* name = nullptr;  ///< as the table of keys holds it
    double weight = 1;
    double pass = 0;          ///< virtual time of its next task
    std::uint64_t order = 0;  ///< of its arrival: decides between equals
    RateLimit rate{};
    Time held_until{};  ///< what it stands under among those held
    Spot spot = Spot::kNone;
    internal::TimerHeap<Time, std::uint64_t> tasks{};
  };
  /// Where one task waits.
  struct Place {
    Key* key = nullptr;
    std::uint64_t handle = 0;
  };

  /// The latest weight of a key counts, at least kWeightMin and at most kWeightMax. O(log n); no set is kept while
  /// there is one key only.
  Place add(std::string_view key, double weight, Time due, std::uint64_t row, Time now);
  /// False when the task is gone already.
  bool remove(const Place& place);

  struct Taken {
    std::uint64_t row = 0;
    Time due{};
  };
  /// Takes the next task that may go at `now`; nothing when there is none, or when every key has to wait.
  std::optional<Taken> take(Time now);
  /// After a take() that gave nothing: from when on it may give one; the end of time when nothing waits.
  Time ready_at() const;

  /// The rate of a key is this times its weight. No value: none.
  void limit_keys(std::optional<double> per_second);
  /// A new weight for this key, if it is known.
  void set_weight(std::string_view key, double weight);

  std::size_t size() const { return size_; }
  std::size_t keys() const { return keys_.size(); }
  std::optional<Time> oldest() const;

 private:
  struct ByPass {
    double pass;
    std::uint64_t order;
    Key* key;
    bool operator<(const ByPass& other) const { return pass != other.pass ? pass < other.pass : order < other.order; }
  };
  struct ByTime {
    Time at;
    std::uint64_t order;
    Key* key;
    bool operator<(const ByTime& other) const { return at != other.at ? at < other.at : order < other.order; }
  };

  Key& key_of(std::string_view name, double weight, Time now);
  bool fair() const { return keys_.size() > 1; }
  void reweigh(Key& key, double weight);
  void set_rate(Key& key);
  /// Puts the key into this set, out of the one it is in.
  void move(Key& key, Key::Spot spot);
  Taken serve(Key& key, Time now);
  /// A key without tasks may be forgotten once the others have come as far as it was and its rate lets it go again.
  void forget_past(Time now);

  std::map<std::string, Key, std::less<>> keys_;
  std::set<ByPass> ready_;    ///< Keys that have tasks.
  std::set<ByTime> held_;     ///< Keys that have tasks, but not before a certain time, for their rate.
  std::set<ByPass> resting_;  ///< Keys that have none, but got more than their share, or used up their rate.
  double virtual_time_ = 0;
  std::optional<double> key_rate_{};
  std::uint64_t next_order_ = 0;
  std::size_t size_ = 0;
};

}  // namespace longbeat::server
