// What the answers of starts, polls, descriptions, lists and queue settings must be.
#include <algorithm>

#include "simulation/life_text.h"
#include "simulation/life_witness.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using internal::StatusCode;
using server::Phase;
using server::Reply;
using server::StatusOr;

namespace {

constexpr std::int32_t kUseExisting = 2;  // enums.ActivityIdConflictPolicy

bool has_request(const Life& life, const std::string& request_id) {
  return std::ranges::find(life.started_by, request_id) != life.started_by.end();
}

std::int32_t level_of(const server::ActivityOptions& options) {
  return options.priority.key == 0 ? 3 : std::clamp(options.priority.key, 1, 5);
}

}  // namespace

void LifeWitness::on(const server::StartRequest& request, const StatusOr<Reply>& reply, bool commit_failed) {
  const Key key{request.namespace_name, request.activity_id};
  if (commit_failed) {
    unknown_.insert(key);
    // It may have been attached to the run that there is.
    if (const auto latest = latest_.find(key); latest != latest_.end()) runs_[latest->second].adopt = true;
    return;
  }
  if (reply) return started(request, std::get<server::StartReply>(*reply));
  const auto latest = latest_.find(key);
  if (reply.error().code != StatusCode::kAlreadyExists || latest == latest_.end() || unknown_.contains(key)) return;
  Run& run = runs_[latest->second];
  if (run.adopt) return;
  expand(run);
  Lives next = run.lives;
  std::erase_if(
      next, [&](const Life& life) { return life.gone || life.is_closed() || has_request(life, request.request_id); });
  keep(run, std::move(next), [&] { return "a start of " + key.second + " was refused as one too many, but it"; });
}

void LifeWitness::started(const server::StartRequest& request, const server::StartReply& reply) {
  const Key key{request.namespace_name, request.activity_id};
  const auto latest = latest_.find(key);
  Run* before = latest == latest_.end() ? nullptr : &runs_[latest->second];
  const bool unknown = unknown_.erase(key) > 0;
  if (unknown && reply.started) once_unknown_.insert(key);
  if (before != nullptr && reply.run_id == before->run_id) {
    if (reply.started) return fail_("the run " + reply.run_id + " of " + key.second + " was started twice");
    if (before->adopt) return;
    expand(*before);
    Lives next;
    for (const Life& life : before->lives) {
      if (life.gone) continue;
      if (has_request(life, request.request_id)) {
        next.push_back(life);
      } else if (!life.is_closed() && request.id_conflict_policy == kUseExisting) {
        next.push_back(life);
        if (!request.attach_request_id && !request.attach_links) continue;
        next.back().started_by.push_back(request.request_id);
        if (request.attach_links) next.back().links += request.links.size();
      }
    }
    return keep(*before, std::move(next), [&] { return "another start of " + key.second + " was accepted, but it"; });
  }
  if (before != nullptr && !before->adopt && !unknown) {
    expand(*before);
    Lives next = before->lives;
    std::erase_if(next, [&](const Life& life) {
      return !life.gone && (!life.is_closed() || has_request(life, request.request_id));
    });
    keep(*before, std::move(next),
         [&] { return "a new run of " + key.second + " was started, but the one before it"; });
  }
  Run& run = runs_[reply.run_id];
  run.key = key;
  run.run_id = reply.run_id;
  run.changed_at = world_.now();
  latest_[key] = reply.run_id;
  if (reply.started) {
    run.lives = {begun(request, world_.wall_now())};
    run.adopt = false;
  } else if (run.lives.empty()) {
    run.adopt = true;
  }
}

void LifeWitness::on(const server::PollTaskRequest& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (!reply || commit_failed) return;
  const auto& task = std::get<server::PollTaskReply>(*reply);
  if (!task.token.empty()) handed_out(request, task);
}

