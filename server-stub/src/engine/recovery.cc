#include <algorithm>

#include "engine/engine_impl.h"
#include "engine/index_row.h"
#include "record/record.h"

namespace longbeat::server {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kRowsPerReservation = 1'000'000;  // One more word to the store a million starts.
constexpr Duration kHoldMax = seconds(10);  // For reports that were on their way when the server went down.

/// Scans a table with a visitor that may fail.
template <class Visit>
StatusOr<> scan_all(Store& store, Table table, Visit visit) {
  StatusOr<> result;
  auto scanned = store.scan(table, 0, [&](std::uint64_t key, std::string_view bytes) {
    result = visit(key, bytes);
    return result.ok();
  });
  if (!scanned) return scanned;
  return result;
}

Status missing_row(const RowRef& row) {
  return {internal::StatusCode::kDataLoss, to_string(row) + " is missing", {}};
}

Namespace namespace_of(NamespaceRecord record) {
  Namespace space;
  space.id = record.number;
  space.uuid = record.id;
  space.name = std::move(record.name);
  space.retention = record.retention;
  space.description = std::move(record.description);
  space.owner_email = std::move(record.owner_email);
  space.data = std::move(record.data);
  space.state = record.state;
  space.search_attributes = std::move(record.search_attributes);
  space.create_time = record.create_time;
  return space;
}

}  // namespace

NamespaceRecord record_of(const Namespace& space) {
  NamespaceRecord record;
  record.number = space.id;
  record.id = space.uuid;
  record.name = space.name;
  record.retention = space.retention;
  record.description = space.description;
  record.owner_email = space.owner_email;
  record.data = space.data;
  record.state = space.state;
  record.search_attributes = space.search_attributes;
  record.create_time = space.create_time;
  return record;
}

StatusOr<> EngineImpl::recover(Time now) {
  now_ = now;
  // Also with a fixed seed no two engines on one file are the same.
  incarnation_ = random_.next() ^ static_cast<std::uint64_t>(now.time_since_epoch().count());
  if (auto ok = recover_meta(); !ok) return ok;
  if (auto ok = recover_namespaces(); !ok) return ok;
  if (auto ok = recover_queues(); !ok) return ok;
  if (auto ok = recover_closed(); !ok) return ok;
  if (auto ok = recover_open(now); !ok) return ok;
  if (auto ok = recover_deliveries(); !ok) return ok;
  for (const auto& [number, space] : namespaces_.all()) {
    if (space.state == NamespaceState::kDeleted) bury(number);
  }
  return {};
}

StatusOr<> EngineImpl::recover_meta() {
  auto bytes = store_->read(Table::kMeta, kMetaRow);
  if (!bytes) return bytes.error();
  if (!*bytes) {
    // The first commit writes it together with the namespaces.
    bool is_used = false;
    auto looked = store_->scan(Table::kNamespace, 0, [&](std::uint64_t, std::string_view) {
      is_used = true;
      return false;
    });
    if (!looked) return looked;
    if (is_used) return missing_row({Table::kMeta, kMetaRow});
    meta_.cluster_id = internal::make_uuid(random_);
    meta_.next_row = rows_reserved_;
    meta_is_new_ = true;
    return {};
  }
  auto meta = decode_meta({Table::kMeta, kMetaRow}, **bytes);
  if (!meta) return meta.error();
  meta_ = *meta;
  next_row_ = rows_reserved_ = std::max<std::uint64_t>(1, meta_.next_row);
  return {};
}

std::uint64_t EngineImpl::new_row() {
  if (next_row_ == rows_reserved_) {
    rows_reserved_ += kRowsPerReservation;
    rows_reserved_dirty_ = true;
  }
  return next_row_++;
}

StatusOr<> EngineImpl::recover_namespaces() {
  auto read = scan_all(*store_, Table::kNamespace, [&](std::uint64_t key, std::string_view bytes) -> StatusOr<> {
    auto record = decode_namespace({Table::kNamespace, key}, bytes);
    if (!record) return record.error();
    namespaces_.add(namespace_of(std::move(*record)));
    return {};
  });
  if (!read) return read;
  std::vector<std::string> wanted = options_.namespaces;
  wanted.insert(wanted.begin(), "default");
  std::vector<std::pair<std::uint64_t, std::string>> rows;
  for (const std::string& name : wanted) {
    if (name.empty() || namespaces_.by_name(name) != nullptr) continue;
    Namespace added;
    added.id = namespaces_.next_id();
    added.uuid = internal::make_uuid(random_);
    added.name = name;
    added.create_time = now_;
    const Namespace& space = namespaces_.add(std::move(added));
    auto& [key, bytes] = rows.emplace_back(space.id, std::string());
    encode_namespace({Table::kNamespace, key}, record_of(space), bytes);
  }
  for (const auto& [name, retention] : options_.retentions) {
    const Namespace* space = namespaces_.by_name(name);
    if (space == nullptr || space->retention == retention) continue;
    Namespace changed = *space;
    changed.retention = retention;
    namespaces_.replace(std::move(changed));
    const std::uint64_t number = space->id;
    const auto row = std::ranges::find(rows, number, [](const auto& one) { return one.first; });
    std::string& bytes = row != rows.end() ? row->second : rows.emplace_back(number, std::string()).second;
    encode_namespace({Table::kNamespace, number}, record_of(*space), bytes);
  }
  std::vector<Write> writes;
  std::string meta;
  if (meta_is_new_) {
    encode_meta({Table::kMeta, kMetaRow}, meta_, meta);
    writes.push_back({Table::kMeta, kMetaRow, meta});
  }
  for (const auto& [key, bytes] : rows) writes.push_back({Table::kNamespace, key, bytes});
  return writes.empty() ? StatusOr<>() : store_->commit(writes);
}

