#include "machine/steps.h"

namespace longbeat::server {
namespace {

/// Equal values, not the same object.
template <class T>
bool same_value(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
  return a == b || (a && b && *a == *b);
}

}  // namespace

bool operator==(const ActivityInput& a, const ActivityInput& b) {
  return a.namespace_id == b.namespace_id && a.activity_id == b.activity_id && a.run_id == b.run_id &&
         a.type == b.type && a.start_request_id == b.start_request_id && a.starter_identity == b.starter_identity &&
         a.options == b.options && a.schedule_time == b.schedule_time && a.input == b.input && a.header == b.header &&
         a.user_metadata == b.user_metadata && a.search_attributes == b.search_attributes && a.links == b.links &&
         same_value(a.original_options, b.original_options) && a.attached == b.attached;
}

bool operator==(const ActivityProgress& a, const ActivityProgress& b) {
  return a.phase == b.phase && a.attempt == b.attempt && a.stamp == b.stamp && a.started_stamp == b.started_stamp &&
         a.dispatch_time == b.dispatch_time && a.started_time == b.started_time &&
         a.last_heartbeat_time == b.last_heartbeat_time &&
         a.last_attempt_complete_time == b.last_attempt_complete_time && a.close_time == b.close_time &&
         a.current_retry_interval == b.current_retry_interval && a.heartbeat_count == b.heartbeat_count &&
         a.transition_count == b.transition_count && a.worker_identity == b.worker_identity &&
         a.sdk_name == b.sdk_name && a.sdk_version == b.sdk_version && a.cancel_requested == b.cancel_requested &&
         a.interval_from_worker == b.interval_from_worker && a.pending_reset == b.pending_reset &&
         same_value(a.notes, b.notes);
}

bool is_repetition(const ActivityState& state, OperatorRequest kind, const std::string& request_id) {
  if (request_id.empty()) return false;  // It is also what stands there before the first request.
  const OperatorNotes& notes = steps::notes_of(state.progress);
  switch (kind) {
    case OperatorRequest::kCancel:
      return notes.cancel_request_id == request_id;
    case OperatorRequest::kTerminate:
      return notes.terminate_request_id == request_id;
    case OperatorRequest::kPause:
      return notes.pause_request_id == request_id;
    case OperatorRequest::kUnpause:
      return notes.unpause_request_id == request_id;
    case OperatorRequest::kReset:
      return notes.reset_request_id == request_id;
    case OperatorRequest::kUpdate:
      return notes.update_request_id == request_id;
  }
  return false;
}

bool is_start_repetition(const ActivityInput& input, const std::string& request_id) {
  if (request_id.empty()) return false;
  const auto brought = [&request_id](const AttachedRequest& one) { return one.request_id == request_id; };
  return input.start_request_id == request_id || std::any_of(input.attached.begin(), input.attached.end(), brought);
}

namespace steps {

const OperatorNotes& notes_of(const ActivityProgress& progress) {
  static const OperatorNotes kNone;
  return progress.notes ? *progress.notes : kNone;
}

Status refused_in(const char* what, Phase phase) {
  return internal::failed_precondition(std::string(what) + ' ' + std::string(to_string(phase)));
}

}  // namespace steps
}  // namespace longbeat::server
