#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace longbeat::server {

/// Who may make a call: a column of the dispatch table.
enum class Role : std::uint8_t {
  kAnyone,    ///< no key needed: what a load balancer asks
  kAnyKey,    ///< every key, whatever its roles: what each client asks first
  kReader,    ///< looks at activities, queues and workers
  kClient,    ///< starts, cancels, awaits; reads too
  kWorker,    ///< takes tasks and reports on them
  kOperator,  ///< everything
};

/// "reader", "client", "worker" or "operator": the roles that a key can have.
std::string_view role_name(Role role);
std::optional<Role> role_named(std::string_view name);

/// The roles of one key.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) add(role);
  }
  constexpr void add(Role role) { bits_ = static_cast<std::uint8_t>(bits_ | 1U << static_cast<unsigned>(role)); }
  constexpr bool has(Role role) const { return (bits_ >> static_cast<unsigned>(role) & 1U) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  /// May who has these make a call that takes `needed`?
  bool allow(Role needed) const;
  friend bool operator==(const Roles&, const Roles&) = default;

 private:
  std::uint8_t bits_ = 0;
};
/// "client, worker"; "none".
std::string to_string(const Roles& roles);

}  // namespace longbeat::server
