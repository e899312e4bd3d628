#include "record/record.h"

#include <utility>

#include "record/message.h"

namespace longbeat::server {
namespace {

void put(const Text& from, std::string& to) {
  to.assign(from.view());
}

void put(const OperatorNotes& from, pb::Progress& to) {
  to.set_cancel_request_id(from.cancel_request_id);
  to.set_cancel_identity(from.cancel_identity);
  to.set_cancel_reason(from.cancel_reason);
  to.set_cancel_details(from.cancel_details);
  pb::OperatorNotes& notes = *to.mutable_notes();
  notes.set_terminate_request_id(from.terminate_request_id);
  notes.set_pause_request_id(from.pause_request_id);
  notes.set_unpause_request_id(from.unpause_request_id);
  notes.set_reset_request_id(from.reset_request_id);
  notes.set_update_request_id(from.update_request_id);
  notes.set_pause_identity(from.pause_identity);
  notes.set_pause_reason(from.pause_reason);
  notes.set_paused_before_first_dispatch(from.paused_before_first_dispatch);
}

/// Null when nothing was asked for. Rows of the first servers have the cancel alone.
std::shared_ptr<const OperatorNotes> get_notes(pb::Progress& from) {
  const bool cancel = !from.cancel_request_id().empty() || !from.cancel_identity().empty() ||
                      !from.cancel_reason().empty() || !from.cancel_details().empty();
  if (!cancel && !from.has_notes()) return nullptr;
  auto to = std::make_shared<OperatorNotes>();
  to->cancel_request_id = std::move(*from.mutable_cancel_request_id());
  to->cancel_identity = std::move(*from.mutable_cancel_identity());
  to->cancel_reason = std::move(*from.mutable_cancel_reason());
  to->cancel_details = std::move(*from.mutable_cancel_details());
  if (!from.has_notes()) return to;
  pb::OperatorNotes& notes = *from.mutable_notes();
  to->terminate_request_id = std::move(*notes.mutable_terminate_request_id());
  to->pause_request_id = std::move(*notes.mutable_pause_request_id());
  to->unpause_request_id = std::move(*notes.mutable_unpause_request_id());
  to->reset_request_id = std::move(*notes.mutable_reset_request_id());
  to->update_request_id = std::move(*notes.mutable_update_request_id());
  to->pause_identity = std::move(*notes.mutable_pause_identity());
  to->pause_reason = std::move(*notes.mutable_pause_reason());
  to->paused_before_first_dispatch = notes.paused_before_first_dispatch();
  return to;
}

void put(const ActivityProgress& from, pb::Progress& to) {
  to.set_phase(static_cast<std::int32_t>(from.phase));
  to.set_attempt(from.attempt);
  to.set_stamp(from.stamp);
  to.set_started_stamp(from.started_stamp);
  to.set_dispatch_time(nanos(from.dispatch_time));
  to.set_started_time(nanos(from.started_time));
  to.set_last_heartbeat_time(nanos(from.last_heartbeat_time));
  to.set_last_attempt_complete_time(nanos(from.last_attempt_complete_time));
  to.set_close_time(nanos(from.close_time));
  to.set_current_retry_interval(from.current_retry_interval.count());
  to.set_heartbeat_count(from.heartbeat_count);
  to.set_transition_count(from.transition_count);
  put(from.worker_identity, *to.mutable_worker_identity());
  put(from.sdk_name, *to.mutable_sdk_name());
  put(from.sdk_version, *to.mutable_sdk_version());
  to.set_cancel_requested(from.cancel_requested);
  to.set_interval_from_worker(from.interval_from_worker);
  // Most rows have none of the following.
  to.clear_pending_reset();
  if (from.pending_reset != PendingReset{}) {
    pb::PendingReset& reset = *to.mutable_pending_reset();
    reset.set_lands_paused(from.pending_reset.lands_paused);
    reset.set_restores_options(from.pending_reset.restores_options);
    reset.set_clears_details(from.pending_reset.clears_details);
  }
  to.clear_cancel_request_id();
  to.clear_cancel_identity();
  to.clear_cancel_reason();
  to.clear_cancel_details();
  to.clear_notes();
  if (from.notes) put(*from.notes, to);
}

/// False when a number means nothing to this server.
bool get(pb::Progress& from, ActivityProgress& to) {
  if (from.phase() < static_cast<int>(Phase::kScheduled) || from.phase() > static_cast<int>(Phase::kTimedOut))
    return false;
  to.phase = static_cast<Phase>(from.phase());
  to.attempt = from.attempt();
  to.stamp = from.stamp();
  to.started_stamp = from.started_stamp();
  to.dispatch_time = time(from.dispatch_time());
  to.started_time = time(from.started_time());
  to.last_heartbeat_time = time(from.last_heartbeat_time());
  to.last_attempt_complete_time = time(from.last_attempt_complete_time());
  to.close_time = time(from.close_time());
  to.current_retry_interval = Duration(from.current_retry_interval());
  to.heartbeat_count = from.heartbeat_count();
  to.transition_count = from.transition_count();
  to.worker_identity = from.worker_identity();
  to.sdk_name = from.sdk_name();
  to.sdk_version = from.sdk_version();
  to.cancel_requested = from.cancel_requested();
  to.interval_from_worker = from.interval_from_worker();
  const pb::PendingReset& reset = from.pending_reset();
  to.pending_reset = {reset.lands_paused(), reset.restores_options(), reset.clears_details()};
  to.notes = get_notes(from);
  return true;
}

void put(const StoredFailure& from, pb::Failure& to) {
  to.set_kind(static_cast<std::int32_t>(from.kind));
  to.set_opaque(from.opaque);
  to.set_message(from.message);
  to.set_timeout(static_cast<std::int32_t>(from.timeout));
  to.set_details(from.details);
  to.set_identity(from.identity);
  to.set_non_retryable(from.non_retryable);
  if (!from.cause.empty()) put(from.cause.front(), *to.mutable_cause());
}

bool get(pb::Failure& from, StoredFailure& to) {
  if (from.kind() < 0 || from.kind() > static_cast<int>(StoredFailure::Kind::kServer)) return false;
  if (from.timeout() < 0 || from.timeout() > static_cast<int>(TimeoutType::kHeartbeat)) return false;
  to.kind = static_cast<StoredFailure::Kind>(from.kind());
  to.opaque = std::move(*from.mutable_opaque());
  to.message = std::move(*from.mutable_message());
  to.timeout = static_cast<TimeoutType>(from.timeout());
  to.details = std::move(*from.mutable_details());
  to.identity = std::move(*from.mutable_identity());
  to.non_retryable = from.non_retryable();
  return !from.has_cause() || get(*from.mutable_cause(), to.cause.emplace_back());
}

void put(const Outcome& from, pb::Outcome& to) {
  to.set_retry_state(static_cast<std::int32_t>(from.retry_state));
  to.set_result(from.result);
  if (from.has_failure) put(from.failure, *to.mutable_failure());
}

bool get(pb::Outcome& from, Outcome& to) {
  if (from.retry_state() < 0 || from.retry_state() > static_cast<int>(RetryState::kCancelRequested)) return false;
  to.retry_state = static_cast<RetryState>(from.retry_state());
  to.result = std::move(*from.mutable_result());
  to.has_failure = from.has_failure();
  return !to.has_failure || get(*from.mutable_failure(), to.failure);
}

void put(const ActivityOptions& from, pb::Options& to) {
  put(from.task_queue, *to.mutable_task_queue());
  pb::Timeouts& timeouts = *to.mutable_timeouts();
  timeouts.set_schedule_to_close(from.timeouts.schedule_to_close.count());
  timeouts.set_schedule_to_start(from.timeouts.schedule_to_start.count());
  timeouts.set_start_to_close(from.timeouts.start_to_close.count());
  timeouts.set_heartbeat(from.timeouts.heartbeat.count());
  pb::RetryPolicy& retry = *to.mutable_retry();
  retry.set_initial_interval(from.retry.initial_interval.count());
  retry.set_backoff_coefficient(from.retry.backoff_coefficient);
  retry.set_maximum_interval(from.retry.maximum_interval.count());
  retry.set_maximum_attempts(from.retry.maximum_attempts);
  for (const std::string& type : from.retry.non_retryable_error_types) retry.add_non_retryable_error_types(type);
  if (from.priority.present) {
    pb::Priority& priority = *to.mutable_priority();
    priority.set_key(from.priority.key);
    put(from.priority.fairness_key, *priority.mutable_fairness_key());
    priority.set_fairness_weight(from.priority.fairness_weight);
  }
  to.set_start_delay(from.start_delay.count());
}

void get(pb::Options& from, ActivityOptions& to) {
  to.task_queue = from.task_queue();
  const pb::Timeouts& timeouts = from.timeouts();
  to.timeouts = {Duration(timeouts.schedule_to_close()), Duration(timeouts.schedule_to_start()),
                 Duration(timeouts.start_to_close()), Duration(timeouts.heartbeat())};
  const pb::RetryPolicy& retry = from.retry();
  to.retry.initial_interval = Duration(retry.initial_interval());
  to.retry.backoff_coefficient = retry.backoff_coefficient();
  to.retry.maximum_interval = Duration(retry.maximum_interval());
  to.retry.maximum_attempts = retry.maximum_attempts();
  to.retry.non_retryable_error_types.assign(retry.non_retryable_error_types().begin(),
                                            retry.non_retryable_error_types().end());
  to.priority.present = from.has_priority();
  to.priority.key = from.priority().key();
  to.priority.fairness_key = from.priority().fairness_key();
  to.priority.fairness_weight = from.priority().fairness_weight();
  to.start_delay = Duration(from.start_delay());
}

}  // namespace

void encode_progress(const RowRef& row, const ActivityProgress& progress, std::string& out) {
  // Kept between calls for the memory of its strings; every field is set anew.
  thread_local pb::Progress message;
  put(progress, message);
  finish(row, message, out);
}
StatusOr<ActivityProgress> decode_progress(const RowRef& row, std::string_view bytes) {
  return read<ActivityProgress, pb::Progress>(row, bytes, [](auto& from, auto& to) { return get(from, to); });
}

void encode_input(const RowRef& row, const ActivityInput& input, std::string& out) {
  pb::Input message;
  message.set_namespace_id(input.namespace_id);
  put(input.activity_id, *message.mutable_activity_id());
  put_uuid(input.run_id, *message.mutable_run_id());
  put(input.type, *message.mutable_type());
  put(input.start_request_id, *message.mutable_start_request_id());
  put(input.starter_identity, *message.mutable_starter_identity());
  put(input.options, *message.mutable_options());
  message.set_schedule_time(nanos(input.schedule_time));
  message.set_input(input.input);
  put(input.header, *message.mutable_header());
  put(input.user_metadata, *message.mutable_user_metadata());
  put(input.search_attributes, *message.mutable_search_attributes());
  for (const std::string& link : input.links) message.add_links(link);
  if (input.original_options) put(*input.original_options, *message.mutable_original_options());
  for (const AttachedRequest& one : input.attached) {
    pb::AttachedRequest& attached = *message.add_attached();
    attached.set_request_id(one.request_id);
    for (const std::string& link : one.links) attached.add_links(link);
  }
  finish(row, message, out);
}
StatusOr<ActivityInput> decode_input(const RowRef& row, std::string_view bytes) {
  return read<ActivityInput, pb::Input>(row, bytes, [](pb::Input& from, ActivityInput& to) {
    to.namespace_id = from.namespace_id();
    to.activity_id = from.activity_id();
    to.run_id = uuid(from.run_id());
    to.type = from.type();
    to.start_request_id = from.start_request_id();
    to.starter_identity = from.starter_identity();
    get(*from.mutable_options(), to.options);
    to.schedule_time = time(from.schedule_time());
    to.input = std::move(*from.mutable_input());
    to.header = from.header();
    to.user_metadata = from.user_metadata();
    to.search_attributes = from.search_attributes();
    to.links.assign(from.links().begin(), from.links().end());
    if (from.has_original_options()) {
      auto original = std::make_shared<ActivityOptions>();
      get(*from.mutable_original_options(), *original);
      to.original_options = std::move(original);
    }
    for (const pb::AttachedRequest& one : from.attached()) {
      to.attached.push_back({one.request_id(), {one.links().begin(), one.links().end()}});
    }
    return true;
  });
}

void encode_details(const RowRef& row, std::string_view details, std::string& out) {
  seal(row, details, out);
}
StatusOr<std::string> decode_details(const RowRef& row, std::string_view bytes) {
  const auto body = unseal(row, bytes);
  if (!body) return body.error();
  return std::string(*body);
}

void encode_failure(const RowRef& row, const StoredFailure& failure, std::string& out) {
  pb::Failure message;
  put(failure, message);
  finish(row, message, out);
}
StatusOr<StoredFailure> decode_failure(const RowRef& row, std::string_view bytes) {
  return read<StoredFailure, pb::Failure>(row, bytes, [](auto& from, auto& to) { return get(from, to); });
}

void encode_closed(const RowRef& row, const ActivityProgress& progress, const Outcome& outcome, std::string& out) {
  thread_local pb::Closed message;
  put(progress, *message.mutable_progress());
  message.mutable_outcome()->Clear();
  put(outcome, *message.mutable_outcome());
  finish(row, message, out);
}
StatusOr<ClosedRecord> decode_closed(const RowRef& row, std::string_view bytes) {
  return read<ClosedRecord, pb::Closed>(row, bytes, [](pb::Closed& from, ClosedRecord& to) {
    return get(*from.mutable_progress(), to.progress) && get(*from.mutable_outcome(), to.outcome);
  });
}

}  // namespace longbeat::server
