#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "matching/queue_report.h"

namespace longbeat::server {

/// Who has polled one task queue lately: remembered for five minutes, at most `kMost` of them.
class Pollers {
 public:
  using Time = internal::WallTime;
  static constexpr std::chrono::minutes kRemembered{5};
  static constexpr std::size_t kMost = 1000;

  void seen(std::string_view identity, std::string_view worker_key, std::optional<double> rate, Time now);
  /// The worker has said that it stops.
  void forget_worker(std::string_view worker_key);
  /// One entry an identity, latest first.
  std::vector<PollerSeen> report(Time now) const;
  Time last_seen() const { return last_seen_; }

 private:
  /// Identity and worker instance key: workers of one process may share the identity, and stop one by one.
  template <class Text>
  using Key = std::pair<Text, Text>;
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const Key<A>& a, const Key<B>& b) const {
      return a.first != b.first ? a.first < b.first : a.second < b.second;
    }
  };
  struct Poller {
    Time last{};
    double rate = 0;
  };
  std::map<Key<std::string>, Poller, Less> pollers_;
  Time last_seen_{};
};

}  // namespace longbeat::server
