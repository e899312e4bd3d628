#include "rpc/gate.h"

#include <utility>

#include "base/log.h"

namespace longbeat::server {
namespace {

CallNeeds needs_of(const Rpc& rpc) {
  return {rpc.method.substr(rpc.method.rfind('/') + 1), rpc.role, !rpc.namespace_field.empty()};
}

}  // namespace

void Gate::set(AccessRules rules) {
  rules.required = rules.required || access_.required();
  access_ = Access(std::move(rules));
}

internal::StatusOr<std::shared_ptr<const ApiKey>> Gate::admit(const Rpc& rpc, std::string_view authorization,
                                                              internal::WallTime now, const Peer& peer) {
  const CallNeeds needs = needs_of(rpc);
  auto verdict = access_.admit(authorization, needs, now);
  if (verdict.refusal) return refuse(*verdict.refusal, needs, verdict.key.get(), {}, now, peer);
  const bool scoped = verdict.key && needs.has_namespace && !verdict.key->all_namespaces;
  return scoped ? std::move(verdict.key) : nullptr;
}

internal::StatusOr<> Gate::check_namespace(const Rpc& rpc, const ApiKey& key, std::string_view namespace_name,
                                           internal::WallTime now, const Peer& peer) {
  if (key.covers(namespace_name)) return {};
  return refuse(Refusal::kWrongNamespace, needs_of(rpc), &key, namespace_name, now, peer);
}

internal::Status Gate::refuse(Refusal refusal, const CallNeeds& needs, const ApiKey* key,
                              std::string_view namespace_name, internal::WallTime now, const Peer& peer) {
  ++refusals_.of(refusal);
  auto status = to_status(refusal, needs, key, namespace_name);
  const std::string who = log_.is_due(refusal, now) ? peer() : "";
  if (const auto line = log_.note(refusal, status.message, who, now)) {
    internal::log(internal::LogLevel::kWarn, *line);
  }
  return status;
}

}  // namespace longbeat::server
