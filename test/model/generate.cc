#include "model/generate.h"

#include "base/random.h"
#include "model/model.h"

namespace longbeat::model {
namespace {

using internal::Random;
using server::Phase;

/// "2.5": so that what counts from a step mostly ends between two of them.
std::string half_odd(Random& random, std::uint64_t below) {
  return std::to_string(random.below(below)) + ".5";
}

class Author {
 public:
  explicit Author(std::uint64_t seed) : random_(seed), steps_(10 + random_.below(20)) {}

  /// Nothing: this one proves nothing.
  std::optional<Trace> write() {
    add(start());
    while (trace_.size() < steps_) add(next());
    wait_for_quiet();  // The last look comes by itself.
    if (!play(trace_).certain) return std::nullopt;
    return trace_;
  }

 private:
  /// Until the last deadline lies behind and the next one ahead.
  void wait_for_quiet() {
    int ticks = 0;
    while (!model_.is_quiet_now() && ticks < 10) {
      model_.pass(1);
      ++ticks;
    }
    if (ticks > 0) trace_.push_back({"wait", {{"ticks", std::to_string(ticks)}}, {}});
  }

  void add(Step step) {
    wait_for_quiet();
    model_.play(step);
    trace_.push_back(std::move(step));
  }

  Step next() {
    const auto* state = model_.latest();
    const bool open = state != nullptr && !server::is_closed(state->progress.phase);
    if (!open && random_.chance(60)) return random_.chance(85) ? start() : after_the_end();
    if (random_.chance(22)) return wait();
    if (model_.tokens() == 0 || (!model_.poll_waits() && random_.chance(25))) {
      if (!model_.poll_waits() && random_.chance(80)) return poll();
    }
    if (random_.chance(8)) return wait_for_something();
    return random_.chance(55) ? report() : order();
  }

  // --- What a step says besides its act ---
  void chance(Step& step, const char* name, const std::string& value, std::uint32_t percent) {
    if (random_.chance(percent)) step.with[name] = value;
  }
  std::string some_number(const char* prefix) { return prefix + std::to_string(++numbers_); }

  /// Mostly a new one; sometimes one that has been used.
  void request(Step& step) {
    if (random_.chance(15)) return;
    if (requests_ == 0 || random_.chance(75)) ++requests_;
    step.with["request"] =
        std::to_string(random_.chance(80) ? requests_ : 1 + static_cast<int>(random_.below(requests_)));
  }
  void times(Step& step, std::uint32_t percent) {
    chance(step, "s2c", half_odd(random_, 25), percent);
    chance(step, "s2s", half_odd(random_, 8), percent / 2);
    chance(step, "heartbeat", half_odd(random_, 5), percent);
  }
  void retry(Step& step, std::uint32_t percent) {
    if (!random_.chance(percent)) return;
    chance(step, "initial", half_odd(random_, 4), 90);
    chance(step, "coefficient", random_.chance(50) ? "1" : "2", 60);
    chance(step, "attempts", std::to_string(1 + random_.below(4)), 60);
    chance(step, "interval", std::to_string(4 + random_.below(4)) + ".5", 20);
  }
  void whose(Step& step) {
    if (random_.chance(15)) {
      step.with["by_id"] = "yes";
    } else if (model_.tokens() > 1 && random_.chance(15)) {
      step.with["token"] = std::to_string(1 + random_.below(model_.tokens()));
    }
  }
  void which_run(Step& step) {
    if (model_.runs() > 0 && random_.chance(12))
      step.with["run"] = std::to_string(1 + random_.below(model_.runs() + 1));
  }

  // --- Steps ---
  Step start() {
    Step step{"start", {}, {}};
    request(step);
    times(step, 35);
    if (random_.chance(95)) step.with["stc"] = half_odd(random_, 10);
    chance(step, "start_delay", half_odd(random_, 5), 20);
    retry(step, 80);
    if (!step.has("initial")) step.with["initial"] = "1.5";
    if (!step.has("interval")) step.with["interval"] = "40.5";
    chance(step, "listed", random_.chance(50) ? "Listed" : "TemporalTimeout:Heartbeat", 30);
    chance(step, "reuse", std::to_string(1 + random_.below(3)), 30);
    chance(step, "conflict", std::to_string(1 + random_.below(2)), 40);
    chance(step, "input", some_number("input-"), 70);
    return step;
  }

  Step wait() { return {"wait", {{"ticks", std::to_string(1 + random_.below(random_.chance(80) ? 3 : 9))}}, {}}; }

  Step poll() {
    Step step{"poll", {}, {}};
    const auto* state = model_.latest();
    const bool moved = state != nullptr && state->input->options.task_queue == "queue-2";
    if (moved != random_.chance(5)) step.with["queue"] = "2";
    return step;
  }

