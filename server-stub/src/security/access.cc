#include "security/access.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace longbeat::server {
namespace {

/// KEY of "Bearer KEY"; nothing when it is another scheme.
std::optional<std::string_view> bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  const auto as_scheme = [](char given, char wanted) {
    return std::tolower(static_cast<unsigned char>(given)) == wanted;
  };
  if (!std::equal(kScheme.begin(), kScheme.end(), authorization.begin(),
                  [&](char wanted, char given) { return as_scheme(given, wanted); })) {
    return std::nullopt;
  }
  authorization.remove_prefix(kScheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  while (authorization.ends_with(' ')) authorization.remove_suffix(1);
  if (authorization.empty()) return std::nullopt;
  return authorization;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 100;
  std::string out = "'";
  for (const char c : text.substr(0, kShown)) out += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  return out + (text.size() > kShown ? "...'" : "'");
}

}  // namespace

bool ApiKey::covers(std::string_view namespace_name) const {
  return all_namespaces || std::ranges::find(namespaces, namespace_name) != namespaces.end();
}

std::uint64_t& AccessRefusals::of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNoKey:
      return no_key;
    case Refusal::kUnknownKey:
      return unknown_key;
    case Refusal::kExpired:
      return expired;
    case Refusal::kWrongRole:
      return wrong_role;
    case Refusal::kWrongNamespace:
      break;
  }
  return wrong_namespace;
}

std::size_t Access::FirstBytes::operator()(const KeyHash& hash) const {
  std::size_t bytes = 0;
  std::memcpy(&bytes, hash.data(), sizeof bytes);
  return bytes;
}

Access::Access(AccessRules rules) : required_(rules.required) {
  for (ApiKey& key : rules.keys) {
    const KeyHash hash = key.hash;
    keys_.emplace(hash, std::make_shared<const ApiKey>(std::move(key)));
  }
  if (rules.certificate_roles.empty()) return;
  ApiKey certificate;
  certificate.is_certificate = true;
  certificate.roles = rules.certificate_roles;
  certificate.all_namespaces = true;
  of_certificates_ = std::make_shared<const ApiKey>(std::move(certificate));
}

Verdict Access::admit(std::string_view authorization, const CallNeeds& needs, internal::WallTime now) const {
  if (!required_ || needs.role == Role::kAnyone) return {};
  std::shared_ptr<const ApiKey> key;
  if (authorization.empty()) {
    if (!of_certificates_) return {Refusal::kNoKey, {}};
    key = of_certificates_;
  } else {
    const auto secret = bearer(authorization);
    if (!secret) return {Refusal::kNoKey, {}};
    const auto found = keys_.find(hash_of_key(*secret));
    if (found == keys_.end()) return {Refusal::kUnknownKey, {}};
    key = found->second;
  }
  if (key->expires && now >= *key->expires) return {Refusal::kExpired, std::move(key)};
  if (!key->roles.allow(needs.role)) return {Refusal::kWrongRole, std::move(key)};
  if (!needs.has_namespace && needs.role != Role::kAnyKey && !key->all_namespaces) {
    return {Refusal::kWrongNamespace, std::move(key)};
  }
  return {std::nullopt, std::move(key)};
}

internal::Status to_status(Refusal refusal, const CallNeeds& needs, const ApiKey* key,
                           std::string_view namespace_name) {
  using internal::StatusCode;
  const std::string method(needs.method);
  const bool is_certificate = key != nullptr && key->is_certificate;
  const std::string who = key == nullptr   ? "this caller"
                          : is_certificate ? "a client certificate without an API key"
                                           : "the API key " + quoted(key->name);
  switch (refusal) {
    case Refusal::kNoKey:
      return {StatusCode::kUnauthenticated, method + " needs an API key, sent as \"authorization: Bearer KEY\"", {}};
    case Refusal::kUnknownKey:
      return {StatusCode::kUnauthenticated, "the API key is not known here", {}};
    case Refusal::kExpired:
      return {StatusCode::kUnauthenticated, who + " has expired", {}};
    case Refusal::kWrongRole:
      return {StatusCode::kPermissionDenied,
              who + " may not call " + method + ": that takes the role " + std::string(role_name(needs.role)) +
                  ", given is " + (key ? to_string(key->roles) : "none"),
              {}};
    case Refusal::kWrongNamespace:
      break;
  }
  const std::string about = !needs.has_namespace     ? method + ", which is about all namespaces"
                            : namespace_name.empty() ? method + " without the name of a namespace"
                                                     : method + " in namespace " + quoted(namespace_name);
  return {StatusCode::kPermissionDenied, who + " may not call " + about, {}};
}

std::optional<std::string> RefusalLog::note(Refusal refusal, std::string_view what, std::string_view who,
                                            internal::WallTime now) {
  const auto end = paces_[static_cast<std::size_t>(refusal)].note(now);
  if (!end) return std::nullopt;
  return "call refused: " + std::string(what) + " (from " + std::string(who) + ")" + *end;
}

}  // namespace longbeat::server
