#pragma once
#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <cstdint>
#include <memory>

#include "base/guarded.h"
#include "security/certificates.h"

namespace longbeat::server {

/// The certificates that handshakes use from now on. gRPC asks before each handshake, so a change needs neither a
/// restart nor new connections: those that exist keep what they began with. Any thread.
class CertificateSource {
 public:
  explicit CertificateSource(Certificates first) { set(std::move(first)); }

  void set(Certificates next);

  /// For gRPC: fills `config` when there is something newer than what it was given last.
  static grpc_ssl_certificate_config_reload_status fetch(void* source, grpc_ssl_server_certificate_config** config);

 private:
  struct State {
    Certificates certificates{};
    bool is_new = false;  ///< gRPC has not been given it
  };
  internal::Guarded<State> state_{};
};

/// For one port. `source` outlives the server. With `ask_clients` a handshake fails without a certificate that the
/// client authorities of the source have signed.
std::shared_ptr<grpc::ServerCredentials> tls_credentials(CertificateSource& source, bool ask_clients);

}  // namespace longbeat::server
