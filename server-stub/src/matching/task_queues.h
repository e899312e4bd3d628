#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/timer_heap.h"

namespace longbeat::server {

/// Tasks that are due and polls that wait, by task queue. Plain data: no clock, no thread, no I/O. Within a queue the
/// lowest priority number goes first, and inside one number the task that has been due longest; polls are served in
/// order of arrival. A queue exists as long as something waits in it.
class TaskQueues {
 public:
  using Time = internal::WallTime;
  static constexpr std::int32_t kPriorityLevels = 5;
  static constexpr std::int32_t kDefaultPriority = 3;

  struct Queue;

  /// Where a task or poll waits; default-constructed: nowhere.
  struct Place {
    Queue* queue = nullptr;
    std::uint64_t handle = 0;
    std::int8_t level = 0;
    explicit operator bool() const { return queue != nullptr; }
  };

  struct Match {
    std::uint64_t row = 0;   ///< of the activity
    std::uint64_t call = 0;  ///< of the poll
  };

  TaskQueues();
  ~TaskQueues();
  TaskQueues(const TaskQueues&) = delete;
  TaskQueues& operator=(const TaskQueues&) = delete;

  /// The activity's task is due since `due`. `priority` outside 1..5 means the default or the nearest. O(log n).
  [[nodiscard]] Place add_task(std::uint32_t namespace_id, std::string_view queue, std::int32_t priority, Time due,
                               std::uint64_t row);
  /// Withdraws the task and empties `place`; does nothing for an empty place.
  void remove_task(Place& place);

  [[nodiscard]] Place park(std::uint32_t namespace_id, std::string_view queue, std::uint64_t call);
  void unpark(Place& place);

  /// Takes the next task and the poll that gets it out of their queue; nothing when no queue has both. The caller
  /// forgets both places.
  std::optional<Match> next_match();

  std::size_t tasks() const { return tasks_; }
  std::size_t polls() const { return polls_; }
  std::size_t queues() const { return queues_.size(); }

 private:
  struct Key {
    std::uint32_t namespace_id;
    std::string_view name;  ///< Points into the queue itself, or to the caller's text while looking up.
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::string_view>()(key.name) ^ (std::size_t{key.namespace_id} * 0x9e3779b97f4a7c15ULL);
    }
  };

  Queue& queue_of(std::uint32_t namespace_id, std::string_view name);
  void touch(Queue& queue);
  void drop_if_empty(Queue& queue);

  std::unordered_map<Key, std::unique_ptr<Queue>, KeyHash> queues_;
  std::vector<Queue*> touched_;  ///< May hold a pair; in order of the change that made it so.
  std::size_t next_touched_ = 0;
  std::uint64_t next_poll_ = 0;
  std::size_t tasks_ = 0;
  std::size_t polls_ = 0;
};

}  // namespace longbeat::server
