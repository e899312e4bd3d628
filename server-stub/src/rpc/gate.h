#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "rpc/dispatch_table.h"
#include "security/access.h"

namespace longbeat::server {

/// Who may pass to the engine; counts and logs who may not. Belongs to the loop's thread.
class Gate {
 public:
  using Peer = std::function<std::string()>;  ///< where a call came from, asked for when a line is written

  /// Once calls need a key, they go on needing one.
  void set(AccessRules rules);
  /// Nobody is asked for anything.
  bool is_open() const { return !access_.required(); }

  /// Before the request is read. The key that check_namespace() wants to see again, null where nothing is left to
  /// check; or the refusal.
  internal::StatusOr<std::shared_ptr<const ApiKey>> admit(const Rpc& rpc, std::string_view authorization,
                                                          internal::WallTime now, const Peer& peer);
  /// Once it is known which namespace the request is about.
  internal::StatusOr<> check_namespace(const Rpc& rpc, const ApiKey& key, std::string_view namespace_name,
                                       internal::WallTime now, const Peer& peer);

  const AccessRefusals& refusals() const { return refusals_; }

 private:
  internal::Status refuse(Refusal refusal, const CallNeeds& needs, const ApiKey* key, std::string_view namespace_name,
                          internal::WallTime now, const Peer& peer);

  Access access_{};
  AccessRefusals refusals_{};
  RefusalLog log_{};
};

}  // namespace longbeat::server
