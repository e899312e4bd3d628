#include <algorithm>
#include <functional>
#include <future>

#include "base/planted.h"
#include "engine/engine_impl.h"
#include "engine/index_row.h"
#include "engine/recovery_rows.h"
#include "record/record.h"

namespace longbeat::server {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kRowsPerReservation = 1'000'000;  // One more word to the store a million starts.
constexpr Duration kHoldMax = seconds(10);  // For reports that were on their way when the server went down.

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
  if (auto ok = recover_activities(now); !ok) return ok;
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

StatusOr<> EngineImpl::recover_activities(Time now) {
  auto reader = store_->open_reader();
  if (!reader) return reader.error();
  ClosedRows closed;
  std::optional<OpenParts> parts;
  std::future<StatusOr<>> other;
  std::promise<OpenParts*> parts_known;  // Goes before the future that waits for it, should something throw here.
  if (*reader) {
    other = std::async(std::launch::async, [&, known = parts_known.get_future()]() mutable -> StatusOr<> {
      auto read = read_closed_rows(**reader, closed);
      OpenParts* const open_parts = known.get();
      return read && open_parts != nullptr ? open_parts->read(**reader) : read;
    });
  }
  auto activities = recover_progress();
  if (activities) parts.emplace(std::move(*activities));
  parts_known.set_value(parts ? &*parts : nullptr);
  StatusOr<> read = activities ? StatusOr<>() : StatusOr<>(activities.error());
  if (read) {
    auto second = store_->open_reader();  // Seeks a million times without a word to others; the store itself cannot.
    if (!second) read = second.error();
    if (read) read = parts->read(*second ? **second : *store_);
  }
  auto closed_read = *reader ? other.get() : read_closed_rows(*store_, closed);
  if (!closed_read) return closed_read;
  if (!read) return read;

  index_ = std::move(closed.index);
  closed_ = closed.count;
  next_row_ = std::max(next_row_, closed.last + 1);
  for (const std::uint64_t fingerprint : closed.shared) {
    if (auto ok = settle_index(fingerprint); !ok) return ok;
  }
  return resume_all(parts->activities(), now);
}

StatusOr<std::vector<OpenActivity*>> EngineImpl::recover_progress() {
  std::vector<OpenActivity*> activities;
  auto read = scan_all(*store_, Table::kProgress, [&](std::uint64_t row, std::string_view bytes) -> StatusOr<> {
    auto progress = decode_progress({Table::kProgress, row}, bytes);
    if (!progress) return progress.error();
    OpenActivity& activity = open_[row];
    activity.row = row;
    activity.state.progress = std::move(*progress);
    texts_.share(activity.state.progress.worker_identity);
    texts_.share(activity.state.progress.sdk_name);
    texts_.share(activity.state.progress.sdk_version);
    activities.push_back(&activity);
    return {};
  });
  if (!read) return read.error();
  return activities;
}

StatusOr<> EngineImpl::resume_all(const std::vector<OpenActivity*>& activities, Time now) {
  for (OpenActivity* const one : activities) {
    OpenActivity& activity = *one;
    if (!activity.state.input) {
      return missing_row({Table::kInput, activity.row});
    }
    const ActivityInput& input = *activity.state.input;
    const std::uint64_t id = fingerprint(input.namespace_id, input.activity_id).low;
    if (index_.insert(id, activity.row)) {
      if (auto ok = settle_index(id); !ok) return ok;
    }
    if (planted(internal::Bug::kRecoveryWithoutDetails)) activity.state.heartbeat_details.clear();
    weigh(activity);
    use_.opened(input.namespace_id);
    activity.listed_status = listed_status(activity.state);  // If the projection missed it, the inventory shows.
    resume(activity, now);
    next_row_ = std::max(next_row_, activity.row + 1);
  }
  rows_reserved_ = std::max(rows_reserved_, next_row_);
  return {};
}

StatusOr<> EngineImpl::settle_index(std::uint64_t wanted) {
  struct Found {
    IdFingerprint id;
    std::uint64_t run, row;
  };
  std::vector<std::uint64_t> rows;
  index_.find(wanted, [&rows](std::uint64_t row) {
    rows.push_back(row);
    return false;
  });
  std::ranges::sort(rows, std::greater());  // The latest start first.
  std::vector<Found> latest;
  for (const std::uint64_t row : rows) {
    Found found{};
    if (const auto open = open_.find(row); open != open_.end() && open->second.state.input) {
      const ActivityInput& input = *open->second.state.input;
      found = {fingerprint(input.namespace_id, input.activity_id), 0, row};
      found.run = run_fingerprint(found.id, input.run_id);
    } else {
      const auto stored = store_->read(Table::kIndex, row);
      if (!stored) return stored.error();
      const auto entry = decode_index_row(row, stored->value_or(""));
      if (!entry) return entry.error();
      if (entry->superseded) continue;  // Stands here by its run.
      found = {entry->id, entry->run, row};
    }
    const bool is_older = std::ranges::any_of(latest, [&](const Found& one) { return one.id == found.id; });
    if (!is_older) {
      latest.push_back(found);
    } else if (index_.erase(found.id.low, row)) {  // Unless it was moved before.
      index_.insert(found.run, row);
    }
  }
  return {};
}

void EngineImpl::resume(OpenActivity& activity, Time now) {
  const ActivityProgress& progress = activity.state.progress;
  if (in_progress(progress.phase)) {
    const Timeouts& timeouts = activity.state.input->options.timeouts;
    activity.hold_until = now + std::min(kHoldMax, timeouts.start_to_close);
    if (!planted(internal::Bug::kRestartIsSilence)) restart_silence(activity);  // Its beats had nobody to go to.
  }
  if (planted(internal::Bug::kRecoveryQueuesNothing)) return;
  schedule(activity);
}

}  // namespace longbeat::server
