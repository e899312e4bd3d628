#include "simulation/fair_witness.h"

#include <cmath>
#include <vector>

namespace longbeat::simulation {

using server::Reply;
using server::StatusOr;

void FairWitness::answered(const server::Request& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (!reply || commit_failed || stopped_ || namespace_of(request) != kFairNamespace) return;
  if (const auto* start = std::get_if<server::StartRequest>(&request)) {
    const auto& started = std::get<server::StartReply>(*reply);
    if (!started.started) return;
    const Key key{start->priority->key, start->priority->fairness_key};
    weights_[key] = static_cast<double>(start->priority->fairness_weight);
    tasks_[started.run_id] = {start->activity_id, key, true};
    if (waiting_[key].empty()) begin_anew(key);
    waiting_[key].insert(started.run_id);
  } else if (std::holds_alternative<server::PollTaskRequest>(request)) {
    const auto& task = std::get<server::PollTaskReply>(*reply);
    if (!task.token.empty()) taken(task.run_id, task);
  }
}

void FairWitness::taken(const std::string& run_id, const server::PollTaskReply& reply) {
  const auto& priority = reply.input->options.priority;
  const Key key{priority.key, priority.fairness_key};
  const auto known = tasks_.find(run_id);
  held_.insert(run_id);
  if (known == tasks_.end() || !known->second.waits) {
    // Of a start that nobody was told of, or back in the queue and out of it in one step.
    tasks_[run_id] = {reply.input->activity_id.str(), key, false};
    return begin_anew(key);
  }
  for (const auto& [other, waiting] : waiting_) {
    if (other.first < key.first && !waiting.empty()) {
      fail_(reply.input->activity_id.str() + " goes before " + tasks_[*waiting.begin()].id + ", which has priority");
    }
  }
  for (const auto& [other, waiting] : waiting_) {
    if (other.first != key.first || other == key || waiting.empty()) continue;
    const double mine = ++served_[{key, other}] / weights_[key];
    const double its = served_[{other, key}] / weights_[other];
    ++compared_;
    if (std::abs(mine - its) <= 1 / weights_[key] + 1 / weights_[other] + 1e-9) continue;
    fail_("the fairness keys " + key.second + " and " + other.second + " got " + std::to_string(mine) + " and " +
          std::to_string(its) + " times their weight while both had tasks");
  }
  known->second.waits = false;
  waiting_[key].erase(run_id);
  if (waiting_[key].empty()) begin_anew(key);
}

void FairWitness::begin_anew(const Key& key) {
  std::erase_if(served_, [&](const auto& entry) { return entry.first.first == key || entry.first.second == key; });
}

void FairWitness::waits_again(const server::Engine& engine, bool all) {
  for (auto& [run_id, task] : tasks_) {
    if (!all && !held_.contains(run_id)) continue;
    const auto state = engine.find({kFairNamespace, task.id, run_id});
    // By a clock that was set back it may be due later than it was before.
    const bool waits = state && state->progress.phase == server::Phase::kScheduled &&
                       state->progress.dispatch_time <= world_.wall_now();
    if (!state || server::is_closed(state->progress.phase)) held_.erase(run_id);
    if (waits == task.waits) continue;
    task.waits = waits;
    held_.erase(run_id);
    begin_anew(task.key);
    if (waits) {
      waiting_[task.key].insert(run_id);
    } else {
      waiting_[task.key].erase(run_id);
      held_.insert(run_id);
    }
  }
}

void FairWitness::stepped(const server::Engine& engine) {
  if (!held_.empty() && !stopped_) waits_again(engine, false);
}

void FairWitness::server_up(const server::Engine& engine) {
  if (!stopped_) waits_again(engine, true);
}

}  // namespace longbeat::simulation