StatusOr<> EngineImpl::recover_closed() {
  return scan_all(*store_, Table::kIndex,
                  [&](std::uint64_t key, std::string_view bytes) { return index_closed(key, bytes); });
}

StatusOr<> EngineImpl::index_closed(std::uint64_t row, std::string_view bytes) {
  auto entry = decode_index_row(row, bytes);
  if (!entry) return entry.error();
  ++closed_;
  next_row_ = std::max(next_row_, row + 1);
  if (entry->superseded) {
    index_.insert(entry->run, row);
    return {};
  }
  // Rows come in the order of their starts: an earlier one of the same ID is an older run.
  std::optional<std::uint64_t> older;
  std::uint64_t older_run = 0;
  std::optional<Status> failed;
  index_.find(entry->id.low, [&](std::uint64_t candidate) {
    const auto stored = store_->read(Table::kIndex, candidate);
    const auto other = stored ? decode_index_row(candidate, stored->value_or("")) : StatusOr<IndexRow>(stored.error());
    if (!other) {
      failed = other.error();
      return true;
    }
    if (other->id != entry->id) return false;
    older = candidate;
    older_run = other->run;
    return true;
  });
  if (failed) return *failed;
  if (older) {
    index_.erase(entry->id.low, *older);
    index_.insert(older_run, *older);
  }
  index_.insert(entry->id.low, row);
  return {};
}

StatusOr<> EngineImpl::recover_open(Time now) {
  auto read = scan_all(*store_, Table::kProgress, [&](std::uint64_t row, std::string_view bytes) -> StatusOr<> {
    auto progress = decode_progress({Table::kProgress, row}, bytes);
    if (!progress) return progress.error();
    OpenActivity& activity = open_[row];
    activity.row = row;
    activity.state.progress = std::move(*progress);
    return {};
  });
  if (!read) return read;
  // The other parts, each table in its own order; rows of closed activities are passed over undecoded.
  const auto part = [&](Table table, auto decode, auto assign) {
    return scan_all(*store_, table, [&, table](std::uint64_t row, std::string_view bytes) -> StatusOr<> {
      const auto found = open_.find(row);
      if (found == open_.end()) return {};
      auto decoded = decode(RowRef(table, row), bytes);
      if (!decoded) return decoded.error();
      assign(found->second.state, std::move(*decoded));
      return {};
    });
  };
  read = part(Table::kInput, decode_input, [](ActivityState& state, ActivityInput input) {
    state.input = std::make_shared<const ActivityInput>(std::move(input));
  });
  if (read)
    read = part(Table::kDetails, decode_details,
                [](ActivityState& state, std::string details) { state.heartbeat_details = std::move(details); });
  if (read)
    read = part(Table::kFailure, decode_failure,
                [](ActivityState& state, StoredFailure failure) { state.last_failure = std::move(failure); });
  if (read)
    read = part(Table::kCallbacks, decode_callbacks, [](ActivityState& state, std::vector<CallbackState> callbacks) {
      state.callbacks = std::move(callbacks);
    });
  if (!read) return read;

  std::vector<std::uint64_t> rows;  // In the order of their starts, not of the hash table.
  rows.reserve(open_.size());
  for (const auto& [row, activity] : open_) rows.push_back(row);
  std::ranges::sort(rows);
  for (const std::uint64_t row : rows) {
    OpenActivity& activity = open_.at(row);
    if (!activity.state.input) {
      return missing_row({Table::kInput, row});
    }
    if (auto ok = index_open(activity); !ok) return ok;
    weigh(activity);
    use_.opened(activity.state.input->namespace_id);
    activity.listed_status = listed_status(activity.state);  // If the projection missed it, the inventory shows.
    resume(activity, now);
    next_row_ = std::max(next_row_, row + 1);
  }
  rows_reserved_ = std::max(rows_reserved_, next_row_);
  return {};
}

StatusOr<> EngineImpl::index_open(const OpenActivity& activity) {
  const ActivityInput& input = *activity.state.input;
  const IdFingerprint id = fingerprint(input.namespace_id, input.activity_id);
  auto older = latest_run(input.namespace_id, input.activity_id);
  if (!older) return older.error();
  if (*older) {
    index_.erase(id.low, (*older)->row);
    index_.insert(run_fingerprint(id, (*older)->state().input->run_id), (*older)->row);
  }
  index_.insert(id.low, activity.row);
  return {};
}

void EngineImpl::resume(OpenActivity& activity, Time now) {
  const ActivityProgress& progress = activity.state.progress;
  if (in_progress(progress.phase)) {
    const Timeouts& timeouts = activity.state.input->options.timeouts;
    activity.hold_until = now + std::min(kHoldMax, timeouts.start_to_close);
    // Its beats had nobody to go to: a full heartbeat timeout from now on.
    const Duration silence = now - std::max(progress.last_heartbeat_time, progress.started_time);
    if (timeouts.heartbeat > Duration(0) && silence > Duration(0)) activity.beat_base = lost_time_ - silence;
  }
  schedule(activity);
}

}  // namespace longbeat::server
