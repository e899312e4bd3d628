#include "directory/namespaces.h"

#include <algorithm>

namespace longbeat::server {

const Namespace& Namespaces::add(Namespace space) {
  next_id_ = std::max(next_id_, space.id + 1);
  const Namespace& added = spaces_.emplace_back(std::move(space));
  names_.emplace(added.name, &added);
  return added;
}

const Namespace* Namespaces::by_name(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

const Namespace* Namespaces::by_id(std::uint32_t id) const {
  // Numbers are given in order, so a namespace sits at or before its number's place.
  for (std::size_t i = std::min<std::size_t>(id, spaces_.size()); i-- > 0;) {
    if (spaces_[i].id == id) return &spaces_[i];
  }
  return nullptr;
}

const Namespace* Namespaces::by_uuid(const std::string& text) const {
  internal::Uuid uuid{};
  if (!internal::parse_uuid(text, uuid)) return nullptr;
  const auto found = std::ranges::find(spaces_, uuid, &Namespace::uuid);
  return found == spaces_.end() ? nullptr : &*found;
}

internal::StatusOr<const Namespace*> Namespaces::resolve(const std::string& name) const {
  if (name.empty()) return internal::invalid_argument("Namespace is empty.");
  if (const Namespace* found = by_name(name)) return found;
  return internal::Status{internal::StatusCode::kNotFound, "Namespace " + name + " is not found.",
                          internal::NamespaceNotFoundDetail{name}};
}

}  // namespace longbeat::server
