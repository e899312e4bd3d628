#include "matching/task_queues.h"

#include <algorithm>
#include <utility>

#include "base/planted.h"
#include "matching/meter.h"
#include "matching/pollers.h"

namespace longbeat::server {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kIdlePoll{1};  // A poll that waited this long was one too many.
constexpr milliseconds kOldBacklog{200};      // Tasks that wait this long want more polls.
constexpr float kOutpaced = 1.2F;             // Or a queue that fills this much faster than it empties.
constexpr milliseconds kBetweenHints{100};    // At most ten wishes for more polls a second, per queue.

struct Level {
  FairLine line;
  Meter added, dispatched;
};

struct ParkedPoll {
  std::uint64_t call;
  TaskQueues::Time since;
};

}  // namespace

struct TaskQueues::Queue {
  std::uint32_t namespace_id = 0;
  std::string name;
  std::array<std::unique_ptr<Level>, kPriorityLevels> levels;
  internal::TimerHeap<std::uint64_t, ParkedPoll> polls;  ///< By order of arrival.
  std::size_t tasks = 0;
  bool touched = false;
  std::uint64_t held_back = 0;  ///< Its entry among the queues that wait for their rate.
  std::uint64_t idle = 0;       ///< Its entry among the queues that may be forgotten.
  Pollers pollers;
  const QueueConfig* config = nullptr;
  std::optional<double> workers_rate;
  RateLimit rate;
  RateSource rate_source = RateSource::kNone;
  Time last_look{};  ///< When it was last considered whether pollers should send more polls.

  Level& level(std::int32_t number) {
    auto& level = levels[static_cast<std::size_t>(number)];
    if (!level) {
      level = std::make_unique<Level>();
      if (config != nullptr && config->fairness_keys_rate_default) {
        level->line.limit_keys(config->fairness_keys_rate_default->requests_per_second);
      }
    }
    return *level;
  }
  double weight_of(std::string_view key, float asked) const {
    if (planted(internal::Bug::kWeightIgnored)) return 1;
    if (config != nullptr && !config->weight_overrides.empty()) {
      const auto found = config->weight_overrides.find(std::string(key));
      if (found != config->weight_overrides.end()) return found->second;
    }
    return asked > 0 ? asked : 1;
  }
  std::optional<Time> oldest() const {
    std::optional<Time> oldest;
    for (const auto& level : levels) {
      const auto first = level ? level->line.oldest() : std::nullopt;
      if (first && (!oldest || *first < *oldest)) oldest = first;
    }
    return oldest;
  }
};

TaskQueues::TaskQueues() = default;
TaskQueues::~TaskQueues() = default;

TaskQueues::Queue& TaskQueues::queue_of(std::uint32_t namespace_id, std::string_view name) {
  const auto found = queues_.find(Key{namespace_id, name});
  if (found != queues_.end()) {
    Queue& queue = *found->second;
    idle_.cancel(std::exchange(queue.idle, 0));
    return queue;
  }
  auto queue = std::make_unique<Queue>();
  queue->namespace_id = namespace_id;
  queue->name = name;
  const Key key{namespace_id, queue->name};
  Queue& added = *queues_.emplace(key, std::move(queue)).first->second;
  if (!configs_.empty()) apply_config(added);
  return added;
}

const TaskQueues::Queue* TaskQueues::find(std::uint32_t namespace_id, std::string_view name) const {
  const auto found = queues_.find(Key{namespace_id, name});
  return found == queues_.end() ? nullptr : found->second.get();
}

void TaskQueues::touch(Queue& queue) {
  if (queue.touched || queue.tasks == 0 || queue.polls.empty()) return;
  queue.touched = true;
  touched_.push_back(&queue);
}

void TaskQueues::rest_if_idle(Queue& queue) {
  if (queue.touched || queue.tasks > 0 || !queue.polls.empty()) return;
  held_back_.cancel(std::exchange(queue.held_back, 0));
  if (queue.idle == 0) queue.idle = idle_.schedule(queue.pollers.last_seen() + Pollers::kRemembered, &queue);
}

void TaskQueues::forget_idle(Time now) {
  for (;;) {
    const auto queue = idle_.pop_due(idle_.size() > kIdleQueuesMax ? Time::max() : now);
    if (!queue) return;
    queues_.erase(queues_.find(Key{(*queue)->namespace_id, (*queue)->name}));
  }
}

