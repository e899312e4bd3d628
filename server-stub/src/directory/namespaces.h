#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/random.h"
#include "base/status.h"

namespace longbeat::server {

/// One isolated world of activity IDs and task queues.
struct Namespace {
  std::uint32_t id = 0;  ///< key of its row; part of every activity and token. Never used twice. 0 is none.
  internal::Uuid uuid{};
  std::string name{};
  std::chrono::nanoseconds retention = std::chrono::hours(72);
};

class Namespaces {
 public:
  /// Both the name and the number must be new. References stay valid.
  const Namespace& add(Namespace space);
  const Namespace* by_name(std::string_view name) const;
  const Namespace* by_id(std::uint32_t id) const;
  const Namespace* by_uuid(const std::string& text) const;
  /// What a request's namespace field means; INVALID_ARGUMENT when empty, NamespaceNotFound when unknown.
  internal::StatusOr<const Namespace*> resolve(const std::string& name) const;
  std::uint32_t next_id() const { return next_id_; }

 private:
  std::deque<Namespace> spaces_;
  std::unordered_map<std::string_view, const Namespace*> names_;
  std::uint32_t next_id_ = 1;
};

}  // namespace longbeat::server
