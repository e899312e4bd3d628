#include "workers/registry.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "query/matches.h"
#include "query/query.h"

namespace longbeat::server {
namespace {

using internal::WallTime;

constexpr std::int32_t kShutdown = 3;  // enums.WorkerStatus
constexpr char kTokenVersion = '1';

std::string status_name(std::int32_t status) {
  switch (status) {
    case 0:
      return "Unspecified";
    case 1:
      return "Running";
    case 2:
      return "ShuttingDown";
    case kShutdown:
      return "Shutdown";
    default:
      return std::to_string(status);
  }
}

query::Value time_value(WallTime time) {
  return time == WallTime{} ? query::Value() : query::Value(time);
}

/// Nothing: there is no such field.
std::optional<query::Value> field(const WorkerBeat& worker, std::string_view name) {
  if (name == "WorkerInstanceKey") return worker.instance_key;
  if (name == "WorkerIdentity") return worker.identity;
  if (name == "HostName") return worker.host_name;
  if (name == "TaskQueue") return worker.task_queue;
  if (name == "DeploymentName") return worker.deployment_name;
  if (name == "BuildId") return worker.build_id;
  if (name == "SdkName") return worker.sdk_name;
  if (name == "SdkVersion") return worker.sdk_version;
  if (name == "StartTime") return time_value(worker.start_time);
  if (name == "HeartbeatTime") return time_value(worker.heartbeat_time);
  if (name == "WorkerStatus" || name == "Status") return status_name(worker.status);
  return std::nullopt;
}

/// Which workers are meant.
class Filter {
 public:
  static internal::StatusOr<Filter> parse(const std::string& text, bool include_system_workers) {
    auto parsed = query::parse(text);
    if (!parsed) return parsed.error();
    if (!parsed->group_by.empty()) {
      return query::refusal("GROUP BY is not supported for workers", parsed->group_by.front().place);
    }
    Filter filter;
    filter.where_ = std::move(parsed->where);
    filter.system_ = include_system_workers;
    return filter;
  }

  bool operator()(const WorkerBeat& worker) const {
    if (!system_ && is_system_worker(worker)) return false;
    if (!where_) return true;
    bool unknown_field = false;
    const query::Lookup lookup = [&](const std::string& name) {
      auto value = field(worker, name);
      if (!value) unknown_field = true;
      return value.value_or(query::Value());
    };
    return query::matches(*where_, lookup) && !unknown_field;
  }

 private:
  std::optional<query::Expression> where_{};
  bool system_ = false;
};

std::size_t bytes_of(const WorkerBeat& worker) {
  return sizeof worker + worker.message.size() + 2 * worker.instance_key.size() + worker.identity.size() +
         worker.host_name.size() + worker.process_id.size() + worker.grouping_key.size() + worker.task_queue.size() +
         worker.deployment_name.size() + worker.build_id.size() + worker.sdk_name.size() + worker.sdk_version.size();
}

}  // namespace

bool is_system_worker(const WorkerBeat& worker) {
  const std::string_view queue = worker.task_queue;
  return queue.starts_with("temporal-sys/worker-commands/") || queue.starts_with("/temporal-sys/");
}

void WorkerRegistry::remove(Space& space, std::map<std::string, Entry, std::less<>>::iterator worker) {
  space.bytes -= worker->second.bytes;
  space.turns.erase(worker->second.turn);
  space.workers.erase(worker);
}

void WorkerRegistry::forget_silent(Space& space, Time now) const {
  while (!space.turns.empty()) {
    const auto first = space.workers.find(*space.turns.front());
    if (now - first->second.seen < limits_.forgotten_after) return;
    remove(space, first);
  }
}

WorkerRegistry::Space* WorkerRegistry::living(std::uint32_t namespace_id, Time now) {
  const auto found = spaces_.find(namespace_id);
  if (found == spaces_.end()) return nullptr;
  forget_silent(found->second, now);
  return &found->second;
}

void WorkerRegistry::sweep(Time now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + limits_.forgotten_after;
  for (auto& [id, space] : spaces_) forget_silent(space, now);
  std::erase_if(spaces_, [](const auto& entry) { return entry.second.workers.empty(); });
}

void WorkerRegistry::beat(std::uint32_t namespace_id, WorkerBeat beat, Time now) {
  sweep(now);
  Space& space = spaces_[namespace_id];
  auto found = space.workers.find(beat.instance_key);
  if (beat.status == kShutdown) {
    if (found != space.workers.end()) remove(space, found);
    return;
  }
  if (found == space.workers.end()) {
    found = space.workers.emplace(beat.instance_key, Entry{}).first;
    found->second.turn = space.turns.insert(space.turns.end(), &found->first);
  } else {
    space.turns.splice(space.turns.end(), space.turns, found->second.turn);
  }
  Entry& entry = found->second;
  space.bytes -= entry.bytes;
  entry.bytes = bytes_of(beat);
  space.bytes += entry.bytes;
  entry.beat = std::move(beat);
  entry.seen = now;
  const auto full = [&] {
    return space.workers.size() > limits_.workers_per_namespace_max || space.bytes > limits_.bytes_per_namespace_max;
  };
  while (full() && space.workers.size() > 1) remove(space, space.workers.find(*space.turns.front()));
}

const WorkerBeat* WorkerRegistry::find(std::uint32_t namespace_id, std::string_view instance_key, Time now) {
  const Space* space = living(namespace_id, now);
  if (space == nullptr) return nullptr;
  const auto found = space->workers.find(instance_key);
  return found == space->workers.end() ? nullptr : &found->second.beat;
}

internal::StatusOr<WorkerRegistry::Page> WorkerRegistry::list(std::uint32_t namespace_id,
                                                              const ListWorkersRequest& request, Time now) {
  const auto filter = Filter::parse(request.query, request.include_system_workers);
  if (!filter) return filter.error();
  if (!request.page_token.empty() && request.page_token.front() != kTokenVersion) {
    return internal::invalid_argument("invalid next page token");
  }
  Page page;
  const Space* space = living(namespace_id, now);
  if (space == nullptr) return page;
  const auto most = static_cast<std::size_t>(std::max(request.page_size, 0));
  auto at = request.page_token.empty() ? space->workers.begin()
                                       : space->workers.upper_bound(std::string_view(request.page_token).substr(1));
  for (; at != space->workers.end(); ++at) {
    if (!(*filter)(at->second.beat)) continue;
    if (most > 0 && page.workers.size() == most) {
      page.next_token = kTokenVersion + page.workers.back().instance_key;
      break;
    }
    page.workers.push_back(at->second.beat);
  }
  return page;
}

internal::StatusOr<std::int64_t> WorkerRegistry::count(std::uint32_t namespace_id, const CountWorkersRequest& request,
                                                       Time now) {
  const auto filter = Filter::parse(request.query, request.include_system_workers);
  if (!filter) return filter.error();
  std::int64_t count = 0;
  const Space* space = living(namespace_id, now);
  if (space == nullptr) return count;
  for (const auto& [key, entry] : space->workers) {
    if ((*filter)(entry.beat)) ++count;
  }
  return count;
}

std::size_t WorkerRegistry::size(std::uint32_t namespace_id) const {
  const auto found = spaces_.find(namespace_id);
  return found == spaces_.end() ? 0 : found->second.workers.size();
}

}  // namespace longbeat::server
