#include "base/log.h"
#include "base/planted.h"
#include "engine/engine_impl.h"
#include "engine/index_row.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

constexpr Duration kSlicePause = std::chrono::milliseconds(10);  // Between two slices of one sweep.

constexpr Table kTablesOfActivity[] = {Table::kProgress, Table::kInput, Table::kDetails,  Table::kFailure,
                                       Table::kClosed,   Table::kIndex, Table::kCallbacks};

}  // namespace

void EngineImpl::on(Command& command, DeleteRequest& request) {
  const auto space = resolve(request.run.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  const auto run = find_run(**space, request.run, Depth::kOutcome);
  if (!run) return answer(command.sink, run.error());
  remove(*run);
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::remove(const Run& run) {
  const ActivityInput& input = *run.state().input;
  const IdFingerprint id = fingerprint(input.namespace_id, input.activity_id);
  if (run.open != nullptr && !is_closed(run.open->state.progress.phase)) {
    // Whoever waits for it learns how it ended.
    const auto closed = change(*run.open, Terminated{{}, {}, "Delete activity execution"});
    if (!closed) broken_ = "an open activity could not be terminated: " + to_string(closed.error());
  }
  unindex(id, run_fingerprint(id, input.run_id), run.row);
  tell("deleted", run.state(), run.state().progress.attempt);
  if (run.open != nullptr) {
    run.open->removed = true;
  } else {
    --closed_;
  }
  remove_rows(run.row);
}

void EngineImpl::unindex(const IdFingerprint& id, std::uint64_t run, std::uint64_t row) {
  if (!index_.erase(id.low, row)) index_.erase(run, row);
}

void EngineImpl::remove_rows(std::uint64_t row) {
  forget_delivery(row);
  removals_.push_back(row);
  ++stats_.removed;
}

void EngineImpl::write_removals() {
  for (const std::uint64_t row : removals_) {
    for (const Table table : kTablesOfActivity) remove_row(table, row);
  }
}

void EngineImpl::sweep_retention() {
  if (now_ < next_sweep_) return;
  if (sweep_row_ == 0) sweep_began();
  struct Expired {
    IndexRow entry;
    std::uint64_t row;
  };
  std::vector<Expired> expired;
  std::size_t seen = 0;
  std::optional<Status> failed;
  const std::size_t most = options_.limits.retention_rows_per_step;
  const auto scanned = store_->scan(Table::kIndex, sweep_row_, [&](std::uint64_t row, std::string_view bytes) {
    if (seen == most) return false;
    ++seen;
    sweep_row_ = row + 1;
    const auto entry = decode_index_row(row, bytes);
    if (!entry) {
      failed = entry.error();
      return false;
    }
    if (is_expired(row, *entry)) expired.push_back({*entry, row});
    return true;
  });
  if (!scanned) failed = scanned.error();
  if (failed) {
    broken_ = in_file(*failed);
    return;
  }
  for (const Expired& one : expired) {
    unindex(one.entry.id, one.entry.run, one.row);
    --closed_;
    remove_rows(one.row);
  }
  if (!expired.empty() && internal::log_enabled(internal::LogLevel::kDebug)) {
    internal::log(internal::LogLevel::kDebug,
                  "closed activities removed after their retention: " + std::to_string(expired.size()));
  }
  if (seen < most) {
    sweep_row_ = 0;
    sweep_ended();
    next_sweep_ = later(now_, dying_.empty() ? options_.limits.retention_sweep : kSlicePause);
  } else {
    next_sweep_ = later(now_, kSlicePause);
  }
}

bool EngineImpl::is_expired(std::uint64_t row, const IndexRow& entry) const {
  if (open_.contains(row)) return false;
  std::uint32_t number = entry.namespace_id;
  if (number == 0) {
    const auto state = load_closed(row, Depth::kOutcome);
    if (!state) return false;
    number = (*state)->input->namespace_id;
  }
  const Namespace* space = namespaces_.by_id(number);
  if (space == nullptr) return true;  // Its namespace is gone.
  if (space->state == NamespaceState::kDeleted) return true;
  const Duration kept = planted(internal::Bug::kRetentionTooShort) ? space->retention / 2 : space->retention;
  const Time kept_until = later(Time{Duration(entry.close_time)}, kept);
  return (has_pending_callbacks(row) ? later(kept_until, options_.limits.undelivered_callbacks_keep) : kept_until) <=
         now_;
}

}  // namespace longbeat::server
