#include "base/random.h"
#include "machine/callbacks.h"
#include "record/record.h"
#include "unit/machine/states.h"

namespace longbeat::server {
namespace {

using internal::Random;

std::string few(Random& random, const char* prefix) {
  return prefix + std::to_string(random.below(4));
}

ActivityOptions some_options(Random& random) {
  const auto time = [&random](std::uint64_t none_in) {
    return random.below(none_in) == 0 ? Duration(0) : Duration(1s) * static_cast<int>(1 + random.below(60));
  };
  ActivityOptions options{.task_queue = few(random, "queue-")};
  options.timeouts = {time(2), time(2), Duration(1s) * static_cast<int>(1 + random.below(60)), time(2)};
  options.retry = {.initial_interval = Duration(1s) * static_cast<int>(1 + random.below(5)),
                   .maximum_attempts = static_cast<std::int32_t>(random.below(5))};
  options.start_delay = time(2);
  return options;
}

std::optional<AttemptRef> some_attempt(Random& random, const ActivityState& state) {
  if (random.chance(20)) return std::nullopt;
  AttemptRef attempt = held(state);
  if (random.chance(10)) ++attempt.attempt;
  if (random.chance(10)) --attempt.stamp;
  return attempt;
}

Event some_report(Random& random, const ActivityState& state) {
  const auto attempt = some_attempt(random, state);
  switch (random.below(7)) {
    case 0:
      return HandOutUndone{attempt.value_or(held(state))};
    case 1:
      return Completed{attempt, few(random, "result-")};
    case 2:
      return CanceledByWorker{attempt, few(random, "details-")};
    case 3:
      return Oversized{attempt, "too big"};
    case 4: {
      Failed failed = application_failure(state, "Boom", random.chance(20));
      failed.attempt = attempt;
      if (random.chance(30)) failed.last_heartbeat_details = few(random, "details-");
      if (random.chance(30)) failed.facts.next_retry_delay = 7s;
      return failed;
    }
    default:
      return Heartbeat{attempt, few(random, "details-")};
  }
}

Event some_request(Random& random) {
  switch (random.below(12)) {
    case 0:
      return CancelRequested{few(random, "cancel-"), "me", "why", "payloads"};
    case 1:
      return Terminated{few(random, "terminate-"), "me", "why"};
    case 2:
    case 3:
      return PauseRequested{few(random, "pause-"), "me", "why"};
    case 4:
    case 5:
      return UnpauseRequested{few(random, "unpause-"), random.chance(50) ? 2s : 0s};
    case 6:
    case 7:
      return ResetRequested{few(random, "reset-"), random.chance(50), random.chance(50), random.chance(50),
                            random.chance(50) ? 2s : 0s};
    case 8:
      return StartAttached{{few(random, "start-"), {few(random, "link-")}},
                           std::vector<CallbackState>(random.below(2))};
    default:
      return OptionsUpdated{few(random, "update-"), random.chance(20), some_options(random), random.chance(50),
                            random.chance(30)};
  }
}

Event some_event(Random& random, const ActivityState& state) {
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return PickedUp{few(random, "worker-"), "sdk", "1"};
    case 3:
      return DeadlinePassed{};
    case 4:
    case 5:
    case 6:
      return some_request(random);
    default:
      return some_report(random, state);
  }
}

template <class Value, class Encode, class Decode>
bool comes_back(const Value& value, Encode encode, Decode decode) {
  const RowRef row(std::uint8_t{2}, 7);
  std::string bytes;
  encode(row, value, bytes);
  return decode(row, bytes).value() == value;
}

/// What holds in every state that can be reached.
void check_state(const ActivityState& state) {
  const ActivityProgress& progress = state.progress;
  CHECK(state.outcome.has_value() == is_closed(progress.phase));
  CHECK(progress.attempt >= 1);
  if (progress.phase != Phase::kResetRequested) CHECK((progress.pending_reset == PendingReset{}));
  if (progress.phase == Phase::kCancelRequested) CHECK(progress.cancel_requested);
  if (in_progress(progress.phase)) CHECK(progress.current_retry_interval == 0s);
  CHECK(progress.dispatch_time >= state.input->schedule_time);
  const Plan next = plan(state);
  CHECK(next.dispatch_at.has_value() == (progress.phase == Phase::kScheduled));
  if (is_closed(progress.phase)) CHECK_FALSE(next.deadline.has_value());
  for (const CallbackState& callback : state.callbacks) {
    CHECK((callback.phase == CallbackPhase::kStandby) == !is_closed(progress.phase));
  }
  CHECK(comes_back(progress, encode_progress, decode_progress));
  CHECK(comes_back(*state.input, encode_input, decode_input));
  CHECK(comes_back(state.callbacks, encode_callbacks, decode_callbacks));
}

/// One step, and what holds between the state before and after it.
void step(ActivityState& state, const Event& event, Time now) {
  const ActivityState before = state;
  const auto applied = transition(state, event, now);
  if (!applied) {
    CHECK(same(state, before));
    CHECK(applied.error().code != internal::StatusCode::kInternal);
    return;
  }
  CHECK((applied->changed == kNothing) == same(state, before));
  CHECK(state.progress.stamp >= before.progress.stamp);
  CHECK(state.progress.transition_count == before.progress.transition_count + (applied->changed != kNothing ? 1 : 0));
  CHECK(applied->cancel_requested + applied->activity_paused + applied->activity_reset <= 1);
  if (is_closed(before.progress.phase)) CHECK(applied->changed == kNothing);
  // What changed is said, or a crash would bring it back.
  const auto said = [&applied](std::uint8_t part) { return (applied->changed & part) != 0; };
  CHECK((said(kProgress) || said(kBeatOnly)) == !(state.progress == before.progress));
  CHECK(said(kDetails) >= (state.heartbeat_details != before.heartbeat_details));
  CHECK(said(kLastFailure) >= (state.last_failure != before.last_failure));
  CHECK(said(kOutcome) == (state.outcome != before.outcome));
  CHECK(said(kInput) == (state.input != before.input));
  CHECK(said(kCallbacks) == (state.callbacks != before.callbacks));
  if (std::holds_alternative<PickedUp>(event)) {
    CHECK(now >= before.progress.dispatch_time);
    CHECK(state.progress.started_stamp > before.progress.started_stamp);
  }
}

}  // namespace

TEST_CASE("whatever happens, a state stays one that makes sense", "[server][machine][property]") {
  std::size_t closed = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    ActivityState state = scheduled(some_options(random));
    if (random.chance(50)) state.callbacks.resize(2);
    Time now = kStart;
    for (int i = 0; i < 40; ++i) {
      CAPTURE(i);
      now += Duration(1ms) * static_cast<int>(random.below(8000));
      step(state, some_event(random, state), now);
      check_state(state);
    }
    closed += is_closed(state.progress.phase);
  }
  CHECK(closed > 1000);  // The events lead somewhere.
}

}  // namespace longbeat::server