TaskQueues::Place TaskQueues::add_task(std::uint32_t namespace_id, std::string_view name, const Task& task, Time now) {
  Queue& queue = queue_of(namespace_id, name);
  const bool unranked = task.priority == 0 || planted(internal::Bug::kPriorityIgnored);
  const std::int32_t level = (unranked ? kDefaultPriority : std::clamp(task.priority, 1, kPriorityLevels)) - 1;
  Level& entered = queue.level(level);
  entered.added.add(now);
  const auto place =
      entered.line.add(task.fairness_key, queue.weight_of(task.fairness_key, task.weight), task.due, task.row, now);
  ++queue.tasks;
  ++tasks_;
  touch(queue);
  return {&queue, place.key, place.handle, static_cast<std::int8_t>(level)};
}

void TaskQueues::remove_task(Place& place) {
  if (!place) return;
  const Place was = std::exchange(place, {});
  if (was.queue->levels[static_cast<std::size_t>(was.level)]->line.remove({was.key, was.handle})) {
    --was.queue->tasks;
    --tasks_;
  }
  rest_if_idle(*was.queue);
}

TaskQueues::Place TaskQueues::park(std::uint32_t namespace_id, std::string_view name, const Poll& poll, Time now) {
  Queue& queue = queue_of(namespace_id, name);
  queue.pollers.seen(poll.identity, poll.worker_key, poll.max_tasks_per_second, now);
  const auto& rate = poll.max_tasks_per_second;
  if (rate && *rate >= 0 && rate != queue.workers_rate) {
    queue.workers_rate = rate;
    apply_rate(queue);
  }
  const auto handle = queue.polls.schedule(next_poll_++, {poll.call, now});
  ++polls_;
  touch(queue);
  return {&queue, nullptr, handle, 0};
}

void TaskQueues::unpark(Place& place) {
  if (!place) return;
  const Place was = std::exchange(place, {});
  if (was.queue->polls.cancel(was.handle)) --polls_;
  rest_if_idle(*was.queue);
}

std::int32_t TaskQueues::poller_delta(Queue& queue, Time parked_at, Time due, Time now) const {
  // What has just come in found a poll that had waited for it: a spare one.
  if (now - parked_at >= kIdlePoll && now - due < kOldBacklog) return -1;
  if (now - queue.last_look < kBetweenHints) return 0;
  queue.last_look = now;
  const auto oldest = queue.oldest();
  bool more = oldest && now - *oldest > kOldBacklog;
  if (!more && queue.tasks > 0) {
    float added = 0, dispatched = 0;
    for (const auto& level : queue.levels) {
      if (!level) continue;
      added += level->added.per_second(now);
      dispatched += level->dispatched.per_second(now);
    }
    more = dispatched > 0 && added > dispatched * kOutpaced;
  }
  return more ? 1 : 0;
}

std::optional<TaskQueues::Match> TaskQueues::match_in(Queue& queue, Time now) {
  Time ready = planted(internal::Bug::kRateIgnored) ? now : queue.rate.ready_at();
  if (ready <= now) {
    ready = Time::max();
    for (auto& level : queue.levels) {
      if (!level || level->line.size() == 0) continue;
      if (const auto task = level->line.take(now)) {
        queue.rate.take(now);
        level->dispatched.add(now);
        --queue.tasks;
        --tasks_;
        --polls_;
        const ParkedPoll poll = *queue.polls.pop_due(~std::uint64_t{0});
        return Match{task->row, poll.call, poller_delta(queue, poll.since, task->due, now)};
      }
      ready = std::min(ready, level->line.ready_at());
    }
  }
  held_back_.cancel(std::exchange(queue.held_back, 0));
  if (ready < Time::max()) queue.held_back = held_back_.schedule(ready, &queue);
  return std::nullopt;
}

std::optional<TaskQueues::Match> TaskQueues::next_match(Time now) {
  while (const auto queue = held_back_.pop_due(now)) {
    (*queue)->held_back = 0;
    touch(**queue);
  }
  for (; next_touched_ < touched_.size(); ++next_touched_) {
    Queue& queue = *touched_[next_touched_];
    if (queue.tasks > 0 && !queue.polls.empty()) {
      if (auto match = match_in(queue, now)) return match;
    }
    queue.touched = false;
    rest_if_idle(queue);
  }
  touched_.clear();
  next_touched_ = 0;
  forget_idle(now);
  return std::nullopt;
}

