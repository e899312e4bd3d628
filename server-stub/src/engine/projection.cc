#include <algorithm>

#include "engine/engine_impl.h"
#include "engine/index_row.h"
#include "visibility/attributes.h"

namespace longbeat::server {
namespace {

using std::chrono::milliseconds;

// Of an inventory. Between two steps of it callers are served: it takes a fraction of the loop's time.
constexpr std::size_t kRowsPerSlice = 2'000;
constexpr std::size_t kRowsFedPerStep = 200;  // Four reads each: about 2 ms.
constexpr std::size_t kQuiet = 16;            // So few commands since the last slice: there is time.
constexpr Duration kPauseWhenQuiet = milliseconds(5);
constexpr Duration kPauseWhenBusy = milliseconds(50);
constexpr Duration kPauseAfterFailure = std::chrono::seconds(5);
constexpr std::uint64_t kLastRow = 0x7fff'ffff'ffff'ffff;

/// Informative: the bytes kept for this activity, without the store's own.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a * 0x9e3779b97f4a7c15 + b;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::uint64_t digest_of_closed(std::uint64_t run, std::int64_t close_time) {
  return mixed(mixed(run, 1), static_cast<std::uint64_t>(close_time));
}

std::uint64_t digest_of(const ActivityState& state) {
  const ActivityInput& input = *state.input;
  const std::uint64_t run = run_fingerprint(fingerprint(input.namespace_id, input.activity_id), input.run_id);
  if (is_closed(state.progress.phase)) {
    return digest_of_closed(run, state.progress.close_time.time_since_epoch().count());
  }
  std::uint64_t digest = mixed(run, static_cast<std::uint64_t>(public_status(state.progress.phase)) + 2);
  digest = mixed(digest, static_cast<std::uint64_t>(state.first_dispatch_time().time_since_epoch().count()));
  return mixed(digest, fingerprint(input.namespace_id, input.options.task_queue).low);
}

}  // namespace

ActivityRow EngineImpl::row_of(std::uint64_t number, const ActivityState& state) const {
  const ActivityInput& input = *state.input;
  ActivityRow row;
  row.row = number;
  row.namespace_id = input.namespace_id;
  row.activity_id = input.activity_id;
  row.run_id = internal::to_string(input.run_id);
  row.type = input.type;
  row.task_queue = input.options.task_queue;
  row.status = public_status(state.progress.phase);
  row.start_time = input.schedule_time;
  row.execution_time = state.first_dispatch_time();
  if (is_closed(state.progress.phase)) row.close_time = state.progress.close_time;
  row.state_transition_count = state.progress.transition_count;
  row.state_size_bytes = state_size_bytes(state);
  row.digest = digest_of(state);
  if (input.search_attributes.empty()) return row;
  row.search_attributes = input.search_attributes;
  const Namespace* space = namespaces_.by_id(input.namespace_id);
  for (AttributeEntry& entry : parse_search_attributes(input.search_attributes)) {
    // The registered type counts; what is not registered any more cannot be asked for.
    if (space == nullptr) break;
    const auto known = space->search_attributes.find(entry.name);
    if (known == space->search_attributes.end()) continue;
    row.attributes.push_back({std::move(entry.name), static_cast<AttributeType>(known->second), std::move(entry.json)});
  }
  return row;
}

std::int8_t EngineImpl::listed_status(const ActivityState& state) {
  return static_cast<std::int8_t>(public_status(state.progress.phase));
}

void EngineImpl::project(OpenActivity& activity) {
  if (!options_.visibility) return;
  // Not for every beat: what moves with each of them may lag until something else changes.
  const std::int8_t status = listed_status(activity.state);
  if (!activity.fresh && status == activity.listed_status && !(activity.dirty & kInput)) return;
  activity.listed_status = status;
  projected_.push_back({activity.row, row_of(activity.row, activity.state), false});
}

void EngineImpl::project_removal(std::uint64_t row) {
  if (options_.visibility) projected_.push_back({row, {}, false});
}

void EngineImpl::send_projection() {
  if (!options_.visibility) return;
  inventory_.commands += step_items_;
  if (!inventory_.active && !inventory_.done && now_ >= inventory_.not_before) begin_inventory();
  if (!projected_.empty()) options_.visibility->apply(std::exchange(projected_, {}));
  if (inventory_.active && !inventory_.waiting && now_ >= inventory_.not_before) continue_inventory();
}

