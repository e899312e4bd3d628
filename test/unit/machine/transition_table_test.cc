#include <array>
#include <functional>
#include <string>

#include "unit/machine/states.h"

namespace longbeat::server {
namespace {

constexpr Phase kPhases[] = {Phase::kScheduled,      Phase::kStarted,        Phase::kCancelRequested,
                             Phase::kPauseRequested, Phase::kResetRequested, Phase::kPaused,
                             Phase::kCompleted,      Phase::kFailed,         Phase::kCanceled,
                             Phase::kTerminated,     Phase::kTimedOut};

constexpr const char* kLate = "NOT_FOUND: activity not found for ID: order-7";
constexpr const char* kNotRunning = "FAILED_PRECONDITION: activity execution is not running";
constexpr const char* kNotAsked =
    "INVALID_ARGUMENT: unable to mark activity as canceled without activity being request canceled first";

const std::string kTerminal = "FAILED_PRECONDITION: activity is in terminal state ";
const std::string kInvalid = "FAILED_PRECONDITION: invalid transition from ";
const std::string kNoPause = "FAILED_PRECONDITION: activity is in non-pausable state ";
const std::string kNoUnpause = "FAILED_PRECONDITION: activity is in non-unpausable state ";
const std::string kNoReset = "FAILED_PRECONDITION: cannot reset an activity with a pending ";
const std::string kNoUpdate = "FAILED_PRECONDITION: Cannot update options for activity in state ";

/// The phase after the event, or the refusal, in one line.
std::string after(ActivityState state, const Event& event) {
  const ActivityState before = state;
  const auto applied = transition(state, event, kStart + 1s);
  if (!applied) {
    CHECK(same(state, before));
    return to_string(applied.error());
  }
  CHECK(state.outcome.has_value() == is_closed(state.progress.phase));
  CHECK((applied->changed == kNothing) == same(state, before));
  if (applied->changed != kNothing) CHECK(state.progress.transition_count == before.progress.transition_count + 1);
  return std::string(to_string(state.progress.phase));
}

struct Row {
  const char* name;
  std::function<Event(const ActivityState&)> event;
  std::array<std::string, 11> expected;  // In the order of kPhases.
};

const Row kTable[] = {
    {"picked up",
     [](const ActivityState&) { return Event(PickedUp{"w", "s", "v"}); },
     {"Started", kLate, kLate, kLate, kLate, kLate, kLate, kLate, kLate, kLate, kLate}},
    {"hand-out undone",
     [](const ActivityState& state) { return Event(HandOutUndone{held(state)}); },
     {kLate, "Scheduled", "Canceled", "Paused", "Scheduled", kLate, kLate, kLate, kLate, kLate, kLate}},
    {"heartbeat",
     [](const ActivityState& state) { return Event(Heartbeat{held(state), "50 %"}); },
     {kLate, "Started", "CancelRequested", "PauseRequested", "ResetRequested", kLate, kLate, kLate, kLate, kLate,
      kLate}},
    {"heartbeat by ID",
     [](const ActivityState&) { return Event(Heartbeat{{}, "50 %"}); },
     {kLate, "Started", "CancelRequested", "PauseRequested", "ResetRequested", kLate, kLate, kLate, kLate, kLate,
      kLate}},
    {"completed",
     [](const ActivityState& state) { return Event(Completed{held(state), "42"}); },
     {kLate, "Completed", "Completed", "Completed", "Completed", kLate, kLate, kLate, kLate, kLate, kLate}},
    {"completed by ID",
     [](const ActivityState&) { return Event(Completed{{}, "42"}); },
     {"Completed", "Completed", "Completed", "Completed", "Completed", "Completed", kInvalid + "Completed",
      kInvalid + "Failed", kInvalid + "Canceled", kInvalid + "Terminated", kInvalid + "TimedOut"}},
    {"failed, retry allowed",
     [](const ActivityState& state) { return Event(application_failure(state)); },
     {kLate, "Scheduled", "Failed", "Paused", "Scheduled", kLate, kLate, kLate, kLate, kLate, kLate}},
    {"failed, non-retryable",
     [](const ActivityState& state) { return Event(application_failure(state, "Bad", true)); },
     {kLate, "Failed", "Failed", "Failed", "Scheduled", kLate, kLate, kLate, kLate, kLate, kLate}},
    {"canceled by its worker",
     [](const ActivityState& state) { return Event(CanceledByWorker{held(state), "so far"}); },
     {kLate, kNotAsked, "Canceled", kNotAsked, kNotAsked, kLate, kLate, kLate, kLate, kLate, kLate}},
    {"oversized",
     [](const ActivityState& state) { return Event(Oversized{held(state), "too big"}); },
     {kLate, "Failed", "Failed", "Failed", "Scheduled", kLate, kLate, kLate, kLate, kLate, kLate}},
    {"cancel requested",
     [](const ActivityState&) { return Event(CancelRequested{"cancel-2", "me", "why", "{}"}); },
     {"Canceled", "CancelRequested", "FAILED_PRECONDITION: cancellation already requested with request ID cancel-1",
      "CancelRequested", "CancelRequested", "Canceled", "FAILED_PRECONDITION: activity is in terminal state Completed",
      "FAILED_PRECONDITION: activity is in terminal state Failed",
      "FAILED_PRECONDITION: activity is in terminal state Canceled",
      "FAILED_PRECONDITION: activity is in terminal state Terminated",
      "FAILED_PRECONDITION: activity is in terminal state TimedOut"}},
    {"terminated",
     [](const ActivityState&) { return Event(Terminated{"terminate-2", "me", "why"}); },
     {"Terminated", "Terminated", "Terminated", "Terminated", "Terminated", "Terminated", kInvalid + "Completed",
      kInvalid + "Failed", kInvalid + "Canceled", "FAILED_PRECONDITION: already terminated with request ID terminate-1",
      kInvalid + "TimedOut"}},
    {"pause requested",
     [](const ActivityState&) { return Event(PauseRequested{"pause-2", "me", "why"}); },
     {"Paused", "PauseRequested", kNoPause + "CancelRequested", kNoPause + "PauseRequested",
      kNoPause + "ResetRequested", kNoPause + "Paused", kNoPause + "Completed", kNoPause + "Failed",
      kNoPause + "Canceled", kNoPause + "Terminated", kNoPause + "TimedOut"}},
    {"unpause requested",
     [](const ActivityState&) { return Event(UnpauseRequested{.request_id = "unpause-2"}); },
     {kNoUnpause + "Scheduled", kNoUnpause + "Started", kNoUnpause + "CancelRequested", "Started",
      kNoUnpause + "ResetRequested", "Scheduled", kTerminal + "Completed", kTerminal + "Failed", kTerminal + "Canceled",
      kTerminal + "Terminated", kTerminal + "TimedOut"}},
    {"reset requested",
     [](const ActivityState&) { return Event(ResetRequested{.request_id = "reset-2"}); },
     {"Scheduled", "ResetRequested", kNoReset + "cancellation", "ResetRequested", kNoReset + "reset", "Scheduled",
      kNotRunning, kNotRunning, kNotRunning, kNotRunning, kNotRunning}},
    {"reset requested, which keeps a pause",
     [](const ActivityState&) { return Event(ResetRequested{.request_id = "reset-2", .keep_paused = true}); },
     {"Scheduled", "ResetRequested", kNoReset + "cancellation", "ResetRequested", kNoReset + "reset", "Paused",
      kNotRunning, kNotRunning, kNotRunning, kNotRunning, kNotRunning}},
    {"options updated",
     [](const ActivityState& state) {
       OptionsUpdated event{.request_id = "update-2", .options = state.input->options};
       event.options.task_queue = "other";
       return Event(event);
     },
     {"Scheduled", "Started", kNoUpdate + "CancelRequested", "PauseRequested", kNoUpdate + "ResetRequested", "Paused",
      kNoUpdate + "Completed", kNoUpdate + "Failed", kNoUpdate + "Canceled", kNoUpdate + "Terminated",
      kNoUpdate + "TimedOut"}},
    {"options restored",
     [](const ActivityState&) { return Event(OptionsUpdated{.request_id = "update-2", .restore_original = true}); },
     {"Scheduled", "Started", kNoUpdate + "CancelRequested", "PauseRequested", kNoUpdate + "ResetRequested", "Paused",
      kNoUpdate + "Completed", kNoUpdate + "Failed", kNoUpdate + "Canceled", kNoUpdate + "Terminated",
      kNoUpdate + "TimedOut"}},
    {"a later start attached",
     [](const ActivityState&) { return Event(StartAttached{{"start-2", {"link"}}, {CallbackState{}}}); },
     {"Scheduled", "Started", "CancelRequested", "PauseRequested", "ResetRequested", "Paused", kTerminal + "Completed",
      kTerminal + "Failed", kTerminal + "Canceled", kTerminal + "Terminated", kTerminal + "TimedOut"}},
    {"no deadline passed",
     [](const ActivityState&) { return Event(DeadlinePassed{}); },
     {"Scheduled", "Started", "CancelRequested", "PauseRequested", "ResetRequested", "Paused", "Completed", "Failed",
      "Canceled", "Terminated", "TimedOut"}},
};

}  // namespace

TEST_CASE("every event in every phase has its effect or its exact refusal", "[server][machine]") {
  for (const Row& row : kTable) {
    for (std::size_t i = 0; i < std::size(kPhases); ++i) {
      CAPTURE(row.name, kPhases[i]);
      const ActivityState state = in_phase(kPhases[i]);
      CHECK(after(state, row.event(state)) == row.expected[i]);
    }
  }
}

TEST_CASE("start-to-close in every phase", "[server][machine]") {
  const char* expected[] = {"Scheduled", "Scheduled", "TimedOut", "Paused",     "Scheduled", "Paused",
                            "Completed", "Failed",    "Canceled", "Terminated", "TimedOut"};
  for (std::size_t i = 0; i < std::size(kPhases); ++i) {
    CAPTURE(kPhases[i]);
    CHECK(after(in_phase(kPhases[i], {.timeouts = {.start_to_close = 1s}}), DeadlinePassed{}) == expected[i]);
  }
}

TEST_CASE("schedule-to-start in every phase", "[server][machine]") {
  for (const Phase phase : kPhases) {
    CAPTURE(phase);
    const auto state = in_phase(phase, {.timeouts = {.schedule_to_start = 1s, .start_to_close = 60s}});
    CHECK(after(state, DeadlinePassed{}) == to_string(phase == Phase::kScheduled ? Phase::kTimedOut : phase));
  }
}

TEST_CASE("schedule-to-close in every phase", "[server][machine]") {
  for (const Phase phase : kPhases) {
    CAPTURE(phase);
    const auto state = in_phase(phase, {.timeouts = {.schedule_to_close = 1s, .start_to_close = 1s}});
    CHECK(after(state, DeadlinePassed{}) == to_string(is_closed(phase) ? phase : Phase::kTimedOut));
  }
}

TEST_CASE("a repeated request", "[server][machine]") {
  for (const Phase phase : kPhases) {
    CAPTURE(phase);
    ActivityState state = in_phase(phase);
    state.progress.notes = std::make_shared<const OperatorNotes>(OperatorNotes{.cancel_request_id = "same",
                                                                               .terminate_request_id = "same",
                                                                               .pause_request_id = "same",
                                                                               .unpause_request_id = "same",
                                                                               .reset_request_id = "same",
                                                                               .update_request_id = "same"});
    auto input = *state.input;
    input.attached.push_back({"same", {}});
    state.input = std::make_shared<const ActivityInput>(input);
    for (const Event& event : {Event(CancelRequested{"same", "x", "y", "z"}), Event(Terminated{"same", "x", "y"}),
                               Event(PauseRequested{"same", "x", "y"}), Event(UnpauseRequested{.request_id = "same"}),
                               Event(ResetRequested{.request_id = "same"}), Event(OptionsUpdated{.request_id = "same"}),
                               Event(StartAttached{{"same", {"link"}}, {CallbackState{}}})}) {
      CAPTURE(event.index());
      const ActivityState before = state;
      CHECK(transition(state, event, kStart + 1s).value().changed == kNothing);
      CHECK(same(state, before));
    }
  }
}

TEST_CASE("a request without an ID repeats none", "[server][machine]") {
  const ActivityState state = scheduled();
  for (const auto kind : {OperatorRequest::kCancel, OperatorRequest::kTerminate, OperatorRequest::kPause,
                          OperatorRequest::kUnpause, OperatorRequest::kReset, OperatorRequest::kUpdate}) {
    CHECK_FALSE(is_repetition(state, kind, ""));
  }
  CHECK_FALSE(is_start_repetition(*state.input, ""));
}

TEST_CASE("reports of an attempt that is no longer held", "[server][machine]") {
  ActivityState state = started();
  const AttemptRef current = held(state);
  for (const AttemptRef old :
       {AttemptRef{current.attempt + 1, current.stamp}, AttemptRef{current.attempt, current.stamp + 1}}) {
    CAPTURE(old.attempt, old.stamp);
    CHECK(after(state, Heartbeat{old, "x"}) == kLate);
    CHECK(after(state, Completed{old, "x"}) == kLate);
    CHECK(after(state, CanceledByWorker{old, "x"}) == kLate);
    CHECK(after(state, HandOutUndone{old}) == kLate);
    CHECK(after(state, Oversized{old, "x"}) == kLate);
    Failed failed = application_failure(state);
    failed.attempt = old;
    CHECK(after(state, failed) == kLate);
  }
}

}  // namespace longbeat::server
