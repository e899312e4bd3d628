#include <algorithm>

#include "base/planted.h"
#include "engine/engine_impl.h"
#include "engine/index_row.h"
#include "machine/callbacks.h"
#include "record/record.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kBufferKept = 64 * 1024;  // A row larger than this gives its memory back.

/// Beside its contents: the entries in tables, indexes, queues and heaps, roughly.
constexpr std::uint64_t kBytesPerActivity = sizeof(OpenActivity) + sizeof(ActivityInput) + 256;

std::uint64_t bytes_of(const ActivityInput& input) {
  std::uint64_t bytes = input.activity_id.size() + input.type.size() + input.start_request_id.size() +
                        input.starter_identity.size() + input.options.task_queue.size() + input.input.size() +
                        input.header.size() + input.user_metadata.size() + input.search_attributes.size();
  for (const std::string& link : input.links) bytes += sizeof link + link.size();
  for (const std::string& type : input.options.retry.non_retryable_error_types) bytes += sizeof type + type.size();
  return bytes;
}

std::uint64_t bytes_of(const StoredFailure& failure) {
  std::uint64_t bytes = sizeof failure + failure.opaque.size() + failure.message.size();
  bytes += failure.details.size() + failure.identity.size();
  for (const StoredFailure& cause : failure.cause) bytes += bytes_of(cause);
  return bytes;
}

std::uint64_t bytes_of(const OperatorNotes& notes) {
  return sizeof notes + notes.cancel_request_id.size() + notes.terminate_request_id.size() +
         notes.pause_request_id.size() + notes.unpause_request_id.size() + notes.reset_request_id.size() +
         notes.update_request_id.size() + notes.cancel_identity.size() + notes.cancel_reason.size() +
         notes.cancel_details.size() + notes.pause_identity.size() + notes.pause_reason.size();
}

std::uint64_t bytes_of(const ActivityState& state) {
  const ActivityProgress& progress = state.progress;
  return kBytesPerActivity + bytes_of(*state.input) + state.heartbeat_details.size() +
         (state.last_failure ? bytes_of(*state.last_failure) : 0) + progress.worker_identity.size() +
         (progress.notes ? bytes_of(*progress.notes) : 0) + memory_bytes(state.callbacks);
}

}  // namespace

void EngineImpl::weigh(OpenActivity& activity) {
  const std::uint64_t bytes = bytes_of(activity.state);
  open_bytes_ = open_bytes_ - activity.bytes + bytes;
  activity.bytes = bytes;
}

void EngineImpl::changed(OpenActivity& activity, std::uint8_t parts) {
  if (parts != kBeatOnly) weigh(activity);
  activity.dirty |= parts & static_cast<std::uint8_t>(~kBeatOnly);
  if (!activity.in_batch) {
    activity.in_batch = true;
    batch_.push_back(&activity);
  }
  schedule(activity);
}

std::string& EngineImpl::new_row_bytes(Table table, std::uint64_t key) {
  if (writes_.size() == rows_.size()) rows_.emplace_back();
  std::string& bytes = rows_[writes_.size()];
  writes_.push_back({table, key, std::string_view()});
  return bytes;
}

void EngineImpl::remove_row(Table table, std::uint64_t key) {
  new_row_bytes(table, key);
  writes_.back().value.reset();
}

void EngineImpl::encode(OpenActivity& activity) {
  const std::uint64_t row = activity.row;
  const ActivityState& state = activity.state;
  if (activity.dirty & kInput) encode_input({Table::kInput, row}, *state.input, new_row_bytes(Table::kInput, row));
  if (activity.dirty & kCallbacks) {
    encode_callbacks({Table::kCallbacks, row}, state.callbacks, new_row_bytes(Table::kCallbacks, row));
  }
  if ((activity.dirty & kDetails) && !planted(internal::Bug::kDetailsNotStored)) {
    if (state.heartbeat_details.empty()) {
      remove_row(Table::kDetails, row);
    } else {
      encode_details({Table::kDetails, row}, state.heartbeat_details, new_row_bytes(Table::kDetails, row));
    }
  }
  if (activity.dirty & kLastFailure) {
    if (state.last_failure) {
      encode_failure({Table::kFailure, row}, *state.last_failure, new_row_bytes(Table::kFailure, row));
    } else {
      remove_row(Table::kFailure, row);
    }
  }
  if (is_closed(state.progress.phase)) {
    // Out of the hot table in the same transaction; input, details and last failure stay where they are.
    if (!activity.fresh && !planted(internal::Bug::kOpenRowStays)) remove_row(Table::kProgress, row);
    encode_closed({Table::kClosed, row}, state.progress, *state.outcome, new_row_bytes(Table::kClosed, row));
    const IdFingerprint id = fingerprint(state.input->namespace_id, state.input->activity_id);
    const IndexRow entry{id, run_fingerprint(id, state.input->run_id),
                         state.progress.close_time.time_since_epoch().count(), state.input->namespace_id,
                         activity.superseded};
    encode_index_row(row, entry, new_row_bytes(Table::kIndex, row));
  } else if (activity.dirty & kProgress) {
    encode_progress({Table::kProgress, row}, state.progress, new_row_bytes(Table::kProgress, row));
  }
}

StatusOr<> EngineImpl::commit_batch() {
  writes_.clear();
  for (OpenActivity* activity : batch_) {
    if (is_closed(activity->state.progress.phase) && !activity->state.outcome) {
      return internal::internal_error("activity row " + std::to_string(activity->row) + " closed without an outcome");
    }
    if (activity->dirty != kNothing && !activity->removed) encode(*activity);
  }
  write_deliveries();
  for (const auto& [row, entry] : superseded_) {
    if (std::ranges::find(removals_, row) == removals_.end()) {
      encode_index_row(row, entry, new_row_bytes(Table::kIndex, row));
    }
  }
  write_removals();
  write_namespaces();
  write_queues();
  if (rows_reserved_dirty_) {
    MetaRecord meta = meta_;
    meta.next_row = rows_reserved_;
    encode_meta({Table::kMeta, kMetaRow}, meta, new_row_bytes(Table::kMeta, kMetaRow));
  }
  if (writes_.empty()) return {};
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    if (writes_[i].value) writes_[i].value = rows_[i];
  }
  std::ranges::sort(
      writes_, [](const Write& a, const Write& b) { return a.table != b.table ? a.table < b.table : a.key < b.key; });
  auto committed = store_->commit(writes_);
  if (!committed) return committed;
  ++stats_.commits;
  stats_.rows_written += writes_.size();
  rows_reserved_dirty_ = false;
  return {};
}

void EngineImpl::finish_batch() {
  for (OpenActivity* activity : batch_) {
    if (activity->watched) wake_watchers(*activity);
    if (!activity->removed) project(*activity);
    activity->dirty = kNothing;
    activity->fresh = false;
    activity->in_batch = false;
    if (is_closed(activity->state.progress.phase)) {
      if (!activity->removed) ++closed_;
      open_bytes_ -= activity->bytes;
      use_.closed(activity->state.input->namespace_id);
      if (!activity->removed) {
        begin_delivery(activity->row, activity->state.input->namespace_id, std::move(activity->state.callbacks));
      }
      open_.erase(activity->row);  // From now on it is read from the store.
    }
  }
  batch_.clear();
  for (const std::uint64_t row : removals_) project_removal(row);
  removals_.clear();
  superseded_.clear();
  deliveries_written();
  namespaces_written_.clear();
  queues_written_.clear();
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    if (rows_[i].capacity() > kBufferKept) std::string().swap(rows_[i]);
  }
  writes_.clear();
  send_projection();
}

}  // namespace longbeat::server
