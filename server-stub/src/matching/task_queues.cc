#include "matching/task_queues.h"

#include <algorithm>
#include <utility>

namespace longbeat::server {

struct TaskQueues::Queue {
  std::uint32_t namespace_id = 0;
  std::string name;
  /// One line per priority level; within it tasks by due time, ties in order of arrival.
  std::array<internal::TimerHeap<Time, std::uint64_t>, kPriorityLevels> levels;
  internal::TimerHeap<std::uint64_t, std::uint64_t> polls;  ///< By order of arrival.
  std::size_t tasks = 0;
  bool touched = false;
};

TaskQueues::TaskQueues() = default;
TaskQueues::~TaskQueues() = default;

TaskQueues::Queue& TaskQueues::queue_of(std::uint32_t namespace_id, std::string_view name) {
  const auto found = queues_.find(Key{namespace_id, name});
  if (found != queues_.end()) return *found->second;
  auto queue = std::make_unique<Queue>();
  queue->namespace_id = namespace_id;
  queue->name = name;
  const Key key{namespace_id, queue->name};
  return *queues_.emplace(key, std::move(queue)).first->second;
}

void TaskQueues::touch(Queue& queue) {
  if (queue.touched || queue.tasks == 0 || queue.polls.empty()) return;
  queue.touched = true;
  touched_.push_back(&queue);
}

void TaskQueues::drop_if_empty(Queue& queue) {
  if (queue.touched || queue.tasks > 0 || !queue.polls.empty()) return;
  queues_.erase(queues_.find(Key{queue.namespace_id, queue.name}));
}

TaskQueues::Place TaskQueues::add_task(std::uint32_t namespace_id, std::string_view name, std::int32_t priority,
                                       Time due, std::uint64_t row) {
  Queue& queue = queue_of(namespace_id, name);
  const std::int32_t level = (priority == 0 ? kDefaultPriority : std::clamp(priority, 1, kPriorityLevels)) - 1;
  const auto handle = queue.levels[static_cast<std::size_t>(level)].schedule(due, row);
  ++queue.tasks;
  ++tasks_;
  touch(queue);
  return {&queue, handle, static_cast<std::int8_t>(level)};
}

void TaskQueues::remove_task(Place& place) {
  if (!place) return;
  const Place was = std::exchange(place, {});
  if (was.queue->levels[static_cast<std::size_t>(was.level)].cancel(was.handle)) {
    --was.queue->tasks;
    --tasks_;
  }
  drop_if_empty(*was.queue);
}

TaskQueues::Place TaskQueues::park(std::uint32_t namespace_id, std::string_view name, std::uint64_t call) {
  Queue& queue = queue_of(namespace_id, name);
  const auto handle = queue.polls.schedule(next_poll_++, call);
  ++polls_;
  touch(queue);
  return {&queue, handle, 0};
}

void TaskQueues::unpark(Place& place) {
  if (!place) return;
  const Place was = std::exchange(place, {});
  if (was.queue->polls.cancel(was.handle)) --polls_;
  drop_if_empty(*was.queue);
}

std::optional<TaskQueues::Match> TaskQueues::next_match() {
  for (; next_touched_ < touched_.size(); ++next_touched_) {
    Queue& queue = *touched_[next_touched_];
    if (queue.tasks > 0 && !queue.polls.empty()) {
      Match match;
      for (auto& level : queue.levels) {
        if (auto row = level.pop_due(Time::max())) {
          match.row = *row;
          break;
        }
      }
      match.call = *queue.polls.pop_due(~std::uint64_t{0});
      --queue.tasks;
      --tasks_;
      --polls_;
      return match;
    }
    queue.touched = false;
    drop_if_empty(queue);
  }
  touched_.clear();
  next_touched_ = 0;
  return std::nullopt;
}

}  // namespace longbeat::server
