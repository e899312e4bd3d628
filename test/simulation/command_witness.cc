#include "simulation/command_witness.h"

#include <algorithm>

namespace longbeat::simulation {

using namespace std::chrono_literals;
using server::Reply;
using server::StatusOr;

namespace {
constexpr Nanoseconds kPatience = 10s;
constexpr Nanoseconds kFrozen = 10s;  ///< The server may stand still so long.
constexpr int kTriesMax = 3;
}  // namespace

void CommandWitness::answered(const server::Request& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (!reply || commit_failed) return;
  if (const auto* poll = std::get_if<server::PollTaskRequest>(&request)) {
    const auto& task = std::get<server::PollTaskReply>(*reply);
    if (task.token.empty() || poll->worker_control_task_queue.empty()) return;
    held_[task.token] = {{poll->namespace_name, poll->worker_control_task_queue}, task.input->activity_id.str()};
  } else if (const auto* cancel = std::get_if<server::CancelRequest>(&request)) {
    canceled(*cancel);
  } else if (const auto* listens = std::get_if<server::PollCommandsRequest>(&request)) {
    if (const auto* commands = std::get_if<server::CommandsReply>(&*reply)) told(*listens, *commands);
  } else if (const auto* done = std::get_if<server::CommandsDoneRequest>(&request)) {
    auto batch = sent_.extract(done->token);
    if (!batch.empty() && done->failed) again(std::move(batch.mapped()));
  }
}

void CommandWitness::canceled(const server::CancelRequest& request) {
  for (const auto& [token, held] : held_) {
    if (held.queue.first != request.run.namespace_name || held.id != request.run.activity_id) continue;
    if (!request.run.run_id.empty() && request.run.run_id != lives_.run_of(token)) continue;
    Commands& commands = waiting_[held.queue];
    const WallTime now = world_.wall_now();
    std::erase_if(commands,
                  [&, &same = token](const auto& entry) { return entry.first == same && entry.second.until <= now; });
    // What still waits is not told twice.
    const bool certain = lives_.is_held(token);
    if (const auto waits = commands.find(token); waits != commands.end()) {
      waits->second.certain |= certain;
    } else {
      commands.emplace(token, Command{now + kPatience, 0, certain});
    }
  }
}

void CommandWitness::told(const server::PollCommandsRequest& request, const server::CommandsReply& reply) {
  if (reply.token.empty()) return;
  advance();
  const Queue queue{request.namespace_name, request.control_queue};
  Batch& batch = sent_[reply.token];
  batch = {queue, {}, world_.wall_now() + kPatience};
  for (const std::string& token : reply.canceled_task_tokens) {
    const auto known = held_.find(token);
    if (known == held_.end()) return fail_("a command names an attempt that no such worker holds");
    world_.trace("server: tells " + request.control_queue + " to cancel " + known->second.id);
    if (known->second.queue != queue) return fail_("the cancel of " + known->second.id + " is told to another worker");
    // The one that has waited longest, of those that there certainly are: a cancel that is repeated after the end of
    // the attempt has none, and one whose time is over may be forgotten.
    const auto [first, last] = waiting_[queue].equal_range(token);
    const auto rank = [now = world_.wall_now()](const auto& entry) {
      return std::pair(entry.second.certain, entry.second.until > now);
    };
    const auto command = std::max_element(first, last, [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    if (command == last) {
      return fail_("a worker is told to cancel " + known->second.id + " without need");
    }
    ++command->second.tries;
    batch.commands.insert(waiting_[queue].extract(command));
  }
}

void CommandWitness::again(Batch batch) {
  for (auto& [token, command] : batch.commands) {
    if (command.tries >= kTriesMax) continue;
    command.until = world_.wall_now() + kPatience;
    waiting_[batch.queue].emplace(token, command);
  }
}

void CommandWitness::advance() {
  for (auto at = sent_.begin(); at != sent_.end();) {
    if (at->second.until > world_.wall_now()) {
      ++at;
    } else {
      again(std::move(at->second));
      at = sent_.erase(at);
    }
  }
  for (auto& [queue, commands] : waiting_) {
    std::erase_if(commands, [&](const auto& entry) { return entry.second.until + kFrozen < world_.wall_now(); });
  }
}

void CommandWitness::still_waits(const server::Request& request) {
  const auto* poll = std::get_if<server::PollCommandsRequest>(&request);
  if (poll == nullptr) return;
  advance();
  for (const auto& [token, command] : waiting_[{poll->namespace_name, poll->control_queue}]) {
    if (command.certain && command.until > world_.wall_now() + 1s) {
      return fail_("a cancel of " + held_[token].id + " is not told to its worker, which listens");
    }
  }
}

void CommandWitness::server_died(bool) {
  held_.clear();
  waiting_.clear();
  sent_.clear();
}

}  // namespace longbeat::simulation
