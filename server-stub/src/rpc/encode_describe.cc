#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/encode.h"
#include "rpc/encode_parts.h"
#include "rpc/failure_codec.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;
namespace enums = temporal::api::enums::v1;
using temporal::api::activity::v1::ActivityExecutionInfo;

namespace {

/// What the start request fixed, with its defaults filled in: durations are present, zero meaning none.
void encode_definition(const ActivityState& state, ActivityExecutionInfo& to) {
  const ActivityInput& from = *state.input;
  const ActivityOptions& options = from.options;
  assign(*to.mutable_activity_id(), from.activity_id);
  to.set_run_id(internal::to_string(from.run_id));
  assign(*to.mutable_activity_type()->mutable_name(), from.type);
  assign(*to.mutable_task_queue(), options.task_queue);
  encode_timeouts(options.timeouts, to);
  encode_retry(options.retry, *to.mutable_retry_policy());
  if (options.priority.present) encode_priority(options.priority, *to.mutable_priority());
  assign(*to.mutable_schedule_time(), from.schedule_time);
  assign(*to.mutable_start_delay(), options.start_delay);
  assign(*to.mutable_execution_time(), state.first_dispatch_time());
  if (options.timeouts.schedule_to_close > Duration::zero()) {
    assign(*to.mutable_expiration_time(), later(state.first_dispatch_time(), options.timeouts.schedule_to_close));
  }
  // Present even when empty: the Go SDK dereferences it.
  restore(from.search_attributes, *to.mutable_search_attributes());
  if (!from.header.empty()) restore(from.header, *to.mutable_header());
  if (!from.user_metadata.empty()) restore(from.user_metadata, *to.mutable_user_metadata());
  for (const auto& link : from.links) restore(link, *to.add_links());
  for (const auto& request : from.attached) {
    for (const auto& link : request.links) restore(link, *to.add_links());
  }
}

void encode_progress(const ActivityProgress& from, Time now, ActivityExecutionInfo& to) {
  to.set_status(status_of(from.phase));
  // A pending reset shows as what it will leave behind.
  const bool lands_paused = from.phase == Phase::kResetRequested && from.pending_reset.lands_paused;
  to.set_run_state(run_state_of(lands_paused ? Phase::kPauseRequested : from.phase));
  to.set_attempt(from.attempt);
  to.set_total_heartbeat_count(from.heartbeat_count);
  to.set_state_transition_count(from.transition_count);
  assign(*to.mutable_last_worker_identity(), from.worker_identity);
  assign(*to.mutable_sdk_name(), from.sdk_name);
  assign(*to.mutable_sdk_version(), from.sdk_version);
  if (from.notes) to.set_canceled_reason(from.notes->cancel_reason);
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

void encode_callback(const CallbackState& from, temporal::api::activity::v1::CallbackInfo& to) {
  to.mutable_trigger()->mutable_activity_closed();
  auto& info = *to.mutable_info();
  restore(from.message, *info.mutable_callback());
  assign(*info.mutable_registration_time(), from.registration_time);
  info.set_state(static_cast<enums::CallbackState>(from.phase));
  info.set_attempt(from.attempt);
  if (is_set(from.last_attempt_complete_time)) {
    assign(*info.mutable_last_attempt_complete_time(), from.last_attempt_complete_time);
  }
  if (!from.last_failure.empty()) {
    auto& failure = *info.mutable_last_attempt_failure();
    failure.set_message(from.last_failure);
    failure.mutable_application_failure_info()->set_non_retryable(from.last_failure_final);
  }
  if (from.phase == CallbackPhase::kBackingOff && is_set(from.next_attempt_time)) {
    assign(*info.mutable_next_attempt_schedule_time(), from.next_attempt_time);
  }
  info.set_blocked_reason(from.blocked_reason);
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
  info.set_state_size_bytes(state_size_bytes(state));
  if (is_closed(state.progress.phase)) {
    assign(*info.mutable_close_time(), state.progress.close_time);
    assign(*info.mutable_execution_duration(), state.progress.close_time - state.input->schedule_time);
  }

  for (const auto& callback : state.callbacks) encode_callback(callback, *to.add_callbacks());

  if (from.include.input && !state.input->input.empty()) restore(state.input->input, *to.mutable_input());
  if (from.include.outcome && state.outcome) encode_outcome(*state.outcome, *to.mutable_outcome());
  if (from.include.heartbeat_details && !state.heartbeat_details.empty()) {
    restore(state.heartbeat_details, *info.mutable_heartbeat_details());
  }
  if (from.include.last_failure && state.last_failure) {
    encode_failure(*state.last_failure, *info.mutable_last_failure());
  }
  return to_byte_buffer(to);
}

}  // namespace longbeat::server
