#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/timer_heap.h"
#include "matching/fair_line.h"
#include "matching/queue_report.h"

namespace longbeat::server {

/// Tasks that are due and polls that wait, by task queue. Plain data: no clock, no thread, no I/O. Within a queue the
/// lowest priority number goes first, inside one number fairness keys share by weight, and the tasks of one key go by
/// due time; polls are served in order of arrival. A queue is remembered for some minutes after its last poll, for who
/// asks about its pollers.
class TaskQueues {
 public:
  using Time = internal::WallTime;
  static constexpr std::int32_t kPriorityLevels = 5;
  static constexpr std::int32_t kDefaultPriority = 3;
  static constexpr std::size_t kIdleQueuesMax = 100'000;

  struct Queue;

  /// Where a task or poll waits; default-constructed: nowhere.
  struct Place {
    Queue* queue = nullptr;
    FairLine::Key* key = nullptr;  ///< of a task
    std::uint64_t handle = 0;
    std::int8_t level = 0;
    explicit operator bool() const { return queue != nullptr; }
  };

  struct Task {
    std::uint64_t row = 0;      ///< of the activity
    std::int32_t priority = 0;  ///< outside 1..5: the default, or the nearest
    std::string_view fairness_key{};
    float weight = 0;  ///< not above 0: 1; kept within 0.001 and 1000
    Time due{};
  };
  struct Poll {
    std::uint64_t call = 0;
    std::string_view identity{}, worker_key{};
    /// The worker's wish for the whole queue; 0: no tasks at all; less, or not a number: none.
    std::optional<double> max_tasks_per_second{};
  };
  struct Match {
    std::uint64_t row = 0;   ///< of the activity
    std::uint64_t call = 0;  ///< of the poll
    /// How many polls more or less the poller should keep open, as far as this match can tell; 0: no idea.
    std::int32_t poller_delta = 0;
  };

  TaskQueues();
  ~TaskQueues();
  TaskQueues(const TaskQueues&) = delete;
  TaskQueues& operator=(const TaskQueues&) = delete;

  /// The activity's task is due. O(log n).
  [[nodiscard]] Place add_task(std::uint32_t namespace_id, std::string_view queue, const Task& task, Time now);
  /// Withdraws the task and empties `place`; does nothing for an empty place.
  void remove_task(Place& place);

  [[nodiscard]] Place park(std::uint32_t namespace_id, std::string_view queue, const Poll& poll, Time now);
  void unpark(Place& place);

  /// Takes the next task and the poll that gets it out of their queue; nothing when no queue has both and may hand out.
  /// The caller forgets both places.
  std::optional<Match> next_match(Time now);
  /// When a queue that holds back for its rate may hand out again.
  std::optional<Time> next_ready() const { return held_back_.next_deadline(); }

  QueueReport report(std::uint32_t namespace_id, std::string_view queue, Time now) const;
  /// Takes effect at once. An empty configuration forgets it.
  void configure(std::uint32_t namespace_id, std::string_view queue, QueueConfig config, Time now);
  /// What was configured; null: nothing.
  const QueueConfig* config(std::uint32_t namespace_id, std::string_view queue) const;
  /// A worker that stops is no poller any more.
  void forget_worker(std::uint32_t namespace_id, std::string_view queue, std::string_view worker_key);

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
  using ConfigKey = std::pair<std::uint32_t, std::string>;

  Queue& queue_of(std::uint32_t namespace_id, std::string_view name);
  const Queue* find(std::uint32_t namespace_id, std::string_view name) const;
  void apply_config(Queue& queue);
  void apply_rate(Queue& queue);
  void touch(Queue& queue);
  void rest_if_idle(Queue& queue);
  void forget_idle(Time now);
  std::optional<Match> match_in(Queue& queue, Time now);
  std::int32_t poller_delta(Queue& queue, Time parked_at, Time due, Time now) const;

  std::unordered_map<Key, std::unique_ptr<Queue>, KeyHash> queues_;
  std::map<ConfigKey, QueueConfig> configs_;
  std::vector<Queue*> touched_;  ///< May hold a pair; in order of the change that made it so.
  std::size_t next_touched_ = 0;
  internal::TimerHeap<Time, Queue*> held_back_;  ///< Queues with a pair that their rate does not let go yet.
  internal::TimerHeap<Time, Queue*> idle_;       ///< Queues without tasks and polls, by when they may be forgotten.
  std::uint64_t next_poll_ = 0;
  std::size_t tasks_ = 0;
  std::size_t polls_ = 0;
};

}  // namespace longbeat::server
