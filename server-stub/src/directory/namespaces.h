#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"

namespace longbeat::server {

using internal::NamespaceState;

/// One isolated world of activity IDs and task queues.
struct Namespace {
  std::uint32_t id = 0;  ///< key of its row; part of every activity and token. Never used twice. 0 is none.
  internal::Uuid uuid{};
  std::string name{};
  std::chrono::nanoseconds retention = std::chrono::hours(72);
  std::string description{}, owner_email{};
  std::map<std::string, std::string> data{};
  NamespaceState state = NamespaceState::kRegistered;
  /// Custom search attributes: name → enums.IndexedValueType.
  std::map<std::string, std::int32_t> search_attributes{};
  internal::WallTime create_time{};
};

class Namespaces {
 public:
  /// Both the name and the number must be new. References stay valid until remove().
  const Namespace& add(Namespace space);
  /// Gives the namespace of the same number new contents; its name may change.
  const Namespace& replace(Namespace space);
  void remove(std::uint32_t id);

  const Namespace* by_name(std::string_view name) const;
  const Namespace* by_id(std::uint32_t id) const;
  const Namespace* by_uuid(const std::string& text) const;
  /// What a request's namespace field means; INVALID_ARGUMENT when empty, NamespaceNotFound when unknown,
  /// NamespaceInvalidState when it is being deleted.
  internal::StatusOr<const Namespace*> resolve(const std::string& name) const;
  std::uint32_t next_id() const { return next_id_; }
  /// In order of their numbers.
  const std::map<std::uint32_t, Namespace>& all() const { return spaces_; }

 private:
  std::map<std::uint32_t, Namespace> spaces_;  ///< References to its values stay valid.
  std::unordered_map<std::string_view, const Namespace*> names_;
  std::uint32_t next_id_ = 1;
};

}  // namespace longbeat::server
