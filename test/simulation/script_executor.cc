#include "simulation/script_executor.h"

#include <algorithm>
#include <sstream>

#include "core/outcome.h"
#include "longbeat/activity_context.h"

namespace longbeat::simulation {

struct ScriptExecutor::Run {
  Run(internal::AttemptInput given) : input(std::move(given)), context(input.attempt) {}
  internal::AttemptInput input;
  ActivityContext context;
  Script script{};
  std::uint64_t done = 0;
  bool handed_over = false;
  std::uint64_t rest = 0;  ///< steps of a function that has handed over
};

Payloads encode(const Script& script) {
  std::ostringstream text;
  text << script.steps << ' ' << script.pause.count() << ' ' << script.failing_percent << ' ' << script.deaf << ' '
       << script.silent << ' ' << script.urgent_percent << ' ' << script.stall.count() << ' ' << script.hanging_percent
       << ' ' << script.left;
  return {internal::make_payload("binary/plain", text.str())};
}

Script decode_script(const Payloads& payloads) {
  Script script;
  std::int64_t pause = 0, stall = 0;
  std::istringstream(payloads.at(0).data) >> script.steps >> pause >> script.failing_percent >> script.deaf >>
      script.silent >> script.urgent_percent >> stall >> script.hanging_percent >> script.left;
  script.pause = Nanoseconds(pause);
  script.stall = Nanoseconds(stall);
  return script;
}

/// What its end carries: a result, or the details of a failure.
static Payloads payloads_of(const internal::Attempt& attempt, std::uint64_t count, const char* part) {
  Payload payload = PayloadCodec<StepsDone>::encode({count, attempt.task().token});
  payload.metadata["part"] = part;
  return {payload};
}

void ScriptExecutor::submit(internal::AttemptInput input) {
  courier_.begun(input.attempt->task().token, input.attempt->key());
  auto run = std::make_shared<Run>(std::move(input));
  run->script = decode_script(run->input.attempt->task().input);
  run->done = run->context.checkpoint<StepsDone>()->count;
  if (run->script.stall > Nanoseconds(0)) {
    const auto& attempt = *run->input.attempt;
    witness_.workers().automatic(attempt.task().token, run->script.stall);
    auto_heartbeats_[attempt.key()] =
        std::make_unique<AutoHeartbeat>(run->context, AutoHeartbeatOptions{.stall_timeout = run->script.stall});
  }
  next(run);
}

void ScriptExecutor::next(const std::shared_ptr<Run>& run) {
  const bool hangs = run->script.stall > Nanoseconds(0) && world_.random().chance(run->script.hanging_percent);
  const Nanoseconds pause = world_.between(Nanoseconds(0), run->script.pause * 2);
  loop_.after(hangs ? pause + 4 * run->script.stall : pause, [this, run] { step(run); });
}

void ScriptExecutor::finish(Run& run, internal::AttemptOutcome outcome) {
  witness_.codecs().over(run.input.attempt->task().token);
  witness_.workers().returned(run.input.attempt->task().token);
  auto_heartbeats_.erase(run.input.attempt->key());
  const bool in_peace = std::holds_alternative<internal::AttemptCompleted>(outcome);
  if (!in_peace) witness_.function_ended(run.input.attempt->task().token);
  if (run.handed_over) {
    const auto& token = run.input.attempt->task().token;
    if (in_peace) witness_.workers().left(token);
    witness_.late().returned(token, in_peace);
  }
  run.input.done(std::move(outcome));
}

void ScriptExecutor::save(Run& run) {
  auto& attempt = *run.input.attempt;
  if (run.script.stall > Nanoseconds(0)) {
    witness_.workers().moved(attempt.task().token);
    return run.context.advance();
  }
  if (!attempt.ended() && !attempt.lost()) {
    witness_.value_put(attempt.task().token, run.done);
    witness_.codecs().beats(attempt.task().token);
  }
  if (world_.random().chance(run.script.urgent_percent)) {
    // Nobody can block here: it goes the fast way, and whether it arrived stays open.
    static_cast<void>(
        attempt.save_now({PayloadCodec<StepsDone>::encode({run.done, attempt.task().token})}, Nanoseconds(0)));
  } else {
    run.context.heartbeat(StepsDone{run.done, attempt.task().token});
  }
}

void ScriptExecutor::step(const std::shared_ptr<Run>& run) {
  const auto& task = run->input.attempt->task();
  const bool told_to_stop = run->context.stopped();
  witness_.work_done(task, told_to_stop);
  witness_.workers().looked(task.token, run->context.stop_causes(), run->input.attempt->lost());
  look_at_beats(*run);
  if (told_to_stop && !run->script.deaf) {
    const auto& attempt = *run->input.attempt;
    return finish(*run, internal::outcome_of_stop(attempt.causes(), attempt.lost(), attempt.details_failure(),
                                                  attempt.stall_failure()));
  }
  if (world_.random().chance(run->script.failing_percent)) {
    Failure failure = internal::application_failure("Simulated", "a step failed");
    if (run->script.urgent_percent > 0) failure.details = payloads_of(*run->input.attempt, run->done, "failure");
    return finish(*run, internal::AttemptFailed{std::move(failure)});
  }
  if (run->handed_over) return step_left(run, told_to_stop);
  const bool ends = ++run->done >= run->script.steps;
  if (run->script.left && !told_to_stop && (ends || world_.random().chance(10))) {
    hand_over(*run);
    return step_left(run, told_to_stop);
  }
  if (ends) {
    witness_.codecs().returned(task.token, run->done);
    return finish(*run, internal::AttemptCompleted{payloads_of(*run->input.attempt, run->done, "result")});
  }
  if (!run->script.silent) save(*run);
  next(run);
}

void ScriptExecutor::look_at_beats(const Run& run) {
  const auto& attempt = *run.input.attempt;
  auto& codecs = witness_.codecs();
  if (attempt.ended()) return codecs.over(attempt.task().token);
  if (!attempt.lost()) return codecs.looked(attempt.task().token);
  const auto causes = attempt.causes();
  const bool otherwise = std::ranges::any_of(causes, [](StopCause cause) {
    return cause == StopCause::kNotFound || cause == StopCause::kTimedOut || cause == StopCause::kShutdown;
  });
  otherwise ? codecs.over(attempt.task().token) : codecs.lease_lost(attempt.task().token);
}

void ScriptExecutor::hand_over(Run& run) {
  const auto& task = run.input.attempt->task();
  run.handed_over = true;
  run.rest = world_.random().chance(50) ? 0 : 1 + world_.random().below(6);
  world_.trace("script: attempt " + std::to_string(task.attempt) + " of " + task.activity_id + " leaves its end");
  witness_.workers().handed_over(task.token);
  witness_.codecs().handed_over(task.token);
  leave_(run.context.complete_later(), task, run.done);
}

void ScriptExecutor::step_left(const std::shared_ptr<Run>& run, bool told_to_stop) {
  if (run->rest == 0) return finish(*run, internal::AttemptCompleted{});  // What it returns counts for nothing.
  --run->rest;
  if (run->script.stall > Nanoseconds(0) && !told_to_stop) {
    witness_.workers().moved(run->input.attempt->task().token);
    run->context.advance();
  }
  next(run);
}

}  // namespace longbeat::simulation
