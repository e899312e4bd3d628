#include <functional>

#include "unit/machine/states.h"

namespace longbeat::server {
namespace {

/// Each change makes another value of the same first one.
template <class Value>
void check_each_counts(const Value& value, const std::vector<std::function<void(Value&)>>& changes) {
  CHECK(value == Value(value));
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    Value other = value;
    changes[i](other);
    CHECK_FALSE(value == other);
    CHECK_FALSE(other == value);
  }
}

}  // namespace

TEST_CASE("what a start request said is the same only when all of it is", "[server][machine]") {
  using Input = ActivityInput;
  check_each_counts<Input>(
      *started().input,
      {[](Input& input) { input.namespace_id = 7; }, [](Input& input) { input.activity_id = "another"; },
       [](Input& input) { input.run_id[3] = std::uint8_t{9}; }, [](Input& input) { input.type = "another"; },
       [](Input& input) { input.start_request_id = "another"; },
       [](Input& input) { input.starter_identity = "another"; },
       [](Input& input) { input.options.task_queue = "another"; },
       [](Input& input) { input.options.timeouts.heartbeat = 1h; },
       [](Input& input) { input.options.retry.maximum_attempts = 77; },
       [](Input& input) { input.options.priority.key = 5; }, [](Input& input) { input.schedule_time += 1ns; },
       [](Input& input) { input.input = "another"; }, [](Input& input) { input.header = "another"; },
       [](Input& input) { input.user_metadata = "another"; }, [](Input& input) { input.search_attributes = "another"; },
       [](Input& input) { input.links = {"another"}; },
       [](Input& input) { input.original_options = std::make_shared<ActivityOptions>(); },
       [](Input& input) { input.attached = {{"another", {}}}; }});
}

TEST_CASE("the progress of an activity is the same only when all of it is", "[server][machine]") {
  using Progress = ActivityProgress;
  check_each_counts<Progress>(
      started().progress,
      {[](Progress& progress) { progress.phase = Phase::kPaused; }, [](Progress& progress) { ++progress.attempt; },
       [](Progress& progress) { ++progress.stamp; }, [](Progress& progress) { ++progress.started_stamp; },
       [](Progress& progress) { progress.dispatch_time += 1ns; },
       [](Progress& progress) { progress.started_time += 1ns; },
       [](Progress& progress) { progress.last_heartbeat_time += 1ns; },
       [](Progress& progress) { progress.last_attempt_complete_time += 1ns; },
       [](Progress& progress) { progress.close_time += 1ns; },
       [](Progress& progress) { progress.current_retry_interval = 1h; },
       [](Progress& progress) { ++progress.heartbeat_count; }, [](Progress& progress) { ++progress.transition_count; },
       [](Progress& progress) { progress.worker_identity = "another"; },
       [](Progress& progress) { progress.sdk_name = "another"; },
       [](Progress& progress) { progress.sdk_version = "another"; },
       [](Progress& progress) { progress.cancel_requested = true; },
       [](Progress& progress) { progress.interval_from_worker = true; },
       [](Progress& progress) { progress.pending_reset.clears_details = true; },
       [](Progress& progress) { progress.notes = std::make_shared<OperatorNotes>(); }});
}

TEST_CASE("what operators asked for is compared by what it says, not by where it lies", "[server][machine]") {
  ActivityProgress one = in_phase(Phase::kCancelRequested).progress;
  ActivityProgress other = one;
  other.notes = std::make_shared<OperatorNotes>(*one.notes);
  CHECK(one == other);
  auto notes = std::make_shared<OperatorNotes>(*one.notes);
  notes->cancel_reason = "another";
  other.notes = notes;
  CHECK_FALSE(one == other);
}

}  // namespace longbeat::server
