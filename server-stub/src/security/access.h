#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/line_pace.h"
#include "base/status.h"
#include "security/key_hash.h"
#include "security/roles.h"

/// Who may call what. Pure: headers and a row's needs in, a verdict out.
namespace longbeat::server {

/// One key of the configuration; of the key itself only the hash is known.
struct ApiKey {
  std::string name{};  ///< for logs and refusals
  KeyHash hash{};
  Roles roles{};
  bool all_namespaces = false;
  std::vector<std::string> namespaces{};  ///< without all_namespaces
  std::optional<internal::WallTime> expires{};
  bool is_certificate = false;  ///< no key at all: what a client certificate alone allows

  /// Is a call about this namespace within its scope? Without a name (empty): only with all namespaces.
  bool covers(std::string_view namespace_name) const;
};

struct AccessRules {
  std::vector<ApiKey> keys{};
  /// Every caller has shown a certificate that was checked: calls without a key have these roles, in all namespaces.
  Roles certificate_roles{};
  /// Calls need a key or such a certificate. False: everyone may do everything, keys are not looked at.
  bool required = false;
};

/// Why a call was refused.
enum class Refusal : std::uint8_t { kNoKey, kUnknownKey, kExpired, kWrongRole, kWrongNamespace };

/// How often, since the start.
struct AccessRefusals {
  std::uint64_t no_key = 0, unknown_key = 0, expired = 0, wrong_role = 0, wrong_namespace = 0;

  std::uint64_t& of(Refusal refusal);
  std::uint64_t total() const { return no_key + unknown_key + expired + wrong_role + wrong_namespace; }
};

/// What a call needs, from its row of the dispatch table.
struct CallNeeds {
  std::string_view method{};  ///< without its service
  Role role = Role::kOperator;
  bool has_namespace = false;  ///< its request names one
};

struct Verdict {
  std::optional<Refusal> refusal{};
  /// Whose key it is: also of a refusal, where the key is known. Null: a call that needs none.
  std::shared_ptr<const ApiKey> key{};
};

class Access {
 public:
  /// No rules: everyone may do everything.
  Access() = default;
  explicit Access(AccessRules rules);

  bool required() const { return required_; }
  /// `authorization`: the value of that header, empty when there is none. What the request says of a namespace is not
  /// known yet: ApiKey::covers() of the verdict's key tells.
  Verdict admit(std::string_view authorization, const CallNeeds& needs, internal::WallTime now) const;

 private:
  struct FirstBytes {
    std::size_t operator()(const KeyHash& hash) const;
  };
  struct Same {
    bool operator()(const KeyHash& a, const KeyHash& b) const { return same(a, b); }
  };
  /// By hash: how long a lookup takes tells at most which bucket the hash of a guess fell into, and from there no way
  /// leads to the key.
  std::unordered_map<KeyHash, std::shared_ptr<const ApiKey>, FirstBytes, Same> keys_{};
  std::shared_ptr<const ApiKey> of_certificates_{};  ///< null: a certificate alone is not enough
  bool required_ = false;
};

/// The answer to who was refused. Never holds the key.
internal::Status to_status(Refusal refusal, const CallNeeds& needs, const ApiKey* key,
                           std::string_view namespace_name = {});

/// The lines about refusals, each reason at a pace of its own.
class RefusalLog {
 public:
  /// The line to write now, if any; `what` is the answer's text, `who` where the call came from.
  std::optional<std::string> note(Refusal refusal, std::string_view what, std::string_view who, internal::WallTime now);
  /// Is the next one written? To spare the making of its text.
  bool is_due(Refusal refusal, internal::WallTime now) const {
    return paces_[static_cast<std::size_t>(refusal)].is_due(now);
  }

 private:
  std::array<internal::LinePace<internal::WallTime>, 5> paces_{};
};

}  // namespace longbeat::server