void EngineImpl::begin_inventory() {
  inventory_ = {.active = true, .number = inventory_.number, .end = next_row_};
  // First of all, before it hears of anything else: whose projection it is, and that there is nothing behind the end.
  ask_inventory(next_row_, kLastRow, {});
}

void EngineImpl::ask_inventory(std::uint64_t first, std::uint64_t last, std::vector<InventoryQuestion::Item> items) {
  inventory_.waiting = true;
  options_.visibility->ask(kInventoryTicket,
                           InventoryQuestion{++inventory_.number, cluster_id(), first, last, std::move(items)});
}

void EngineImpl::on_inventory(StatusOr<Answer> answered) {
  if (!answered) {
    // Something is lost: once more from the beginning.
    inventory_ = {.number = inventory_.number, .not_before = now_ + kPauseAfterFailure};
    return;
  }
  auto* const found = std::get_if<InventoryAnswer>(&*answered);
  if (found == nullptr || !inventory_.active || found->number != inventory_.number) return;  // Of one given up.
  inventory_.waiting = false;
  inventory_.wanted = std::move(found->wanted);
  std::ranges::reverse(inventory_.wanted);  // The next one at the back.
  if (inventory_.next < inventory_.end || !inventory_.wanted.empty()) return;
  inventory_ = {.done = true, .number = inventory_.number};
}

void EngineImpl::continue_inventory() {
  const bool busy = std::exchange(inventory_.commands, 0) > kQuiet;
  inventory_.not_before = now_ + (busy ? kPauseWhenBusy : kPauseWhenQuiet);
  if (!inventory_.wanted.empty()) {
    feed_wanted();
    if (inventory_.wanted.empty() && inventory_.next >= inventory_.end) {
      inventory_ = {.done = true, .number = inventory_.number};
    }
    return;
  }
  const std::uint64_t first = inventory_.next;
  std::uint64_t last = inventory_.end - 1;
  std::vector<InventoryQuestion::Item> items;
  StatusOr<> result;
  // Closed ones, then the open ones as far as those reach. Every commit has both: memory and store agree here.
  const auto slice = [&](Table table, auto digest) {
    std::size_t seen = 0;
    auto scanned = store_->scan(table, first, [&](std::uint64_t row, std::string_view bytes) {
      if (row > last) return false;
      result = digest(row, bytes);
      if (!result) return false;
      if (++seen == kRowsPerSlice) last = row;
      return seen < kRowsPerSlice;
    });
    if (result) result = std::move(scanned);
  };
  slice(Table::kIndex, [&](std::uint64_t row, std::string_view bytes) -> StatusOr<> {
    const auto entry = decode_index_row(row, bytes);
    if (!entry) return entry.error();
    items.push_back({row, digest_of_closed(entry->run, entry->close_time)});
    return {};
  });
  if (result) {
    slice(Table::kProgress, [&](std::uint64_t row, std::string_view) -> StatusOr<> {
      const auto found = open_.find(row);
      if (found != open_.end()) items.push_back({row, digest_of(found->second.state)});
      return {};
    });
  }
  if (!result) {
    broken_ = in_file(result.error());
    return;
  }
  std::erase_if(items, [last](const InventoryQuestion::Item& item) { return item.row > last; });
  std::ranges::sort(items, {}, &InventoryQuestion::Item::row);
  inventory_.next = last + 1;
  ask_inventory(first, last, std::move(items));
}

void EngineImpl::feed_wanted() {
  std::vector<ProjectionChange> changes;
  for (std::size_t i = 0; i < kRowsFedPerStep && !inventory_.wanted.empty(); ++i) {
    const std::uint64_t row = inventory_.wanted.back();
    inventory_.wanted.pop_back();
    if (const auto open = open_.find(row); open != open_.end()) {
      changes.push_back({row, row_of(row, open->second.state), true});
      continue;
    }
    const auto index = store_->read(Table::kIndex, row);
    if (index && !*index) continue;  // Removed meanwhile.
    const auto state = index ? load_closed(row, Depth::kWhole) : index.error();
    if (!state && is_damaged(row)) continue;  // It cannot be listed.
    if (!state) {
      broken_ = in_file(state.error());
      return;
    }
    changes.push_back({row, row_of(row, **state), true});
  }
  options_.visibility->apply(std::move(changes));
}

std::optional<Time> EngineImpl::inventory_wakeup() const {
  if (!options_.visibility || inventory_.done || inventory_.waiting) return std::nullopt;
  return inventory_.not_before;
}

}  // namespace longbeat::server
