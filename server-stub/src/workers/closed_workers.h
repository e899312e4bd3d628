#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "request/queue_requests.h"

namespace longbeat::server {

/// A set of task queue types.
class QueueTypes {
 public:
  /// As a request lists them; none, or UNSPECIFIED among them: all. Unknown numbers count for nothing.
  static QueueTypes of(const std::vector<std::int32_t>& types);
  static QueueTypes all() { return QueueTypes(0xff); }
  static QueueTypes one(QueueType type) { return QueueTypes(bit(type)); }
  bool has(QueueType type) const { return (bits_ & bit(type)) != 0; }

 private:
  explicit QueueTypes(std::uint8_t bits) : bits_(bits) {}
  static std::uint8_t bit(QueueType type) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(type)); }
  std::uint8_t bits_ = 0;
};

/// Workers that have said that they stop: what they still poll for they get no more. Remembered for some minutes, which
/// outlives any poll that was on its way. Plain data; `now` never goes back.
class ClosedWorkers {
 public:
  using Time = internal::WallTime;
  struct Limits {
    std::size_t workers_max = 10'000;  ///< beyond it whoever stopped first is forgotten
    std::chrono::nanoseconds remembered = std::chrono::minutes(10);
  };

  ClosedWorkers() : ClosedWorkers(Limits{}) {}
  explicit ClosedWorkers(Limits limits) : limits_(limits) {}

  /// `task_queue` empty: every one. A worker may close several one by one.
  void close(std::uint32_t namespace_id, std::string_view worker_key, std::string_view task_queue, QueueTypes types,
             Time now);
  bool is_closed(std::uint32_t namespace_id, std::string_view worker_key, std::string_view task_queue, QueueType type,
                 Time now) const;

  std::size_t size() const { return workers_.size(); }

 private:
  template <class Text>
  using Key = std::pair<std::uint32_t, Text>;
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const Key<A>& a, const Key<B>& b) const {
      return a.first != b.first ? a.first < b.first : a.second < b.second;
    }
  };
  struct Scope {
    std::string task_queue{};
    QueueTypes types;
  };
  struct Entry {
    std::vector<Scope> scopes{};
    Time at{};
    std::list<const Key<std::string>*>::iterator turn{};
  };

  Limits limits_;
  std::map<Key<std::string>, Entry, Less> workers_;
  std::list<const Key<std::string>*> turns_;  ///< Whoever stopped first comes first.
};

}  // namespace longbeat::server
