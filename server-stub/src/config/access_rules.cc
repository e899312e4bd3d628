#include <algorithm>

#include "config/config.h"
#include "config/values.h"

namespace longbeat::server {

AccessRules access_rules(const Config& config) {
  AccessRules rules;
  rules.required = !config.keys.empty() || !config.tls.client_ca.empty();
  if (const auto role = role_named(config.client_certificate_role)) rules.certificate_roles.add(*role);
  for (const auto& [name, from] : config.keys) {
    ApiKey& key = rules.keys.emplace_back();
    key.name = name;
    key.hash = hash_from_text(from.hash).value();
    for (const std::string& role : from.roles) key.roles.add(role_named(role).value());
    key.namespaces = from.namespaces;
    key.all_namespaces = std::ranges::find(from.namespaces, "*") != from.namespaces.end();
    if (!from.expires.empty()) key.expires = parse_moment_text(from.expires).value();
  }
  return rules;
}

}  // namespace longbeat::server
