#include "unit/machine/states.h"

namespace longbeat::server {
namespace {

std::string new_request_id() {
  static int number = 0;
  return "update-" + std::to_string(++number);
}

template <class Change>
StatusOr<Applied> update(ActivityState& state, Time now, Change change, OptionsUpdated event = {}) {
  event.request_id = new_request_id();
  event.options = state.input->options;
  change(event.options);
  return transition(state, event, now);
}
StatusOr<Applied> restore(ActivityState& state, Time now) {
  return update(state, now, [](ActivityOptions&) {}, {.restore_original = true});
}
StatusOr<Applied> set_start_delay(ActivityState& state, Time now, Duration delay) {
  return update(state, now, [delay](ActivityOptions& to) { to.start_delay = delay; }, {.start_delay_named = true});
}
StatusOr<Applied> set_initial_interval(ActivityState& state, Time now, Duration interval) {
  return update(state, now, [interval](ActivityOptions& to) { to.retry.initial_interval = interval; },
                {.retry_policy_named = true});
}

/// Waits for its second attempt, due at kStart + 11 s.
ActivityState backing_off(Duration asked_by_worker = 0s) {
  ActivityState state = started({.retry = {.initial_interval = 10s}});
  Failed failed = application_failure(state);
  failed.facts.next_retry_delay = asked_by_worker;
  transition(state, failed, kStart + 1s).value();
  return state;
}

constexpr const char* kTooLate = "FAILED_PRECONDITION: start_delay cannot be changed once the activity has become due";

}  // namespace

TEST_CASE("an update of the options", "[server][machine][options]") {
  SECTION("remembers those of the start, once") {
    ActivityState state = scheduled({.task_queue = "first"});
    const auto shared = state.input;
    const auto to_queue = [&state](const char* name) {
      return update(state, kStart, [name](ActivityOptions& to) { to.task_queue = name; }).value().changed;
    };
    CHECK(to_queue("second") == (kProgress | kInput));
    CHECK(to_queue("third") == (kProgress | kInput));
    CHECK(to_queue("third") == kProgress);
    CHECK(state.input->options.task_queue == "third");
    CHECK(state.input->original_options->task_queue == "first");
    CHECK(shared->options.task_queue == "first");  // A reply on its way keeps what it had.
  }
  SECTION("bumps the stamp and keeps the worker's token") {
    ActivityState state = started();
    const AttemptRef token = held(state);
    const auto stamp = state.progress.stamp;
    update(state, kStart + 1s, [](ActivityOptions& to) { to.timeouts.heartbeat = 5s; }).value();
    CHECK(state.progress.stamp == stamp + 1);
    CHECK(transition(state, Heartbeat{token, "50 %"}, kStart + 2s).ok());
    SECTION("also through a second one, and the next attempt has another token") {
      update(state, kStart + 2s, [](ActivityOptions& to) { to.timeouts.heartbeat = 9s; }).value();
      transition(state, application_failure(state), kStart + 3s).value();
      transition(state, PickedUp{}, kStart + 4s).value();
      CHECK_FALSE(transition(state, Heartbeat{token, ""}, kStart + 5s).ok());
      CHECK(transition(state, Heartbeat{held(state), ""}, kStart + 5s).ok());
    }
  }
  SECTION("re-arms running timers from where they began") {
    ActivityState state = started();
    transition(state, Heartbeat{held(state), ""}, kStart + 3s).value();
    update(state, kStart + 4s, [](ActivityOptions& to) { to.timeouts.heartbeat = 5s; }).value();
    CHECK(plan(state).deadline == kStart + 8s);
    update(state, kStart + 4s, [](ActivityOptions& to) { to.timeouts = {.start_to_close = 7s}; }).value();
    CHECK(plan(state).deadline == kStart + 7s);
    update(state, kStart + 4s, [](ActivityOptions& to) { to.timeouts.schedule_to_close = 6s; }).value();
    CHECK(plan(state).deadline == kStart + 6s);
  }
  SECTION("re-arms schedule-to-start from the dispatch") {
    ActivityState state = scheduled();
    update(state, kStart + 4s, [](ActivityOptions& to) { to.timeouts.schedule_to_start = 5s; }).value();
    CHECK(plan(state).deadline == kStart + 5s);
  }
  SECTION("is repeated by its request ID without effect, also after close") {
    ActivityState state = started();
    OptionsUpdated event{.request_id = "u", .options = state.input->options};
    transition(state, event, kStart).value();
    transition(state, Terminated{"t", "", ""}, kStart).value();
    event.options.task_queue = "other";
    CHECK(transition(state, event, kStart).value().changed == kNothing);
    event.request_id = "v";
    CHECK(to_string(transition(state, event, kStart).error()) ==
          "FAILED_PRECONDITION: Cannot update options for activity in state Terminated");
  }
}

TEST_CASE("an update of the retry policy", "[server][machine][options]") {
  SECTION("recomputes the backoff from the end of the attempt") {
    ActivityState state = backing_off();
    set_initial_interval(state, kStart + 2s, 5s).value();
    CHECK(plan(state).dispatch_at == kStart + 6s);
    CHECK(state.progress.current_retry_interval == 5s);
    set_initial_interval(state, kStart + 3s, 30s).value();
    CHECK(plan(state).dispatch_at == kStart + 31s);
  }
  SECTION("recomputes the backoff from the end of an attempt that timed out") {
    ActivityState state = started({.timeouts = {.start_to_close = 60s}, .retry = {.initial_interval = 10s}});
    transition(state, DeadlinePassed{}, kStart + 60s).value();
    set_initial_interval(state, kStart + 62s, 5s).value();
    CHECK(plan(state).dispatch_at == kStart + 65s);
  }
  SECTION("recomputes the longer backoff of a later attempt") {
    ActivityState state = backing_off();
    transition(state, PickedUp{}, kStart + 11s).value();
    transition(state, application_failure(state), kStart + 12s).value();
    set_initial_interval(state, kStart + 13s, 30s).value();
    CHECK(plan(state).dispatch_at == kStart + 12s + 60s);
  }
  SECTION("makes due now what would have been due already") {
    ActivityState state = backing_off();
    set_initial_interval(state, kStart + 5s, 1s).value();
    CHECK(plan(state).dispatch_at == kStart + 5s);
  }
  SECTION("leaves alone a task that is due, and the first attempt") {
    ActivityState state = backing_off();
    set_initial_interval(state, kStart + 11s, 1h).value();
    CHECK(plan(state).dispatch_at == kStart + 11s);
    state = scheduled({.start_delay = 5s});
    set_initial_interval(state, kStart + 1s, 1h).value();
    CHECK(plan(state).dispatch_at == kStart + 5s);
  }
  SECTION("while paused changes what an unpause waits for") {
    ActivityState state = backing_off();
    transition(state, PauseRequested{"p", "", ""}, kStart + 2s).value();
    set_initial_interval(state, kStart + 3s, 60s).value();
    transition(state, UnpauseRequested{.request_id = "u"}, kStart + 4s).value();
    CHECK(plan(state).dispatch_at == kStart + 61s);
  }
  SECTION("leaves a delay that the worker asked for") {
    ActivityState state = backing_off(1h);
    CHECK(state.progress.interval_from_worker);
    update(state, kStart + 2s, [](ActivityOptions& to) { to.task_queue = "other"; }).value();
    CHECK(plan(state).dispatch_at == kStart + 1s + 1h);
    set_initial_interval(state, kStart + 2s, 10s).value();  // As it is.
    CHECK(plan(state).dispatch_at == kStart + 1s + 1h);
    set_initial_interval(state, kStart + 2s, 20s).value();
    CHECK(plan(state).dispatch_at == kStart + 1s + 1h);
    CHECK(state.progress.interval_from_worker);
  }
  SECTION("counts for the running attempt's failure") {
    ActivityState state = started();
    update(state, kStart, [](ActivityOptions& to) { to.retry.maximum_attempts = 1; }, {.retry_policy_named = true})
        .value();
    transition(state, application_failure(state), kStart + 1s).value();
    CHECK(state.outcome->retry_state == RetryState::kMaximumAttemptsReached);
  }
}

TEST_CASE("an update of the start delay", "[server][machine][options]") {
  ActivityState state = scheduled({.timeouts = {.schedule_to_close = 60s, .start_to_close = 60s}, .start_delay = 10s});
  SECTION("moves the first dispatch and what counts from it") {
    set_start_delay(state, kStart + 1s, 20s).value();
    CHECK(plan(state).dispatch_at == kStart + 20s);
    CHECK(plan(state).deadline == kStart + 80s);
  }
  SECTION("makes it due now when the new delay is over") {
    set_start_delay(state, kStart + 5s, 2s).value();
    CHECK(plan(state).dispatch_at == kStart + 5s);
    CHECK(to_string(set_start_delay(state, kStart + 6s, 20s).error()) == kTooLate);
  }
  SECTION("is refused once it has become due, even if nobody polled") {
    const ActivityState before = state;
    CHECK(set_start_delay(state, kStart + 10s - 1ns, 10s).ok());
    state = before;
    CHECK(to_string(set_start_delay(state, kStart + 10s, 20s).error()) == kTooLate);
    CHECK(same(state, before));
  }
  SECTION("is refused while a worker holds it and while it waits for a later attempt") {
    transition(state, PickedUp{}, kStart + 10s).value();
    CHECK(to_string(set_start_delay(state, kStart + 11s, 20s).error()) == kTooLate);
    transition(state, application_failure(state), kStart + 11s).value();
    CHECK(to_string(set_start_delay(state, kStart + 11s, 20s).error()) == kTooLate);
  }
  SECTION("is possible while paused since before the first dispatch, however late") {
    transition(state, PauseRequested{"p", "", ""}, kStart + 1s).value();
    CHECK(set_start_delay(state, kStart + 50s, 55s).ok());
    transition(state, UnpauseRequested{.request_id = "u"}, kStart + 51s).value();
    CHECK(plan(state).dispatch_at == kStart + 55s);
  }
  SECTION("is refused while paused since after it") {
    transition(state, PauseRequested{"p", "", ""}, kStart + 10s).value();
    CHECK(to_string(set_start_delay(state, kStart + 11s, 20s).error()) == kTooLate);
  }
  SECTION("does not happen unless it is named") {
    update(state, kStart, [](ActivityOptions& to) { to.start_delay = 99s; }).value();
    CHECK(state.input->options.start_delay == 10s);
  }
}

TEST_CASE("restoring the options of the start", "[server][machine][options]") {
  const auto elsewhere = [](ActivityOptions& to) {
    to.task_queue = "other";
    to.retry.initial_interval = 60s;
  };
  SECTION("by an update brings them back, with the backoff of their policy") {
    ActivityState state = backing_off();
    update(state, kStart + 2s, elsewhere, {.retry_policy_named = true}).value();
    CHECK(plan(state).dispatch_at == kStart + 61s);
    CHECK(restore(state, kStart + 3s).value().changed == (kProgress | kInput));
    CHECK(state.input->options == *state.input->original_options);
    CHECK(plan(state).dispatch_at == kStart + 11s);
  }
  SECTION("before anything was changed is a step that changes no option") {
    ActivityState state = scheduled();
    CHECK(restore(state, kStart).value().changed == kProgress);
  }
  SECTION("brings the start delay back before the first dispatch only") {
    ActivityState state = scheduled({.start_delay = 10s});
    set_start_delay(state, kStart, 20s).value();
    ActivityState later_on = state;
    restore(state, kStart + 1s).value();
    CHECK(plan(state).dispatch_at == kStart + 10s);
    restore(later_on, kStart + 20s).value();
    CHECK(later_on.input->options.start_delay == 20s);
    CHECK(plan(later_on).dispatch_at == kStart + 20s);
  }
  SECTION("by a reset happens at once where no worker holds it") {
    ActivityState state = scheduled();
    update(state, kStart, elsewhere).value();
    const auto applied =
        transition(state, ResetRequested{.request_id = "r", .restore_original_options = true}, kStart + 1s).value();
    CHECK(applied.changed == (kProgress | kInput));
    CHECK(state.input->options == *state.input->original_options);
  }
  SECTION("by a reset is invisible until it lands") {
    ActivityState state = scheduled({.start_delay = 10s});
    set_start_delay(state, kStart, 20s).value();
    transition(state, PickedUp{}, kStart + 20s).value();
    update(state, kStart + 20s, elsewhere).value();
    transition(state, ResetRequested{.request_id = "r", .restore_original_options = true}, kStart + 21s).value();
    CHECK(state.input->options.task_queue == "other");
    CHECK_FALSE(update(state, kStart + 21s, elsewhere).ok());
    CHECK(transition(state, application_failure(state), kStart + 22s).value().changed ==
          (kProgress | kLastFailure | kInput));
    CHECK(state.input->options.task_queue.empty());
    CHECK(state.input->options.start_delay == 20s);
  }
}

TEST_CASE("a later start that attaches", "[server][machine][options]") {
  ActivityState state = started();
  const auto attach = [&state](std::string id, std::vector<std::string> links, std::size_t callbacks = 0) {
    StartAttached event{{std::move(id), std::move(links)}, std::vector<CallbackState>(callbacks)};
    for (CallbackState& callback : event.callbacks) callback.url = "http://a";
    return transition(state, event, kStart + 1s).value().changed;
  };
  const auto stamp = state.progress.stamp;
  CHECK(attach("s2", {"a", "a"}) == (kProgress | kInput));
  CHECK(attach("s3", {}, 2) == (kProgress | kInput | kCallbacks));
  SECTION("groups links by request, appends callbacks and leaves the attempt alone") {
    CHECK((state.input->attached == std::vector<AttachedRequest>{{"s2", {"a", "a"}}, {"s3", {}}}));
    REQUIRE(state.callbacks.size() == 2);
    CHECK(state.callbacks[1].request_id == "s3");
    CHECK(state.callbacks[1].registration_time == kStart + 1s);
    CHECK(state.callbacks[1].phase == CallbackPhase::kStandby);
    CHECK(state.progress.stamp == stamp);
  }
  SECTION("once more does nothing, also after close") {
    CHECK(attach("s2", {"b"}, 1) == kNothing);
    transition(state, Terminated{"t", "", ""}, kStart).value();
    CHECK(attach("s3", {"b"}, 1) == kNothing);
    CHECK(is_start_repetition(*state.input, "s2"));
    CHECK_FALSE(is_start_repetition(*state.input, "s4"));
  }
  SECTION("without its request ID shares one group with others like it") {
    attach("", {"x"});
    attach("", {"y"});
    CHECK((state.input->attached.back() == AttachedRequest{"", {"x", "y"}}));
  }
}

}  // namespace longbeat::server
