#include "directory/namespaces.h"

#include <algorithm>

namespace longbeat::server {

const Namespace& Namespaces::add(Namespace space) {
  next_id_ = std::max(next_id_, space.id + 1);
  const Namespace& added = spaces_.emplace(space.id, std::move(space)).first->second;
  names_.emplace(added.name, &added);
  return added;
}

const Namespace& Namespaces::replace(Namespace space) {
  Namespace& stored = spaces_.at(space.id);
  names_.erase(stored.name);
  stored = std::move(space);
  names_.emplace(stored.name, &stored);
  return stored;
}

void Namespaces::remove(std::uint32_t id) {
  const auto found = spaces_.find(id);
  if (found == spaces_.end()) return;
  names_.erase(found->second.name);
  spaces_.erase(found);
}

const Namespace* Namespaces::by_name(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

const Namespace* Namespaces::by_id(std::uint32_t id) const {
  const auto found = spaces_.find(id);
  return found == spaces_.end() ? nullptr : &found->second;
}

const Namespace* Namespaces::by_uuid(const std::string& text) const {
  internal::Uuid uuid{};
  if (!internal::parse_uuid(text, uuid)) return nullptr;
  const auto found = std::ranges::find_if(spaces_, [&](const auto& entry) { return entry.second.uuid == uuid; });
  return found == spaces_.end() ? nullptr : &found->second;
}

internal::StatusOr<const Namespace*> Namespaces::resolve(const std::string& name) const {
  if (name.empty()) return internal::invalid_argument("Namespace is empty.");
  const Namespace* found = by_name(name);
  if (found == nullptr) {
    return internal::Status{internal::StatusCode::kNotFound, "Namespace " + name + " is not found.",
                            internal::NamespaceNotFoundDetail{name}};
  }
  if (found->state == NamespaceState::kDeleted) {
    return internal::Status{internal::StatusCode::kFailedPrecondition, "Namespace " + name + " is being deleted.",
                            internal::NamespaceInvalidStateDetail{name, found->state}};
  }
  return found;
}

}  // namespace longbeat::server
