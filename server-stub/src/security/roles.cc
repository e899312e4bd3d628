#include "security/roles.h"

#include <array>

namespace longbeat::server {
namespace {

constexpr std::array kOfKeys = {Role::kReader, Role::kClient, Role::kWorker, Role::kOperator};

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kAnyone:
      return "anyone";
    case Role::kAnyKey:
      return "any key";
    case Role::kReader:
      return "reader";
    case Role::kClient:
      return "client";
    case Role::kWorker:
      return "worker";
    case Role::kOperator:
      return "operator";
  }
  return "";
}

std::optional<Role> role_named(std::string_view name) {
  for (const Role role : kOfKeys) {
    if (role_name(role) == name) return role;
  }
  return std::nullopt;
}

bool Roles::allow(Role needed) const {
  switch (needed) {
    case Role::kAnyone:
      return true;
    case Role::kAnyKey:
      return !empty();
    case Role::kReader:
      return has(Role::kReader) || has(Role::kClient) || has(Role::kOperator);
    case Role::kClient:
    case Role::kWorker:
    case Role::kOperator:
      return has(needed) || has(Role::kOperator);
  }
  return false;
}

std::string to_string(const Roles& roles) {
  std::string text;
  for (const Role role : kOfKeys) {
    if (roles.has(role)) text += (text.empty() ? "" : ", ") + std::string(role_name(role));
  }
  return text.empty() ? "none" : text;
}

}  // namespace longbeat::server
