#include "workers/commands.h"

#include <algorithm>

namespace longbeat::server {

struct ControlQueue {
  std::uint32_t namespace_id = 0;
  std::deque<WorkerCommands::Command> pending{};  ///< The one that will have waited too long first is in front.
  std::deque<std::uint64_t> polls{};              ///< By order of arrival.
  std::uint64_t timer = 0;                        ///< Of the pending ones; armed while there are any.
  bool touched = false;
};

WorkerCommands::Queue WorkerCommands::queue(std::uint32_t namespace_id, std::string_view name) {
  if (queues_.size() >= look_for_unused_at_) forget_unused();
  Queue& queue = queues_[{namespace_id, std::string(name)}];
  if (!queue) {
    queue = std::make_shared<ControlQueue>();
    queue->namespace_id = namespace_id;
  }
  return queue;
}

void WorkerCommands::forget_unused() {
  // Polls, attempts, timers and batches each hold their queue.
  std::erase_if(queues_, [](const auto& entry) { return entry.second.use_count() == 1; });
  look_for_unused_at_ = std::max<std::size_t>(64, 2 * queues_.size());
}

void WorkerCommands::tell(const Queue& queue, std::string task_token, Time now) {
  const auto same = [&](const Command& command) { return command.task_token == task_token; };
  if (std::ranges::any_of(queue->pending, same)) return;
  wait_for_poll(queue, {std::move(task_token), now, {}, 0}, now);
}

void WorkerCommands::wait_for_poll(const Queue& queue, Command command, Time now) {
  command.until = now + kPatience;
  queue->pending.push_back(std::move(command));
  if (queue->pending.size() > kPendingMax) {
    queue->pending.pop_front();
    ++given_up_;
  }
  if (queue->timer == 0) queue->timer = timers_.schedule(queue->pending.front().until, {queue, 0});
  touch(queue);
}

void WorkerCommands::touch(const Queue& queue) {
  if (queue->touched || queue->pending.empty() || queue->polls.empty()) return;
  queue->touched = true;
  touched_.push_back(queue);
}

void WorkerCommands::park(const Queue& queue, std::uint64_t call) {
  queue->polls.push_back(call);
  touch(queue);
}

void WorkerCommands::unpark(const Queue& queue, std::uint64_t call) {
  std::erase(queue->polls, call);
}

void WorkerCommands::try_again(Batch batch, Time now) {
  for (Command& command : batch.commands) {
    if (command.tries >= kTriesMax) {
      ++given_up_;
    } else {
      wait_for_poll(batch.queue, std::move(command), now);
    }
  }
}

void WorkerCommands::expire(const Due& due, Time now) {
  if (due.number != 0) {
    auto sent = sent_.extract(due.number);
    return try_again(std::move(sent.mapped()), now);
  }
  ControlQueue& queue = *due.queue;
  queue.timer = 0;
  while (!queue.pending.empty() && queue.pending.front().until <= now) {
    queue.pending.pop_front();
    ++given_up_;
  }
  if (!queue.pending.empty()) queue.timer = timers_.schedule(queue.pending.front().until, {due.queue, 0});
}

WorkerCommands::Delivery WorkerCommands::deliver(const Queue& queue, Time now) {
  Delivery delivery;
  delivery.number = ++last_number_;
  delivery.call = queue->polls.front();
  queue->polls.pop_front();
  delivery.scheduled_time = now;
  Batch batch{queue, {}, timers_.schedule(now + kPatience, {queue, delivery.number})};
  while (!queue->pending.empty() && batch.commands.size() < kPerDeliveryMax) {
    Command& command = batch.commands.emplace_back(std::move(queue->pending.front()));
    queue->pending.pop_front();
    ++command.tries;
    delivery.scheduled_time = std::min(delivery.scheduled_time, command.told);
    delivery.task_tokens.push_back(command.task_token);
  }
  if (queue->pending.empty()) timers_.cancel(std::exchange(queue->timer, 0));
  sent_.emplace(delivery.number, std::move(batch));
  return delivery;
}

std::optional<WorkerCommands::Delivery> WorkerCommands::next_delivery(Time now) {
  while (const auto due = timers_.pop_due(now)) expire(*due, now);
  while (!touched_.empty()) {
    const Queue queue = touched_.front();
    if (!queue->pending.empty() && !queue->polls.empty()) return deliver(queue, now);
    queue->touched = false;
    touched_.pop_front();
  }
  return std::nullopt;
}

WorkerCommands::Settled WorkerCommands::settle(std::uint32_t namespace_id, std::uint64_t number, bool failed,
                                               Time now) {
  const auto found = sent_.find(number);
  if (found == sent_.end()) return Settled::kUnknown;
  if (found->second.queue->namespace_id != namespace_id) return Settled::kOfAnotherNamespace;
  Batch batch = std::move(found->second);
  sent_.erase(found);
  timers_.cancel(batch.timer);
  if (failed) try_again(std::move(batch), now);
  return Settled::kDone;
}

}  // namespace longbeat::server
