#include "client/read_credentials.h"

#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "client/option_text.h"

namespace longbeat::internal {
namespace {

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;  // All public authorities together take a quarter of a MiB.

/// The text of one file, in which `marker` has to stand.
Result<std::string> read_pem(const char* field, const std::string& path, std::string_view marker, const char* what) {
  const auto refuse = [&](const std::string& reason) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string("ClientOptions.tls.") + field + " is " + quoted(path) + ": " + reason,
                 {},
                 {}};
  };
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return refuse(std::generic_category().message(errno != 0 ? errno : EIO));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kFileBytesMax) return refuse("the file is larger than 4 MiB");
  if (text.find(marker) == std::string::npos)
    return refuse(std::string("there is no ") + what + " in PEM format in it");
  if (text.find("ENCRYPTED") != std::string::npos)
    return refuse("the private key is encrypted, and nobody can be asked");
  return text;
}

}  // namespace

Result<Credentials> read_credentials(const ClientOptions& options) {
  Credentials credentials;
  credentials.api_key = options.api_key;
  if (!options.tls) return credentials;
  credentials.encrypted = true;
  credentials.server_name = options.tls->server_name;
  struct File {
    const char* field;
    const std::string& path;
    std::string& text;
    std::string_view marker;
    const char* what;
  };
  for (const File& file : {File{"ca", options.tls->ca, credentials.ca, "-----BEGIN CERTIFICATE-----", "certificate"},
                           File{"certificate", options.tls->certificate, credentials.certificate,
                                "-----BEGIN CERTIFICATE-----", "certificate"},
                           File{"key", options.tls->key, credentials.key, "PRIVATE KEY-----", "private key"}}) {
    if (file.path.empty()) continue;
    auto text = read_pem(file.field, file.path, file.marker, file.what);
    if (!text) return std::move(text).error();
    file.text = std::move(*text);
  }
  return credentials;
}

}  // namespace longbeat::internal