  Step wait_for_something() {
    if (model_.poll_waits() && random_.chance(30)) return {"hang_up", {}, {}};
    const auto* state = model_.latest();
    const bool open = state != nullptr && !server::is_closed(state->progress.phase);
    Step step{open && random_.chance(50) ? "watch" : "await", {}, {}};
    if (step.act == "await") which_run(step);
    return step;
  }

  Step report() {
    const std::uint64_t dice = random_.below(100);
    Step step{dice < 40 ? "heartbeat" : dice < 72 ? "fail" : dice < 88 ? "complete" : "canceled", {}, {}};
    whose(step);
    if (step.act == "complete") {
      chance(step, "result", some_number("result-"), 80);
    } else {
      chance(step, "details", some_number("details-"), step.act == "fail" ? 30 : 75);
    }
    if (step.act == "fail") failure(step);
    return step;
  }

  void failure(Step& step) {
    const std::uint64_t dice = random_.below(100);
    const char* others[] = {"timeout", "canceled", "terminated", "server", "other"};
    step.with["kind"] = dice < 72 ? "application" : dice < 82 ? "final" : dice < 88 ? "none" : others[random_.below(5)];
    if (step.text("kind") != "none") step.with["message"] = some_number("oops-");
    if (step.text("kind") != "application") return;
    chance(step, "type", "Listed", 15);
    chance(step, "delay", half_odd(random_, 6), 25);
  }

  Step order() {
    const char* acts[] = {"pause", "unpause", "reset", "update", "cancel", "terminate", "delete", "start"};
    const std::uint64_t weights[] = {24, 24, 18, 16, 9, 3, 2, 4};
    std::uint64_t dice = random_.below(100);
    std::size_t which = 0;
    while (dice >= weights[which]) dice -= weights[which++];
    Step step{acts[which], {}, {}};
    if (step.act == "start") return start();
    which_run(step);
    if (step.act == "delete") return step;
    request(step);
    if (step.act == "cancel" || step.act == "terminate" || step.act == "pause") {
      chance(step, "reason", some_number("reason-"), 70);
    }
    if (step.act == "reset") {
      chance(step, "keep_paused", "yes", 40);
      chance(step, "restore", "yes", 30);
      chance(step, "clear_details", "yes", 30);
    }
    if (step.act == "update") update(step);
    return step;
  }

  void update(Step& step) {
    if (random_.chance(20)) {
      step.with["restore"] = "yes";
      return;
    }
    static const std::pair<const char*, const char*> kPaths[] = {{"s2c", "schedule_to_close_timeout"},
                                                                 {"s2s", "schedule_to_start_timeout"},
                                                                 {"stc", "start_to_close_timeout"},
                                                                 {"heartbeat", "heartbeatTimeout"},
                                                                 {"start_delay", "start_delay"},
                                                                 {"initial", "retry_policy.initial_interval"},
                                                                 {"attempts", "retry_policy.maximumAttempts"},
                                                                 {"queue", "task_queue.name"},
                                                                 {"coefficient", "retry_policy.backoff_coefficient"}};
    std::string mask;
    for (const auto& [name, path] : kPaths) {
      if (!random_.chance(22)) continue;
      mask += (mask.empty() ? "" : ",") + std::string(path);
      const std::string argument = name;
      const bool whole = argument == "attempts" || argument == "queue" || argument == "coefficient";
      const bool unset = random_.chance(15) && argument != "queue";  // Listed but not given: it is cleared.
      if (!unset) step.with[argument] = whole ? std::to_string(1 + random_.below(2)) : half_odd(random_, 7);
    }
    // Without its message a part of a policy is refused, and the default interval would be a second.
    const bool clears_initial = mask.find("initial_interval") != std::string::npos && !step.has("initial");
    if (clears_initial) step.with["initial"] = "2.5";
    step.with["mask"] = mask.empty() ? "start_to_close_timeout" : mask;
    if (mask.empty()) step.with["stc"] = half_odd(random_, 10);
  }

  /// Calls about what is over.
  Step after_the_end() { return random_.chance(60) ? report() : order(); }

  Random random_;
  std::uint64_t steps_;
  Model model_{};
  Trace trace_{};
  std::uint64_t requests_ = 0;
  int numbers_ = 0;
};

}  // namespace

Trace generate(std::uint64_t seed) {
  Random seeds(seed);
  while (true) {
    // Some authors maneuver themselves into a corner where two deadlines meet: then the next one writes.
    if (auto trace = Author(seeds.next()).write()) return *trace;
  }
}

}  // namespace longbeat::model
