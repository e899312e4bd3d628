#include "rpc/connect_hint.h"

namespace longbeat::internal {

std::string_view connect_hint(const Status& status, const ConnectionKind& kind) {
  if (status.code != StatusCode::kUnavailable) return {};
  const auto says = [&](std::string_view what) { return status.message.find(what) != std::string::npos; };
  // gRPC has made no address usable: it does so when it cannot use the key that it was given.
  if (kind.has_certificate && says("empty address list")) {
    return "; ClientOptions.tls.key may not belong to ClientOptions.tls.certificate, or one of the files is damaged";
  }
  if (!says("failed to connect")) return {};
  const bool hung_up = says("Socket closed") || says("Connection reset");
  if (!kind.encrypted && hung_up) return "; a server with TLS hangs up like that, and ClientOptions.tls is not set";
  if (!kind.encrypted) return {};
  if (says("wrong version number") || says("WRONG_VERSION_NUMBER")) return "; the server there has no TLS";
  if (says("certificate verify failed") || says("CERTIFICATE_VERIFY_FAILED")) {
    return "; the server's certificate is not signed by what ClientOptions.tls.ca names, or out of its time";
  }
  if (hung_up && !kind.has_certificate) {
    return "; a server that asks for a certificate hangs up like that, and ClientOptions.tls.certificate is not set";
  }
  return {};
}

}  // namespace longbeat::internal
