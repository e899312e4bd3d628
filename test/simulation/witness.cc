#include "simulation/witness.h"

#include "simulation/wire.h"

namespace longbeat::simulation {
namespace {

std::string number(std::int64_t value) {
  return std::to_string(value);
}

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
  run_of(run_id, id);
}

Witness::Run& Witness::run_of(const std::string& run_id, const std::string& id) {
  const auto [known, fresh] = runs_.try_emplace(run_id);
  if (fresh) known->second.meddled = meddled_unknown_.contains(id);
  known->second.id = id;
  return known->second;
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
  Run& run = run_of(task.activity_run_id, task.activity_id);
  const auto count = count_of(task.heartbeat_details);
  // A task on the way for so long that a newer attempt runs meanwhile is older than what that one saved.
  if (!run.meddled && task.attempt >= run.newest_attempt && count < run.newest_acknowledged) {
    fail("attempt " + std::to_string(task.attempt) + " of " + task.activity_id + " got details " +
         std::to_string(count) + ", but " + std::to_string(run.newest_acknowledged) + " had been acknowledged");
  }
  const auto [known, fresh] = attempts_.try_emplace(task.token);
  if (!fresh) return fail("the same attempt of " + task.activity_id + " was handed out twice under one token");
  known->second = {task.activity_run_id, task.activity_id, task.attempt, task.heartbeat};
  if (task.heartbeat > Nanoseconds(0)) known->second.lease_end = at + task.heartbeat;
  run.newest_attempt = std::max(run.newest_attempt, task.attempt);
}

void Witness::answer_left(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                          bool commit_failed) {
  const auto meddled = [&](const std::string& id) {
    bool known = false;
    for (auto& [run_id, run] : runs_) {
      if (run.id == id) known = run.meddled = true;
    }
    if (!known) meddled_unknown_.insert(id);
  };
  const auto* beat = std::get_if<server::HeartbeatRequest>(&request);
  const auto* failed = std::get_if<server::FailedRequest>(&request);
  if (const auto* reset = std::get_if<server::ResetRequest>(&request)) meddled(reset->run.activity_id);
  if (beat != nullptr && beat->by_id) meddled(beat->by_id->activity_id);
  if (failed != nullptr && failed->by_id) meddled(failed->by_id->activity_id);
  lives_.answered(request, reply, commit_failed);
  late_.answered(request, reply, commit_failed);
  steering_.answered(request, reply, commit_failed);
  if (!reply) return;
  if (beat != nullptr && !beat->by_id) {
    auto& newest = newest_accepted_[beat->token];
    newest = std::max(newest, count_of(unpack_payloads(beat->details)));
  }
  if (failed != nullptr && !failed->by_id) failure_accepted(*failed);
}

void Witness::failure_accepted(const server::FailedRequest& request) {
  // A failure that the worker reports while the function still runs need not wait for it.
  const auto known = attempts_.find(request.token);
  const auto& type = request.failure_type;
  if (type == "WorkerShutdown" || type == "ActivityStalled" || known == attempts_.end()) return;
  const auto told =
      std::max(newest_accepted_[request.token], count_of(unpack_payloads(request.last_heartbeat_details)));
  const Attempt& attempt = known->second;
  const auto newest = request.identity == kElsewhere ? attempt.newest_put_elsewhere : attempt.newest_put;
  if (told < newest && !attempt.details_failed) {
    fail("attempt " + number(attempt.number) + " of " + attempt.id + " failed with details " + std::to_string(told) +
         ", but its code had put " + std::to_string(newest));
  }
}

void Witness::hand_out_undone(const std::string& token) {
  if (is_held(token)) fail("a hand-out of " + runs_[lives_.run_of(token)].id + " reached nobody and stays handed out");
}

void Witness::still_waits(const server::Request& request) {
  lives_.still_waits(request);
  const auto* wait = std::get_if<server::PollOutcomeRequest>(&request);
  if (wait == nullptr) return;
  const auto run = runs_.find(wait->run.run_id);
  if (run != runs_.end() && run->second.closed_as) fail(run->second.id + " has closed, but a caller still waits");
}

void Witness::listed_wrongly(const std::string& what, const std::string& how) {
  fail("in the list: " + what + " " + how);
}

void Witness::beat_acknowledged(const std::string& token, const Payloads& details, TimePoint sent) {
  const auto found = attempts_.find(token);
  if (found == attempts_.end()) return fail("a beat with an unknown token was acknowledged");
  Attempt& attempt = found->second;
  // Without a heartbeat timeout no beat moves anything.
  if (attempt.heartbeat > Nanoseconds(0)) attempt.lease_end = std::max(attempt.lease_end, sent + attempt.heartbeat);
  Run& run = runs_[attempt.run_id];
  if (attempt.number < run.newest_attempt) return;  // It came late; what it acknowledged has been handed on already.
  run.newest_acknowledged = std::max(run.newest_acknowledged, count_of(details));
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

void Witness::report_given_up(const std::string& token) {
  const Attempt& attempt = attempts_[token];
  fail("the report of attempt " + number(attempt.number) + " of " + attempt.id + " was given up in its time");
}

void Witness::value_put(const std::string& token, std::uint64_t count) {
  Attempt& attempt = attempts_[token];
  if (!attempt.function_ended) attempt.newest_put = count;
}

void Witness::value_put_elsewhere(const std::string& token, std::uint64_t count) {
  attempts_[token].newest_put_elsewhere = count;
}

void Witness::meddle(const std::string& token) {
  Attempt& attempt = attempts_[token];
  attempt.newest_put = 0;
  run_of(attempt.run_id, attempt.id).meddled = true;
}

void Witness::failure_sent(const std::string& token, bool is_encoding) {
  // A process that has stood still has to catch up, and short leases do not wait for that.
  if (!is_encoding && world_.now() >= frozen_until_ + std::chrono::seconds(3)) return;
  Attempt& attempt = attempts_[token];
  attempt.newest_put = attempt.newest_put_elsewhere = 0;
}

void Witness::worker_at_rest(const std::string& name, const WorkerStats& stats, std::int64_t received, bool stopped) {
  if (stats.slots_used != 0) fail(name + " rests, but uses " + number(stats.slots_used) + " slots");
  if (!stopped && stats.polls_open == 0) fail(name + " rests, but does not poll");
  const auto known = stats.attempts_started + stats.tasks_dropped;
  if (received != known) fail(name + " got " + number(received) + " tasks, but knows of " + number(known));
  const auto ended = stats.completed + stats.failed + stats.canceled + stats.abandoned + stats.reports_stale +
                     stats.reports_unknown + stats.reports_given_up + stats.handed_over;
  if (ended != stats.attempts_started) {
    fail(name + " began " + number(stats.attempts_started) + " attempts, but tells the end of " + number(ended));
  }
}

void Witness::work_done(const internal::ActivityTask& task, bool told_to_stop) {
  if (told_to_stop) return;
  const auto found = attempts_.find(task.token);
  if (found == attempts_.end()) return fail("code runs for a task that nobody received");
  if (world_.now() >= found->second.lease_end) {
    fail("attempt " + std::to_string(task.attempt) + " of " + task.activity_id + " works on after its lease");
  }
}

void Witness::look_at(const std::string& run_id, const std::string& id, const server::ActivityState& state) {
  const auto phase = state.progress.phase;
  const auto known = runs_.find(run_id);
  if (!server::is_closed(phase)) {
    if (known != runs_.end() && known->second.closed_as)
      fail(id + " (" + run_id + ") is open again after it had closed");
    return;
  }
  Run& run = run_of(run_id, id);
  const std::string outcome = outcome_text(state);
  if (!state.outcome) return fail(id + " closed without an outcome");
  if (run.closed_as && (*run.closed_as != phase || run.outcome != outcome)) {
    fail("the outcome of " + id + " changed from " + run.outcome + " to " + outcome);
  }
  run.closed_as = phase;
  run.outcome = outcome;
  if (run.acknowledged_result && outcome != "result: " + std::to_string(*run.acknowledged_result)) {
    fail("a completion of " + id + " was acknowledged, but its outcome is " + outcome);
  }
}

void Witness::look(const server::Engine& engine) {
  lives_.look(engine, [this](const std::string& run_id, const std::string& id, const server::ActivityState& state) {
    look_at(run_id, id, state);
  });
}

void Witness::everything_closed() {
  for (const auto& [request, run_id] : requests_) {
    if (outcomes_.count(run_id) == 0) fail("nobody was told the outcome of " + request.first);
  }
  for (const auto& open : lives_.still_open()) fail(open + " is still open long after the faults ended");
}

}  // namespace longbeat::simulation
