// gRPC's C++ interface reads certificates once, or watches files itself and then also takes up broken ones; its C
// interface asks before every handshake, which is what reloading needs.
#include "rpc/tls_credentials.h"

#include <type_traits>
#include <utility>

namespace longbeat::server {
namespace {

/// Hands C credentials to a ServerBuilder. Newer releases of gRPC keep them in the base class, older ones ask for two
/// functions.
template <class Base, bool kIsOld = std::is_abstract_v<Base>>
class FetchingCredentials final : public Base {
 public:
  explicit FetchingCredentials(grpc_server_credentials* credentials) : Base(credentials) {}
};

template <class Base>
class FetchingCredentials<Base, true> final : public Base {
 public:
  explicit FetchingCredentials(grpc_server_credentials* credentials) : credentials_(credentials) {}
  ~FetchingCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* credentials_;
};

}  // namespace

void CertificateSource::set(Certificates next) {
  state_.with([&](State& state) {
    state.certificates = std::move(next);
    return state.is_new = true;
  });
}

grpc_ssl_certificate_config_reload_status CertificateSource::fetch(void* source,
                                                                   grpc_ssl_server_certificate_config** config) {
  return static_cast<CertificateSource*>(source)->state_.with([&](State& state) {
    if (!std::exchange(state.is_new, false)) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const Certificates& from = state.certificates;
    const grpc_ssl_pem_key_cert_pair pair{from.key.c_str(), from.certificate.c_str()};
    // gRPC insists on authorities for clients even where it asks them for nothing; any certificate will do then.
    const std::string& authorities = from.client_ca.empty() ? from.certificate : from.client_ca;
    *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  });
}

std::shared_ptr<grpc::ServerCredentials> tls_credentials(CertificateSource& source, bool ask_clients) {
  const auto request = ask_clients ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                   : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  auto* options =
      grpc_ssl_server_credentials_create_options_using_config_fetcher(request, &CertificateSource::fetch, &source);
  return std::make_shared<FetchingCredentials<grpc::ServerCredentials>>(
      grpc_ssl_server_credentials_create_with_options(options));  // Takes the options.
}

}  // namespace longbeat::server
