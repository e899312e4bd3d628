#include "simulation/callback_witness.h"

#include <algorithm>

#include "simulation/life.h"
#include "simulation/outside.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using server::CallbackPhase;
using server::Reply;
using server::StatusOr;

namespace {
constexpr Nanoseconds kLate = 40s;  ///< A server may be down for seconds, and then its steps send a few each.

std::string told(CallbackPhase phase, std::int32_t attempt, WallTime due) {
  return std::to_string(static_cast<int>(phase)) + " (attempt " + std::to_string(attempt) + ", due " +
         std::to_string(due.time_since_epoch().count() / 1000) + ")";
}
}  // namespace

std::string CallbackWitness::body_of(const server::ActivityState& closed) {
  return internal::to_string(closed.input->run_id) + " " + text_of(*closed.outcome);
}

void CallbackWitness::add(std::vector<Delivery>& may, const Delivery& one) {
  if (std::ranges::find(may, one) == may.end()) may.push_back(one);
}

void CallbackWitness::answered(const server::Request& request, const StatusOr<Reply>& reply, bool commit_failed) {
  const auto* start = std::get_if<server::StartRequest>(&request);
  if (start != nullptr && !start->completion_callbacks.empty()) on_start(*start, reply, commit_failed);
}

void CallbackWitness::on_start(const server::StartRequest& request, const StatusOr<Reply>& reply, bool commit_failed) {
  std::set<std::string> urls;
  for (const auto& callback : request.completion_callbacks) urls.insert(callback.url);
  auto& perhaps = perhaps_[{request.namespace_name, request.activity_id}];
  if (commit_failed) {
    perhaps.insert(urls.begin(), urls.end());
    for (auto& [run_id, run] : runs_) {
      if (run.id == request.activity_id && run.space == request.namespace_name) {
        run.perhaps.insert(urls.begin(), urls.end());
        run.touched = true;
      }
    }
    return;
  }
  if (!reply) return;
  const auto& started = std::get<server::StartReply>(*reply);
  const auto [known, fresh] = runs_.try_emplace(started.run_id);
  Run& run = known->second;
  run.touched = true;
  run.space = request.namespace_name;
  run.id = request.activity_id;
  if (fresh && !started.started) run.perhaps = perhaps;
  const bool attaches = !started.started && request.attach_completion_callbacks && run.ended.empty();
  for (const auto& url : urls) {
    if (started.started || attaches) {
      run.callbacks.try_emplace(url);
    } else if (!run.callbacks.contains(url)) {
      run.perhaps.insert(url);  // A repetition of a start whose first answer was lost.
    }
  }
}

CallbackWitness::Delivery CallbackWitness::after(Delivery before, const server::OutboundResult& result) const {
  ++before.attempt;
  before.due = {};
  if (result.delivered) {
    before.phase = CallbackPhase::kSucceeded;
  } else if (!result.retryable || (rules_.attempts_max > 0 && before.attempt >= rules_.attempts_max)) {
    before.phase = CallbackPhase::kFailed;
  } else {
    Nanoseconds pause = rules_.retry_initial;
    for (std::int32_t i = 1; i < before.attempt && pause < rules_.retry_max; ++i) pause *= 2;
    before.phase = CallbackPhase::kBackingOff;
    before.due = world_.wall_now() + std::min(pause, rules_.retry_max);
  }
  return before;
}

void CallbackWitness::sent(const server::OutboundCall& call) {
  const auto known = runs_.find(run_of(call.body));
  if (known == runs_.end()) return;  // Nobody was told of this run yet.
  Run& run = known->second;
  world_.trace("server: calls " + call.url + " for " + run.id);
  const std::string name = "a callback of " + run.id + " (" + call.url + ")";
  if (!run.callbacks.contains(call.url) && !run.perhaps.contains(call.url)) {
    return fail_(name + " is sent, though nobody asked for it");
  }
  if (run.ended.empty()) return fail_(name + " is sent before its activity has durably closed");
  if (run.ended != call.body) return fail_(name + " tells " + call.body + ", but the outcome is " + run.ended);
  if (Outside::behind_fence(call.url) && !fence_open_) return fail_(name + " is sent where no rule allows it");
  Callback& callback = run.callbacks[call.url];
  if (callback.in_flight) return fail_(name + " is sent while it is on its way");
  std::vector<Delivery> may;
  std::string was;
  bool due = false;
  for (const Delivery& one : callback.may) {
    const bool now = one.waits() && one.due <= world_.wall_now();
    due = due || now;
    // What frees a blocked one may be in this step's commit, which can fail yet.
    if (now || one.phase == CallbackPhase::kBlocked) may.push_back(one);
    was += (was.empty() ? "" : ", or ") + told(one.phase, one.attempt, one.due);
  }
  if (!due) return fail_(name + " is sent, but it was " + was);
  callback.may = std::move(may);
  callback.in_flight = true;
  run.touched = true;
}

void CallbackWitness::result_arrived(const std::string& run_id, const std::string& url,
                                     const server::OutboundResult& result) {
  // By run: a start that arrives again when another run has been meanwhile makes a third, with the same addresses.
  const auto known = runs_.find(run_id);
  if (known == runs_.end() || known->second.gone) return;
  const auto found = known->second.callbacks.find(url);
  if (found == known->second.callbacks.end()) return;
  found->second.arrived = result;
  known->second.touched = true;
}

