#include "simulation/script_executor.h"

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
};

Payloads encode(const Script& script) {
  std::ostringstream text;
  text << script.steps << ' ' << script.pause.count() << ' ' << script.failing_percent << ' ' << script.deaf << ' '
       << script.silent << ' ' << script.urgent_percent;
  return {internal::make_payload("binary/plain", text.str())};
}

Script decode_script(const Payloads& payloads) {
  Script script;
  std::int64_t pause = 0;
  std::istringstream(payloads.at(0).data) >> script.steps >> pause >> script.failing_percent >> script.deaf >>
      script.silent >> script.urgent_percent;
  script.pause = Nanoseconds(pause);
  return script;
}

void ScriptExecutor::submit(internal::AttemptInput input) {
  auto run = std::make_shared<Run>(std::move(input));
  run->script = decode_script(run->input.attempt->task().input);
  run->done = run->context.checkpoint<StepsDone>()->count;
  next(run);
}

void ScriptExecutor::next(const std::shared_ptr<Run>& run) {
  loop_.after(world_.between(Nanoseconds(0), run->script.pause * 2), [this, run] { step(run); });
}

void ScriptExecutor::save(Run& run) {
  auto& attempt = *run.input.attempt;
  if (!attempt.ended() && !attempt.lost()) witness_.value_put(attempt.task().token, run.done);
  if (world_.random().chance(run.script.urgent_percent)) {
    // Nobody can block here: it goes the fast way, and whether it arrived stays open.
    static_cast<void>(attempt.save_now({PayloadCodec<StepsDone>::encode({run.done})}, Nanoseconds(0)));
  } else {
    run.context.heartbeat(StepsDone{run.done});
  }
}

void ScriptExecutor::step(const std::shared_ptr<Run>& run) {
  const auto& task = run->input.attempt->task();
  const bool told_to_stop = run->context.stopped();
  witness_.work_done(task, told_to_stop);
  if (told_to_stop && !run->script.deaf) {
    const auto& attempt = *run->input.attempt;
    return run->input.done(internal::outcome_of_stop(attempt.causes(), attempt.lost(), attempt.details_failure()));
  }
  if (world_.random().chance(run->script.failing_percent)) {
    return run->input.done(internal::AttemptFailed{internal::application_failure("Simulated", "a step failed")});
  }
  if (++run->done >= run->script.steps) {
    return run->input.done(internal::AttemptCompleted{{PayloadCodec<StepsDone>::encode({run->done})}});
  }
  if (!run->script.silent) save(*run);
  next(run);
}

}  // namespace longbeat::simulation
