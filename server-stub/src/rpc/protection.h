#pragma once
#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "rpc/server.h"
#include "rpc/tls_credentials.h"
#include "security/file_watch.h"

namespace longbeat::server {

/// What guards one server: its certificates, the rules of its gate, and the housekeeping thread that renews both when
/// their files change. Outlives the grpc::Server.
class Protection {
 public:
  /// Refuses what cannot be: files that cannot be used, an address that others reach without TLS and authentication.
  static internal::StatusOr<std::unique_ptr<Protection>> prepare(const ServerOptions& options,
                                                                 const internal::ServerClock& clock);

  std::shared_ptr<grpc::ServerCredentials> credentials();
  const AccessRules& rules() const { return rules_; }

  /// Starts the housekeeping thread, if there is anything to watch. `loop` lives until stop().
  void watch(EventLoop& loop);
  void stop() { watch_.stop(); }

 private:
  Protection(const ServerOptions& options, const internal::ServerClock& clock);
  internal::StatusOr<> load_certificates_first();
  void load_certificates_again(EventLoop& loop);
  void read_access_again(EventLoop& loop);
  void remind();

  const internal::ServerClock& clock_;
  const TlsFiles tls_;
  AccessRules rules_;
  const std::function<internal::StatusOr<AccessRules>()> read_access_;
  const std::chrono::milliseconds interval_;
  FileMarks certificate_marks_, access_marks_;
  std::string warning_{};  ///< for the moment in which the server listens
  std::optional<CertificateSource> certificates_{};
  internal::WallTime not_after_{};  ///< of the own certificate
  ExpiryReminder reminder_{};
  FileWatch watch_{};
};

}  // namespace longbeat::server
