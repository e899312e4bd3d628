#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/encode.h"
#include "rpc/encode_parts.h"
#include "rpc/failure_codec.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;
namespace enums = temporal::api::enums::v1;
using temporal::api::activity::v1::ActivityExecutionInfo;

namespace {

enums::ActivityExecutionStatus status_of(Phase phase) {
  switch (phase) {
    case Phase::kCompleted:
      return enums::ACTIVITY_EXECUTION_STATUS_COMPLETED;
    case Phase::kFailed:
      return enums::ACTIVITY_EXECUTION_STATUS_FAILED;
    case Phase::kCanceled:
      return enums::ACTIVITY_EXECUTION_STATUS_CANCELED;
    case Phase::kTerminated:
      return enums::ACTIVITY_EXECUTION_STATUS_TERMINATED;
    case Phase::kTimedOut:
      return enums::ACTIVITY_EXECUTION_STATUS_TIMED_OUT;
    case Phase::kPaused:
      return enums::ACTIVITY_EXECUTION_STATUS_PAUSED;
    default:
      return enums::ACTIVITY_EXECUTION_STATUS_RUNNING;
  }
}

enums::PendingActivityState run_state_of(Phase phase) {
  switch (phase) {
    case Phase::kScheduled:
      return enums::PENDING_ACTIVITY_STATE_SCHEDULED;
    case Phase::kStarted:
    case Phase::kResetRequested:
      return enums::PENDING_ACTIVITY_STATE_STARTED;  // A pending reset does not show.
    case Phase::kCancelRequested:
      return enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
    case Phase::kPauseRequested:
      return enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED;
    case Phase::kPaused:
      return enums::PENDING_ACTIVITY_STATE_PAUSED;
    default:
      return enums::PENDING_ACTIVITY_STATE_UNSPECIFIED;
  }
}

/// Informative: the bytes kept for this activity, without the store's own.
std::int64_t size_of(const ActivityState& state) {
  const ActivityInput& input = *state.input;
  std::size_t bytes = sizeof(ActivityProgress) + input.activity_id.size() + input.type.size() + input.input.size() +
                      input.header.size() + input.user_metadata.size() + input.search_attributes.size() +
                      state.heartbeat_details.size();
  for (const auto& link : input.links) bytes += link.size();
  if (state.last_failure) bytes += state.last_failure->opaque.size() + state.last_failure->message.size();
  if (state.outcome) bytes += state.outcome->result.size() + state.outcome->failure.opaque.size();
  return static_cast<std::int64_t>(bytes);
}

/// What the start request fixed, with its defaults filled in: durations are present, zero meaning none.
void encode_definition(const ActivityState& state, ActivityExecutionInfo& to) {
  const ActivityInput& from = *state.input;
  const ActivityOptions& options = from.options;
  to.set_activity_id(from.activity_id);
  to.set_run_id(internal::to_string(from.run_id));
  to.mutable_activity_type()->set_name(from.type);
  to.set_task_queue(options.task_queue);
  assign(*to.mutable_schedule_to_close_timeout(), options.timeouts.schedule_to_close);
  assign(*to.mutable_schedule_to_start_timeout(), options.timeouts.schedule_to_start);
  assign(*to.mutable_start_to_close_timeout(), options.timeouts.start_to_close);
  assign(*to.mutable_heartbeat_timeout(), options.timeouts.heartbeat);
  encode_retry(options.retry, *to.mutable_retry_policy());
  if (options.priority.present) encode_priority(options.priority, *to.mutable_priority());
  assign(*to.mutable_schedule_time(), from.schedule_time);
  assign(*to.mutable_start_delay(), options.start_delay);
  assign(*to.mutable_execution_time(), state.first_dispatch_time());
  if (options.timeouts.schedule_to_close > Duration::zero()) {
    assign(*to.mutable_expiration_time(), state.first_dispatch_time() + options.timeouts.schedule_to_close);
  }
  // Present even when empty: the Go SDK dereferences it.
  restore(from.search_attributes, *to.mutable_search_attributes());
  if (!from.header.empty()) restore(from.header, *to.mutable_header());
  if (!from.user_metadata.empty()) restore(from.user_metadata, *to.mutable_user_metadata());
  for (const auto& link : from.links) restore(link, *to.add_links());
}

void encode_progress(const ActivityProgress& from, Time now, ActivityExecutionInfo& to) {
  to.set_status(status_of(from.phase));
  to.set_run_state(run_state_of(from.phase));
  to.set_attempt(from.attempt);
  to.set_total_heartbeat_count(from.heartbeat_count);
  to.set_state_transition_count(from.transition_count);
  to.set_last_worker_identity(from.worker_identity);
  to.set_sdk_name(from.sdk_name);
  to.set_sdk_version(from.sdk_version);
  to.set_canceled_reason(from.cancel_reason);
  if (is_set(from.last_heartbeat_time)) assign(*to.mutable_last_heartbeat_time(), from.last_heartbeat_time);
  if (is_set(from.started_time)) assign(*to.mutable_last_started_time(), from.started_time);
  if (is_set(from.last_attempt_complete_time)) {
    assign(*to.mutable_last_attempt_complete_time(), from.last_attempt_complete_time);
  }
  if (from.phase == Phase::kScheduled && from.dispatch_time > now) {
    assign(*to.mutable_next_attempt_schedule_time(), from.dispatch_time);
    // A start delay is a wait too, but no retry interval.
    if (from.current_retry_interval > Duration::zero()) {
      assign(*to.mutable_current_retry_interval(), from.current_retry_interval);
    }
  }
}

}  // namespace

grpc::ByteBuffer encode_describe(const EncodeInput& input) {
  const auto& from = std::get<DescribeReply>(input.reply);
  auto& to = input.scratch.make<service::DescribeActivityExecutionResponse>();
  if (!from.state) return to_byte_buffer(to);  // A long poll that ran out.
  const ActivityState& state = *from.state;
  to.set_run_id(internal::to_string(state.input->run_id));
  to.set_long_poll_token(from.long_poll_token);

  auto& info = *to.mutable_info();
  encode_definition(state, info);
  encode_progress(state.progress, input.now, info);
  info.set_state_size_bytes(size_of(state));
  if (is_closed(state.progress.phase)) {
    assign(*info.mutable_close_time(), state.progress.close_time);
    assign(*info.mutable_execution_duration(), state.progress.close_time - state.input->schedule_time);
  }

  if (from.include.include_input && !state.input->input.empty()) restore(state.input->input, *to.mutable_input());
  if (from.include.include_outcome && state.outcome) encode_outcome(*state.outcome, *to.mutable_outcome());
  if (from.include.include_heartbeat_details && !state.heartbeat_details.empty()) {
    restore(state.heartbeat_details, *info.mutable_heartbeat_details());
  }
  if (from.include.include_last_failure && state.last_failure) {
    encode_failure(*state.last_failure, *info.mutable_last_failure());
  }
  return to_byte_buffer(to);
}

}  // namespace longbeat::server
