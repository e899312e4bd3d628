// What one namespace may use at once: its rates, long polls and open activities.
#include <algorithm>

#include "engine/engine_impl.h"

namespace longbeat::server {
namespace {

bool has_rate(const RequestLimits& limits) {
  return limits.requests_per_second > 0 || limits.visibility_requests_per_second > 0;
}

}  // namespace

bool EngineImpl::any_rate(const EngineLimits& limits) {
  return has_rate(limits.requests) ||
         std::ranges::any_of(limits.namespaces, [](const auto& entry) { return has_rate(entry.second); });
}

const RequestLimits& EngineImpl::limits_named(const std::string& namespace_name) const {
  const auto found = options_.limits.namespaces.find(namespace_name);
  return found != options_.limits.namespaces.end() ? found->second : options_.limits.requests;
}

StatusOr<> EngineImpl::admit(const std::string& namespace_name, bool is_visibility) {
  const Namespace* space = namespaces_.by_name(namespace_name);
  if (space == nullptr) return {};  // Its handler says so.
  const RequestLimits& limits = limits_of(space);
  using Rate = NamespaceUse::Rate;
  if (!use_.take(space->id, Rate::kCalls, limits.requests_per_second, now_) ||
      (is_visibility && !use_.take(space->id, Rate::kVisibility, limits.visibility_requests_per_second, now_))) {
    return exhausted("namespace rate limit exceeded", kRpsLimit, kScopeNamespace);
  }
  return {};
}

StatusOr<> EngineImpl::check_room_to_wait(const Namespace& space, Parked::Kind kind) const {
  if (parked_.size() >= options_.limits.parked_calls_max) {
    return exhausted("limit of waiting calls reached: " + std::to_string(options_.limits.parked_calls_max),
                     kConcurrentLimit, kScopeSystem);
  }
  if (use_.polls(space.id, static_cast<std::size_t>(kind)) >= limits_of(&space).polls_per_namespace_max) {
    return exhausted("namespace concurrent poller limit exceeded", kConcurrentLimit, kScopeNamespace);
  }
  return {};
}

Status EngineImpl::disk_is_full() {
  return exhausted("the server's disk is full: nothing new is accepted until space has been made; what runs goes on",
                   kPersistenceStorageLimit, kScopeSystem);
}

StatusOr<> EngineImpl::check_room_to_start(const Namespace& space) const {
  const auto full = [](const std::string& of, std::uint64_t limit, std::int32_t scope, const char* unit = "") {
    return exhausted("limit of " + of + " reached: " + std::to_string(limit) + unit, kPersistenceStorageLimit, scope);
  };
  const EngineLimits& limits = options_.limits;
  if (store_->disk_full()) return disk_is_full();
  if (open_.size() >= limits.open_activities_max) {
    return full("open activities", limits.open_activities_max, kScopeSystem);
  }
  if (open_bytes_ >= limits.open_bytes_max) {
    return full("memory for open activities", limits.open_bytes_max, kScopeSystem, " bytes");
  }
  const std::size_t most = limits_of(&space).open_activities_per_namespace_max;
  if (use_.open(space.id) >= most) return full("open activities of namespace " + space.name, most, kScopeNamespace);
  return {};
}

}  // namespace longbeat::server
