#include "workers/closed_workers.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kScopesMax = 16;  // A worker polls one task queue, perhaps a sticky one too.

}  // namespace

QueueTypes QueueTypes::of(const std::vector<std::int32_t>& types) {
  if (types.empty()) return all();
  QueueTypes set(0);
  for (const std::int32_t type : types) {
    if (type == 0) return all();
    if (type > 0 && type <= static_cast<std::int32_t>(QueueType::kNexus)) {
      set.bits_ = static_cast<std::uint8_t>(set.bits_ | bit(static_cast<QueueType>(type)));
    }
  }
  return set;
}

void ClosedWorkers::close(std::uint32_t namespace_id, std::string_view worker_key, std::string_view task_queue,
                          QueueTypes types, Time now) {
  auto found = workers_.find(Key<std::string_view>(namespace_id, worker_key));
  if (found == workers_.end()) {
    found = workers_.emplace(Key<std::string>(namespace_id, worker_key), Entry{}).first;
    found->second.turn = turns_.insert(turns_.end(), &found->first);
  } else {
    turns_.splice(turns_.end(), turns_, found->second.turn);
  }
  Entry& entry = found->second;
  entry.at = now;
  if (entry.scopes.size() == kScopesMax) entry.scopes.erase(entry.scopes.begin());
  entry.scopes.push_back({std::string(task_queue), types});
  for (;;) {
    const auto first = workers_.find(*turns_.front());
    if (now - first->second.at < limits_.remembered && workers_.size() <= limits_.workers_max) return;
    turns_.pop_front();
    workers_.erase(first);
    if (turns_.empty()) return;
  }
}

bool ClosedWorkers::is_closed(std::uint32_t namespace_id, std::string_view worker_key, std::string_view task_queue,
                              QueueType type, Time now) const {
  if (workers_.empty() || worker_key.empty()) return false;
  const auto found = workers_.find(Key<std::string_view>(namespace_id, worker_key));
  if (found == workers_.end() || now - found->second.at >= limits_.remembered) return false;
  for (const Scope& scope : found->second.scopes) {
    if (scope.types.has(type) && (scope.task_queue.empty() || scope.task_queue == task_queue)) return true;
  }
  return false;
}

}  // namespace longbeat::server