void LifeWitness::handed_out(const server::PollTaskRequest& request, const server::PollTaskReply& task) {
  const std::string name = "attempt " + std::to_string(task.attempt) + " of " + task.input->activity_id.str();
  if (!tokens_.try_emplace(task.token, task.run_id).second) fail_(name + " was handed out twice under one token");
  if (closed_workers_.contains({request.namespace_name, request.worker_instance_key})) {
    fail_(name + " was handed out to a worker that has been shut down");
  }
  const auto known = runs_.find(task.run_id);
  if (known == runs_.end()) {
    // Its start was committed, but the answer never left.
    const Key key{request.namespace_name, task.input->activity_id};
    if (!unknown_.contains(key)) return fail_(name + " is of a run that nobody has started");
    Run& found = runs_[task.run_id];
    found.key = key;
    found.run_id = task.run_id;
    found.adopt = true;
    found.last_token = task.token;
    latest_[key] = task.run_id;  // It is open, so there is no later one.
    return;
  }
  Run& run = known->second;
  run.last_token = task.token;
  if (run.key.first != request.namespace_name) fail_(name + " was handed out in another namespace");
  check_rate(request, name);
  if (run.adopt) return;
  expand(run);
  check_priority(run);
  Lives next;
  for (const Life& life : run.lives) {
    if (life.options.task_queue != request.task_queue) continue;
    for (Life& after : simulation::handed_out(life, task, world_.wall_now())) next.push_back(std::move(after));
  }
  keep(run, std::move(next), [&] { return name + " is handed out " + told(task) + ", but it"; });
}

void LifeWitness::check_rate(const server::PollTaskRequest& request, const std::string& name) {
  const auto known = rates_.find({request.namespace_name, request.task_queue});
  if (known == rates_.end() || !known->second.known || !known->second.per_second) return;
  Rate& rate = known->second;
  const WallTime now = world_.wall_now();
  // A little goes at once after a silence: a tenth of a second's worth.
  const Nanoseconds pause(static_cast<std::int64_t>(1e9 / *rate.per_second));
  if (*rate.per_second <= 0) return fail_(name + " is handed out, but its queue is closed");
  if (pause > 100ms && rate.last != WallTime{} && now < rate.last + pause - 1us) {
    fail_(name + " is handed out faster than its queue's rate allows");
  }
  rate.last = now;
}

void LifeWitness::check_priority(const Run& taken) {
  const WallTime now = world_.wall_now();
  const auto certain_level = [](const Run& run) -> std::int32_t {
    std::int32_t level = level_of(run.lives.front().options);
    for (const Life& life : run.lives) {
      if (level_of(life.options) != level) return 0;
    }
    return level;
  };
  const auto level = certain_level(taken);
  const std::string_view queue = taken.lives.front().options.task_queue;
  if (level == 0) return;
  for (const auto& [run_id, other] : runs_) {
    if (&other == &taken || other.adopt || other.key.first != taken.key.first || other.lives.empty()) continue;
    const auto before = certain_level(other);
    if (before == 0 || before >= level) continue;
    const bool waits = std::ranges::all_of(other.lives, [&](const Life& life) {
      // It has been due since before this step, so it lies in the queue.
      return !life.gone && life.phase == Phase::kScheduled && life.jitter == 0ns && life.due + 1s < now &&
             life.options.task_queue == queue && !overdue(life, now);
    });
    if (waits && up_for(1s)) {
      fail_(taken.key.second + " goes before " + other.key.second + ", which waits and has priority");
    }
  }
}

void LifeWitness::on(const server::DescribeRequest& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (!reply || commit_failed) return;
  const auto& described = std::get<server::DescribeReply>(*reply);
  if (!described.state) return;
  const std::string run_id = internal::to_string(described.state->input->run_id);
  const auto known = runs_.find(run_id);
  if (known != runs_.end() && known->second.key.first != request.run.namespace_name) {
    fail_(request.run.activity_id + " was described in another namespace");
  }
  const auto count = described.state->progress.transition_count;
  const auto before = watched_.find(request.long_poll_token);
  if (!request.long_poll_token.empty() && before != watched_.end() && before->second.second == count) {
    fail_("who watches " + request.run.activity_id + " was woken, but nothing has changed");
  }
  watched_[described.long_poll_token] = {run_id, count};
}

