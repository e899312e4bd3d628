#include "record/record.h"

#include <algorithm>
#include <utility>

#include "record/seal.h"
#include "store.pb.h"

namespace longbeat::server {
namespace {

namespace pb = longbeat::store::v1;

std::int64_t nanos(Time time) {
  return time.time_since_epoch().count();
}
Time time(std::int64_t nanos) {
  return Time(Duration(nanos));
}

void put_uuid(const Uuid& uuid, std::string& out) {
  out.assign(reinterpret_cast<const char*>(uuid.data()), uuid.size());
}
/// All zero unless there are 16 bytes.
Uuid uuid(const std::string& bytes) {
  Uuid out{};
  if (bytes.size() == out.size()) std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
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
  to.set_worker_identity(from.worker_identity);
  to.set_sdk_name(from.sdk_name);
  to.set_sdk_version(from.sdk_version);
  to.set_cancel_requested(from.cancel_requested);
  to.set_cancel_request_id(from.cancel_request_id);
  to.set_cancel_identity(from.cancel_identity);
  to.set_cancel_reason(from.cancel_reason);
  to.set_cancel_details(from.cancel_details);
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
  to.worker_identity = std::move(*from.mutable_worker_identity());
  to.sdk_name = std::move(*from.mutable_sdk_name());
  to.sdk_version = std::move(*from.mutable_sdk_version());
  to.cancel_requested = from.cancel_requested();
  to.cancel_request_id = std::move(*from.mutable_cancel_request_id());
  to.cancel_identity = std::move(*from.mutable_cancel_identity());
  to.cancel_reason = std::move(*from.mutable_cancel_reason());
  to.cancel_details = std::move(*from.mutable_cancel_details());
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
  to.set_task_queue(from.task_queue);
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
    priority.set_fairness_key(from.priority.fairness_key);
    priority.set_fairness_weight(from.priority.fairness_weight);
  }
  to.set_start_delay(from.start_delay.count());
}

void get(pb::Options& from, ActivityOptions& to) {
  to.task_queue = std::move(*from.mutable_task_queue());
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

template <class Message>
void finish(const RowRef& row, const Message& message, std::string& out) {
  begin_seal(out);
  message.AppendToString(&out);
  finish_seal(row, out);
}

/// Checks the seal, parses, and lets `take(message)` fill the value; it returns false for what it does not understand.
template <class Value, class Message, class Take>
StatusOr<Value> read(const RowRef& row, std::string_view bytes, Take take) {
  const auto body = unseal(row, bytes);
  if (!body) return body.error();
  Message message;
  if (!message.ParseFromArray(body->data(), static_cast<int>(body->size()))) {
    return unreadable(row, "holds no record: its body cannot be parsed");
  }
  Value value;
  if (!take(message, value)) return unreadable(row, "holds a number that this server does not know");
  return value;
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
  message.set_activity_id(input.activity_id);
  put_uuid(input.run_id, *message.mutable_run_id());
  message.set_type(input.type);
  message.set_start_request_id(input.start_request_id);
  message.set_starter_identity(input.starter_identity);
  put(input.options, *message.mutable_options());
  message.set_schedule_time(nanos(input.schedule_time));
  message.set_input(input.input);
  message.set_header(input.header);
  message.set_user_metadata(input.user_metadata);
  message.set_search_attributes(input.search_attributes);
  for (const std::string& link : input.links) message.add_links(link);
  finish(row, message, out);
}
StatusOr<ActivityInput> decode_input(const RowRef& row, std::string_view bytes) {
  return read<ActivityInput, pb::Input>(row, bytes, [](pb::Input& from, ActivityInput& to) {
    to.namespace_id = from.namespace_id();
    to.activity_id = std::move(*from.mutable_activity_id());
    to.run_id = uuid(from.run_id());
    to.type = std::move(*from.mutable_type());
    to.start_request_id = std::move(*from.mutable_start_request_id());
    to.starter_identity = std::move(*from.mutable_starter_identity());
    get(*from.mutable_options(), to.options);
    to.schedule_time = time(from.schedule_time());
    to.input = std::move(*from.mutable_input());
    to.header = std::move(*from.mutable_header());
    to.user_metadata = std::move(*from.mutable_user_metadata());
    to.search_attributes = std::move(*from.mutable_search_attributes());
    to.links.assign(from.links().begin(), from.links().end());
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

void encode_namespace(const RowRef& row, const NamespaceRecord& record, std::string& out) {
  pb::Namespace message;
  message.set_number(record.number);
  message.set_name(record.name);
  put_uuid(record.id, *message.mutable_id());
  message.set_retention(record.retention.count());
  message.set_create_time(nanos(record.create_time));
  finish(row, message, out);
}
StatusOr<NamespaceRecord> decode_namespace(const RowRef& row, std::string_view bytes) {
  return read<NamespaceRecord, pb::Namespace>(row, bytes, [](pb::Namespace& from, NamespaceRecord& to) {
    to.number = from.number();
    to.name = std::move(*from.mutable_name());
    to.id = uuid(from.id());
    to.retention = Duration(from.retention());
    to.create_time = time(from.create_time());
    return true;
  });
}

void encode_meta(const RowRef& row, const MetaRecord& meta, std::string& out) {
  pb::Meta message;
  message.set_format_version(meta.format_version);
  put_uuid(meta.cluster_id, *message.mutable_cluster_id());
  message.set_next_row(meta.next_row);
  finish(row, message, out);
}
StatusOr<MetaRecord> decode_meta(const RowRef& row, std::string_view bytes) {
  return read<MetaRecord, pb::Meta>(row, bytes, [](pb::Meta& from, MetaRecord& to) {
    to.format_version = from.format_version();
    to.cluster_id = uuid(from.cluster_id());
    to.next_row = from.next_row();
    return true;
  });
}

}  // namespace longbeat::server