QueueReport TaskQueues::report(std::uint32_t namespace_id, std::string_view name, Time now) const {
  QueueReport report;
  if (const QueueConfig* set = config(namespace_id, name)) report.config = *set;
  if (const auto& rate = report.config.queue_rate; rate && rate->requests_per_second) {
    report.source = RateSource::kApi;  // Also before anybody has used the queue.
    report.effective_rate = static_cast<float>(*rate->requests_per_second);
  }
  const Queue* queue = find(namespace_id, name);
  if (queue == nullptr) return report;
  report.pollers = queue->pollers.report(now);
  report.source = queue->rate_source;
  if (queue->rate.per_second()) report.effective_rate = static_cast<float>(*queue->rate.per_second());
  for (std::size_t i = 0; i < queue->levels.size(); ++i) {
    if (!queue->levels[i]) continue;
    const Level& level = *queue->levels[i];
    QueueStats stats;
    stats.backlog_count = static_cast<std::int64_t>(level.line.size());
    if (const auto oldest = level.line.oldest()) stats.backlog_age = std::max(now - *oldest, Time::duration(0));
    stats.add_rate = level.added.per_second(now);
    stats.dispatch_rate = level.dispatched.per_second(now);
    stats.rate_limiting_active =
        stats.backlog_count > 0 && (queue->rate.ready_at() > now || level.line.ready_at() > now);
    report.stats.backlog_count += stats.backlog_count;
    report.stats.backlog_age = std::max(report.stats.backlog_age, stats.backlog_age);
    report.stats.add_rate += stats.add_rate;
    report.stats.dispatch_rate += stats.dispatch_rate;
    report.stats.rate_limiting_active |= stats.rate_limiting_active;
    report.by_priority.emplace(static_cast<std::int32_t>(i) + 1, stats);
  }
  return report;
}

void TaskQueues::apply_rate(Queue& queue) {
  const auto set = queue.config != nullptr && queue.config->queue_rate ? queue.config->queue_rate->requests_per_second
                                                                       : std::nullopt;
  if (set) {
    queue.rate_source = RateSource::kApi;
    queue.rate.set(*set);
  } else {
    queue.rate_source = queue.workers_rate ? RateSource::kWorker : RateSource::kNone;
    queue.rate.set(queue.workers_rate);
  }
  held_back_.cancel(std::exchange(queue.held_back, 0));
  touch(queue);
}

void TaskQueues::apply_config(Queue& queue) {
  const auto found = configs_.find({queue.namespace_id, queue.name});
  queue.config = found == configs_.end() ? nullptr : &found->second;
  std::optional<double> key_rate;
  if (queue.config != nullptr && queue.config->fairness_keys_rate_default) {
    key_rate = queue.config->fairness_keys_rate_default->requests_per_second;
  }
  for (const auto& level : queue.levels) {
    if (!level) continue;
    level->line.limit_keys(key_rate);
    if (queue.config == nullptr) continue;
    for (const auto& [key, weight] : queue.config->weight_overrides) level->line.set_weight(key, weight);
  }
  apply_rate(queue);
}

void TaskQueues::configure(std::uint32_t namespace_id, std::string_view name, QueueConfig config, Time) {
  ConfigKey key{namespace_id, std::string(name)};
  const auto found = queues_.find(Key{namespace_id, name});
  if (found != queues_.end()) found->second->config = nullptr;
  if (config == QueueConfig{}) {
    configs_.erase(key);
  } else {
    configs_[std::move(key)] = std::move(config);
  }
  if (found != queues_.end()) apply_config(*found->second);
}

const QueueConfig* TaskQueues::config(std::uint32_t namespace_id, std::string_view name) const {
  const auto found = configs_.find({namespace_id, std::string(name)});
  return found == configs_.end() ? nullptr : &found->second;
}

void TaskQueues::forget_worker(std::uint32_t namespace_id, std::string_view name, std::string_view worker_key) {
  const auto found = queues_.find(Key{namespace_id, name});
  if (found != queues_.end()) found->second->pollers.forget_worker(worker_key);
}

}  // namespace longbeat::server