void LifeWitness::on(const server::PollOutcomeRequest& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (!reply || commit_failed) return;
  const auto& polled = std::get<server::PollOutcomeReply>(*reply);
  const auto known = runs_.find(polled.run_id);
  if (!polled.outcome || known == runs_.end() || known->second.adopt) return;
  Run& run = known->second;
  expand(run);
  Lives next = run.lives;
  std::erase_if(next, [&](const Life& life) { return !life.is_closed() || life.outcome != text_of(*polled.outcome); });
  keep(run, std::move(next), [&] { return "the outcome of " + request.run.activity_id + " was told, but it"; });
}

void LifeWitness::on(const server::UpdateTaskQueueConfigRequest& request, const StatusOr<Reply>& reply,
                     bool commit_failed) {
  Rate& rate = rates_[{request.namespace_name, request.task_queue}];
  if (commit_failed) {
    rate.known = false;
    return;
  }
  if (!reply || !request.queue_rate) return;
  const auto& asked = request.queue_rate->requests_per_second;
  rate = {asked ? std::optional<double>(*asked) : std::nullopt, {}, true};
}

void LifeWitness::on(const server::ShutdownWorkerRequest& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (reply && !commit_failed) closed_workers_.insert({request.namespace_name, request.worker_instance_key});
}

void LifeWitness::on(const server::ListActivitiesRequest& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (!reply || commit_failed) return;
  look_at_all_ = true;  // Whoever compares lists needs to know of every removal.
  for (const auto& row : std::get<server::ListActivitiesReply>(*reply).page.rows) {
    const auto known = runs_.find(row.run_id);
    if (known == runs_.end()) {
      if (!may_be_there({request.namespace_name, row.activity_id})) {
        fail_("a list shows " + row.activity_id + ", which nobody has started");
      }
    } else if (known->second.key != Key{request.namespace_name, row.activity_id}) {
      fail_("a list of " + request.namespace_name + " shows " + row.activity_id + " of " + known->second.key.first);
    }
  }
}

void LifeWitness::on(const server::DeleteNamespaceRequest& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (!reply && !commit_failed) return;
  deleted_spaces_.insert(request.namespace_name);
  for (auto& [run_id, run] : runs_) {
    if (run.key.first != request.namespace_name || run.adopt) continue;
    const server::DeleteRequest each{{run.key.first, run.key.second, run_id}};
    if (commit_failed) {
      maybe_applied(run, each);
    } else {
      Lives next;
      expand(run);
      for (const Life& life : run.lives) {
        for (Life& after : accepted(life, each, world_.wall_now())) next.push_back(std::move(after));
        if (life.gone) next.push_back(life);
      }
      keep(run, std::move(next), [&id = run.key.second] { return id + " went with its namespace, but it"; });
    }
  }
  for (auto& [queue, rate] : rates_) {
    if (queue.first == request.namespace_name) rate.known = false;
  }
}

void LifeWitness::on(const server::CountActivitiesRequest&, const StatusOr<Reply>&, bool) {
  look_at_all_ = true;
}

void LifeWitness::still_waits(const server::Request& request) {
  if (const auto* poll = std::get_if<server::PollTaskRequest>(&request)) {
    if (closed_workers_.contains({poll->namespace_name, poll->worker_instance_key})) {
      fail_("a poll of " + poll->worker_instance_key + " still waits, but it has been shut down");
    }
    return;
  }
  const auto* describe = std::get_if<server::DescribeRequest>(&request);
  if (describe == nullptr) return;
  const auto watched = watched_.find(describe->long_poll_token);
  if (watched == watched_.end()) return;
  const auto run = runs_.find(watched->second.first);
  if (run != runs_.end() && run->second.present && run->second.transitions > watched->second.second) {
    fail_(describe->run.activity_id + " has changed, but who watches it still waits");
  }
}

}  // namespace longbeat::simulation
