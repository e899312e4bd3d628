#include "unit/machine/states.h"

namespace longbeat::server {

TEST_CASE("the plan", "[server][machine][plan]") {
  const ActivityOptions options{
      .timeouts = {.schedule_to_close = 100s, .schedule_to_start = 20s, .start_to_close = 50s, .heartbeat = 10s}};
  SECTION("of a scheduled activity dispatches it and watches the queue") {
    const Plan next = plan(scheduled(options));
    CHECK(next.dispatch_at == kStart);
    CHECK(next.deadline == kStart + 20s);
    CHECK_FALSE(next.deadline_of_attempt);
  }
  SECTION("of a held attempt watches its heartbeats, then its end, then the activity's") {
    ActivityState state = started(options);
    CHECK_FALSE(plan(state).dispatch_at.has_value());
    CHECK(plan(state).deadline == kStart + 10s);
    CHECK(plan(state).deadline_of_attempt);
    transition(state, Heartbeat{held(state), ""}, kStart + 45s).value();
    CHECK(plan(state).deadline == kStart + 50s);
    state.progress.started_time = kStart + 80s;
    state.progress.last_heartbeat_time = kStart + 95s;
    CHECK(plan(state).deadline == kStart + 100s);
    CHECK(plan(state).deadline_of_attempt);
  }
  SECTION("of a paused activity only watches schedule-to-close") {
    const Plan next = plan(in_phase(Phase::kPaused, options));
    CHECK_FALSE(next.dispatch_at.has_value());
    CHECK(next.deadline == kStart + 100s);
    CHECK_FALSE(next.deadline_of_attempt);
    CHECK_FALSE(
        plan(in_phase(Phase::kPaused, {.timeouts = {.schedule_to_start = 20s, .start_to_close = 50s}})).deadline);
  }
  SECTION("of a closed activity is empty") {
    const Plan next = plan(in_phase(Phase::kCompleted, options));
    CHECK_FALSE(next.dispatch_at.has_value());
    CHECK_FALSE(next.deadline.has_value());
  }
  SECTION("closes a run after it began, also within one tick of the clock") {
    ActivityState state = scheduled(options);
    transition(state, CancelRequested{"c", "", "", ""}, kStart).value();
    CHECK(state.progress.close_time == kStart + 1ns);
  }
  SECTION("survives durations that reach beyond the end of time") {
    ActivityState state =
        scheduled({.timeouts = {.schedule_to_close = Duration::max(), .start_to_close = Duration::max()},
                   .start_delay = Duration::max()});
    CHECK(plan(state).dispatch_at == Time::max());
    CHECK(plan(state).deadline == Time::max());
  }
}

}  // namespace longbeat::server
