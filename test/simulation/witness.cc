#include "simulation/witness.h"

#include "simulation/wire.h"

namespace longbeat::simulation {
namespace {

std::string outcome_text(const server::ActivityState& state) {
  if (!state.outcome) return "none";
  if (state.outcome->has_failure) return "failure: " + unpack(state.outcome->failure).message;
  return "result: " + std::to_string(count_of(unpack_payloads(state.outcome->result)));
}

}  // namespace

std::uint64_t count_of(const Payloads& payloads) {
  if (payloads.empty() || payloads[0].data.empty()) return 0;
  return std::stoull(payloads[0].data);
}

void Witness::fail(const std::string& what) {
  world_.trace("BROKEN: " + what);
  broken_.push_back(what);
}

void Witness::start_acknowledged(const std::string& id, const std::string& request_id, const std::string& run_id) {
  const auto [known, fresh] = requests_.try_emplace({id, request_id}, run_id);
  if (!fresh && known->second != run_id) fail("the same ID and request ID made two executions: " + id);
  runs_[run_id].id = id;
}

void Witness::outcome_read(const std::string& id, const internal::PolledOutcome& polled) {
  const auto& outcome = *polled.outcome;
  const std::string text =
      outcome.failure ? "failure: " + outcome.failure->message : "result: " + std::to_string(count_of(*outcome.result));
  const auto [known, fresh] = outcomes_.try_emplace(polled.run_id, text);
  if (!fresh && known->second != text) fail("the outcome of " + id + " changed from " + known->second + " to " + text);
}

void Witness::task_received(const internal::ActivityTask& task, TimePoint at) {
  world_.trace("worker: got attempt " + std::to_string(task.attempt) + " of " + task.activity_id);
  Run& run = runs_[task.activity_run_id];
  run.id = task.activity_id;
  const auto count = count_of(task.heartbeat_details);
  if (count < run.newest_acknowledged) {
    fail("attempt " + std::to_string(task.attempt) + " of " + task.activity_id + " got details " +
         std::to_string(count) + ", but " + std::to_string(run.newest_acknowledged) + " had been acknowledged");
  }
  const auto [known, fresh] = attempts_.try_emplace(task.token);
  if (!fresh) return fail("the same attempt of " + task.activity_id + " was handed out twice under one token");
  known->second = {task.activity_run_id, task.activity_id, task.attempt, task.heartbeat, TimePoint::max(), false};
  if (task.heartbeat > Nanoseconds(0)) known->second.lease_end = at + task.heartbeat;
  run.newest_attempt = std::max(run.newest_attempt, task.attempt);
}

void Witness::beat_acknowledged(const std::string& token, const Payloads& details, TimePoint sent) {
  const auto found = attempts_.find(token);
  if (found == attempts_.end()) return fail("a beat with an unknown token was acknowledged");
  Attempt& attempt = found->second;
  Run& run = runs_[attempt.run_id];
  if (attempt.number < run.newest_attempt)
    return;  // The answer came late; what it acknowledged has been handed on already.
  run.newest_acknowledged = std::max(run.newest_acknowledged, count_of(details));
  if (attempt.heartbeat == Nanoseconds(0)) return;  // Without a heartbeat timeout no beat moves anything.
  const auto end = sent + attempt.heartbeat;
  if (!attempt.beat_acknowledged || end > attempt.lease_end) attempt.lease_end = end;
  attempt.beat_acknowledged = true;
}

void Witness::completion_acknowledged(const std::string& token, const Payloads& result) {
  const auto found = attempts_.find(token);
  if (found == attempts_.end()) return fail("a completion with an unknown token was acknowledged");
  Run& run = runs_[found->second.run_id];
  run.acknowledged_result = count_of(result);
  if (run.closed_as && run.outcome != "result: " + std::to_string(*run.acknowledged_result)) {
    fail("a completion of " + run.id + " was acknowledged, but its outcome is " + run.outcome);
  }
}

void Witness::work_done(const internal::ActivityTask& task, bool told_to_stop) {
  if (told_to_stop) return;
  const auto found = attempts_.find(task.token);
  if (found == attempts_.end()) return fail("code runs for a task that nobody received");
  if (found->second.beat_acknowledged && world_.now() >= found->second.lease_end) {
    fail("attempt " + std::to_string(task.attempt) + " of " + task.activity_id + " works on after its lease");
  }
}

void Witness::look_at(const std::string& run_id, Run& run, const server::ActivityState& state) {
  const auto& progress = state.progress;
  const auto maximum = state.input->options.retry.maximum_attempts;
  if (maximum > 0 && progress.attempt > maximum) fail("attempt beyond maximum attempts of " + run.id);
  if (server::in_progress(progress.phase) && progress.started_time < progress.dispatch_time) {
    fail("attempt " + std::to_string(progress.attempt) + " of " + run.id + " began before it was due");
  }
  if (!server::is_closed(progress.phase)) {
    if (run.closed_as) fail(run.id + " (" + run_id + ") is open again after it had closed");
    return;
  }
  const std::string outcome = outcome_text(state);
  if (!state.outcome) return fail(run.id + " closed without an outcome");
  if (run.closed_as && (*run.closed_as != progress.phase || run.outcome != outcome)) {
    fail("the outcome of " + run.id + " changed from " + run.outcome + " to " + outcome);
  }
  run.closed_as = progress.phase;
  run.outcome = outcome;
  if (run.acknowledged_result && outcome != "result: " + std::to_string(*run.acknowledged_result)) {
    fail("a completion of " + run.id + " was acknowledged, but its outcome is " + outcome);
  }
}

void Witness::look(const server::Engine& engine) {
  for (auto& [run_id, run] : runs_) {
    const auto state = engine.find({"default", run.id, run_id});
    if (!state) {
      fail("the accepted run " + run_id + " of " + run.id + " is gone");
      continue;
    }
    look_at(run_id, run, *state);
  }
}

void Witness::everything_closed(const server::Engine& engine) {
  for (const auto& [run_id, run] : runs_) {
    if (outcomes_.count(run_id) == 0) fail("nobody was told the outcome of " + run.id);
    const auto state = engine.find({"default", run.id, run_id});
    if (state && !server::is_closed(state->progress.phase)) {
      fail(run.id + " is still " + std::string(server::to_string(state->progress.phase)) +
           " long after the faults ended");
    }
  }
}

}  // namespace longbeat::simulation
