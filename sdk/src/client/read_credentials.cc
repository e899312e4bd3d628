#include "client/read_credentials.h"

#include <string>
#include <string_view>
#include <utility>

#include "base/read_file.h"
#include "client/option_text.h"

namespace longbeat::internal {
namespace {

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;  // All public authorities together take a quarter of a MiB.

/// Of both ways to write a private key: PKCS#8, and OpenSSL's older one with its headers.
bool is_encrypted_key(std::string_view text) {
  for (const std::string_view sign : {"-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"}) {
    if (text.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

/// One option, and where its text goes.
struct File {
  const char* field;
  const std::string& path;
  std::string& text;
  std::string_view marker;  ///< has to stand in it
  const char* what;
  bool is_key = false;
};

Result<std::string> read_pem(const File& file) {
  const auto refuse = [&](const std::string& reason) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string("ClientOptions.tls.") + file.field + " is " + quoted(file.path) + ": " + reason,
                 {},
                 {}};
  };
  auto beginning = read_beginning(file.path, kFileBytesMax + 1);
  if (!beginning) return refuse(beginning.error().message);
  std::string text = std::move(*beginning);
  if (text.size() > kFileBytesMax) return refuse("the file is larger than 4 MiB");
  if (text.find(file.marker) == std::string::npos)
    return refuse(std::string("there is no ") + file.what + " in PEM format in it");
  if (file.is_key && is_encrypted_key(text)) return refuse("the private key is encrypted, and nobody can be asked");
  return text;
}

}  // namespace

Result<Credentials> read_credentials(const ClientOptions& options) {
  Credentials credentials;
  credentials.api_key = options.api_key;
  if (!options.tls) return credentials;
  credentials.encrypted = true;
  credentials.server_name = options.tls->server_name;
  for (const File& file : {File{"ca", options.tls->ca, credentials.ca, "-----BEGIN CERTIFICATE-----", "certificate"},
                           File{"certificate", options.tls->certificate, credentials.certificate,
                                "-----BEGIN CERTIFICATE-----", "certificate"},
                           File{"key", options.tls->key, credentials.key, "PRIVATE KEY-----", "private key", true}}) {
    if (file.path.empty()) continue;
    auto text = read_pem(file);
    if (!text) return std::move(text).error();
    file.text = std::move(*text);
  }
  return credentials;
}

}  // namespace longbeat::internal
