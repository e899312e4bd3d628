#include "simulation/late_holder.h"

#include <optional>
#include <utility>

#include "core/outcome.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using Kind = internal::OutcomeKind;

struct LateHolder::Duty {
  explicit Duty(std::shared_ptr<std::size_t> counted) : held(std::move(counted)) { ++*held; }
  ~Duty() { --*held; }
  Duty(const Duty&) = delete;
  Duty& operator=(const Duty&) = delete;

  const AsyncReporter& reporter() const {
    if (object) return *object;
    return *activity;
  }
  bool has_reporter() const { return object || activity; }

  std::shared_ptr<std::size_t> held;
  std::optional<LateCompletion> object{};
  std::optional<AsyncActivity> activity{};
  std::string token{};
  std::uint64_t count = 0;
  PassOn pass_on{};
  bool own = false;  ///< with the object, which owes an outcome
  bool cancel_requested = false;
  bool reporting = false;  ///< an outcome has been tried: from then on nothing else
};

void LateHolder::take(LateCompletion object, std::uint64_t count, PassOn pass_on) {
  const auto duty = std::make_shared<Duty>(held_);
  duty->token = object.task_token().bytes;
  duty->object.emplace(std::move(object));
  duty->own = true;
  duty->count = count;
  duty->pass_on = std::move(pass_on);
  next(duty);
}

void LateHolder::take(AsyncActivity activity, const TaskToken& token, std::uint64_t count) {
  const auto duty = std::make_shared<Duty>(held_);
  duty->token = token.bytes;
  duty->activity.emplace(std::move(activity));
  duty->count = count;
  next(duty);
}

void LateHolder::note(const Duty& duty, const std::string& what, std::uint64_t count) {
  world_.trace("late: " + witness_.late().name_of_duty(duty.token) + " " + what + " " + std::to_string(count));
}

void LateHolder::next(const Ref& duty) {
  const auto pause = world_.random().chance(30) ? world_.between(0ns, 2ms) : world_.between(1ms, 3s);
  loop_.after(pause, [this, duty] { step(duty); });
}

void LateHolder::step(const Ref& duty) {
  auto& random = world_.random();
  const auto what = random.below(100);
  if (duty->reporting || what >= 60) return report(duty);
  if (what < 25) {
    // What nobody takes any more need not arrive.
    if (!duty->reporter().stopped() && witness_.is_held(duty->token)) {
      ++duty->count;
      if (duty->own) {
        witness_.value_put(duty->token, duty->count);
      } else {
        witness_.value_put_elsewhere(duty->token, duty->count);
      }
      note(*duty, "beats with", duty->count);
      duty->reporter().heartbeat(StepsDone{duty->count});
    } else {
      duty->reporter().heartbeat();
    }
    return next(duty);
  }
  if (what < 40) return save(duty);
  if (what < 50 || !duty->object) return drop(duty);
  // To somebody else, with all that is to be reported.
  TaskToken token = duty->object->release();
  duty->object.reset();
  duty->own = false;
  witness_.late().released(token.bytes);
  witness_.meddle(token.bytes);
  duty->pass_on(token, duty->count);
}

void LateHolder::drop(const Ref& duty) {
  if (duty->own) {
    note(*duty, "is lost with", duty->count);
    witness_.late().lost(duty->token);
    witness_.workers().lost(duty->token);
  }
  duty->object.reset();
  duty->activity.reset();
}

void LateHolder::save(const Ref& duty) {
  const auto count = ++duty->count;
  note(*duty, "saves", count);
  duty->reporter().save_now_async(StepsDone{count}).then([this, duty, count](const Result<HeartbeatReply>& reply) {
    witness_.late().saved(duty->token, count, reply ? Result<>() : Result<>(reply.error()));
    if (reply) duty->cancel_requested |= reply->cancel_requested;
    if (duty->has_reporter()) next(duty);
  });
}

void LateHolder::report(const Ref& duty) {
  auto& random = world_.random();
  duty->reporting = true;
  const AsyncReporter& reporter = duty->reporter();
  const auto what = random.below(100);
  const auto then = [this, duty](Kind kind, std::uint64_t count = 0) {
    return [this, duty, kind, count](const Result<>& result) { reported(duty, kind, count, result); };
  };
  witness_.workers().outcome_begun(duty->token);
  note(*duty, "reports with", duty->count);
  const Failure failure = internal::application_failure("Late", "it went wrong later");
  if (what < (duty->cancel_requested ? 60U : 8U)) {
    reporter.report_canceled_async().then(then(Kind::kCanceled));
  } else if (what < 75) {
    reporter.complete_async(StepsDone{duty->count}).then(then(Kind::kCompleted, duty->count));
  } else if (what < 87) {
    reporter.fail_async(failure).then(then(Kind::kFailed));
  } else {
    // These take the place of everything put before.
    reporter.fail_async(failure, StepsDone{++duty->count}).then(then(Kind::kFailed, duty->count));
  }
  if (random.chance(10)) {
    reporter.complete_async(StepsDone{1'000'000}).then([this, duty](const Result<>& result) {
      witness_.late().told_second(duty->token, result);
    });
  }
  if (duty->object && random.chance(10)) {
    witness_.late().dropped(duty->token);
    duty->object.reset();
  }
}

void LateHolder::reported(const Ref& duty, Kind kind, std::uint64_t count, const Result<>& result) {
  note(*duty, std::string(name_of(kind)) + (result ? " is done with" : " is not done with"), count);
  witness_.late().told(duty->token, kind, count, result);
  if (result) return;  // The object goes, and has nothing more to say.
  if (result.error().code == ErrorCode::kFailedPrecondition || result.error().code == ErrorCode::kNotFound) return;
  if (!duty->has_reporter() || world_.random().chance(30)) return drop(duty);
  next(duty);
}

}  // namespace longbeat::simulation