void CallbackWitness::stepped(const server::Engine& engine) {
  const bool all = ++looks_ % 32 == 0;
  for (auto& [run_id, run] : runs_) {
    if (run.gone) continue;
    for (auto& [url, callback] : run.callbacks) {
      if (callback.arrived) {
        std::vector<Delivery> may;
        for (const Delivery& one : callback.may) add(may, one.waits() ? after(one, *callback.arrived) : one);
        callback.may = std::move(may);
        callback.arrived.reset();
        callback.in_flight = false;
      }
      if (Outside::behind_fence(url) && !fence_open_) {
        for (const Delivery one : std::vector<Delivery>(callback.may)) {
          if (one.waits() && one.due <= world_.wall_now())
            add(callback.may, {CallbackPhase::kBlocked, one.attempt, {}});
        }
        run.touched = true;
      }
      check_overdue(url, callback);
    }
    if (all || run.touched || run.ended.empty()) look_at(run_id, run, engine);
  }
}

void CallbackWitness::check_overdue(const std::string& url, const Callback& callback) const {
  const WallTime now = world_.wall_now();
  if (faults_ended_at_ == TimePoint::max() || world_.now() < faults_ended_at_ + kLate || callback.in_flight) return;
  if (std::ranges::all_of(callback.may, [&](const Delivery& one) { return one.waits() && one.due + kLate < now; })) {
    fail_("the callback to " + url + " is long due and not sent");
  }
}

void CallbackWitness::look_at(const std::string& run_id, Run& run, const server::Engine& engine) {
  const auto state = engine.find({run.space, run.id, run_id});
  run.touched = false;
  run.gone = state == nullptr;
  if (run.gone) return;
  const bool closed = server::is_closed(state->progress.phase);
  const bool just = closed && run.ended.empty();
  // Its start was told to nobody while it was open: its calls are under way already, and are taken as they are found.
  const bool found_closed = closed && !run.seen;
  run.seen = true;
  if (just) run.ended = body_of(*state);
  std::set<std::string> seen;
  for (const auto& one : state->callbacks) {
    if (!run.callbacks.contains(one.url) && !run.perhaps.contains(one.url)) {
      fail_(run.id + " has a callback to " + one.url + ", which nobody asked for");
    }
    if (!seen.insert(one.url).second) fail_(run.id + " has the callback to " + one.url + " twice");
    Callback& callback = run.callbacks[one.url];
    if (closed && (just || callback.may.front().phase == CallbackPhase::kStandby)) {
      callback.may = {{CallbackPhase::kScheduled, 0, state->progress.close_time}};
      if (Outside::behind_fence(one.url)) add(callback.may, {CallbackPhase::kBlocked, 0, {}});
    }
    if (found_closed) callback.may = {{one.phase, one.attempt, one.next_attempt_time}};
    compare(one, run.id, callback, closed);
  }
  for (const auto& [url, callback] : run.callbacks) {
    if (!seen.contains(url)) fail_(run.id + " has lost its callback to " + url);
  }
}

void CallbackWitness::compare(const server::CallbackState& state, const std::string& id, Callback& callback,
                              bool closed) {
  const auto agrees = [&](const Delivery& one) {
    return one.phase == state.phase && one.attempt == state.attempt &&
           (!one.waits() || one.due == state.next_attempt_time);
  };
  std::vector<Delivery> may;
  std::string was;
  for (const Delivery& one : callback.may) {
    if (!closed || agrees(one)) may.push_back(one);
    was += (was.empty() ? "" : ", or ") + told(one.phase, one.attempt, one.due);
  }
  if (!closed && state.phase != CallbackPhase::kStandby) return fail_("a callback of " + id + " does not stand by");
  if (may.empty()) {
    return fail_("the callback of " + id + " to " + state.url + " is " +
                 told(state.phase, state.attempt, state.next_attempt_time) + ", but it was " + was);
  }
  callback.may = std::move(may);
}

void CallbackWitness::server_died(bool commit_failed) {
  for (auto& [run_id, run] : runs_) {
    for (auto& [url, callback] : run.callbacks) {
      if (callback.arrived && commit_failed) {
        for (const Delivery one : std::vector<Delivery>(callback.may)) {
          if (one.waits()) add(callback.may, after(one, *callback.arrived));
        }
      }
      if (commit_failed && Outside::behind_fence(url) && !fence_open_) {
        for (const Delivery one : std::vector<Delivery>(callback.may)) {
          if (one.waits() && one.due <= world_.wall_now())
            add(callback.may, {CallbackPhase::kBlocked, one.attempt, {}});
        }
      }
      callback.arrived.reset();
      callback.in_flight = false;
    }
  }
}

void CallbackWitness::server_up(const server::Engine& engine) {
  for (auto& [run_id, run] : runs_) {
    if (run.gone) continue;
    look_at(run_id, run, engine);
    run.touched = true;
    for (auto& [url, callback] : run.callbacks) {
      if (!Outside::behind_fence(url) || !fence_open_) continue;
      // Free from now on, but on disk only after the first step.
      for (const Delivery one : std::vector<Delivery>(callback.may)) {
        if (one.phase != CallbackPhase::kBlocked) continue;
        add(callback.may, {CallbackPhase::kScheduled, one.attempt, world_.wall_now()});
      }
    }
  }
}

bool CallbackWitness::everything_settled() const {
  return std::ranges::none_of(
      runs_, [&](const auto& entry) { return !entry.second.gone && undelivered(entry.first).value_or(false); });
}

std::optional<bool> CallbackWitness::undelivered(const std::string& run_id) const {
  const auto known = runs_.find(run_id);
  if (known == runs_.end()) return std::nullopt;
  return std::ranges::any_of(known->second.callbacks, [](const auto& entry) {
    return std::ranges::any_of(entry.second.may, [](const Delivery& one) { return !one.settled(); });
  });
}

}  // namespace longbeat::simulation
