#include "client/read_credentials.h"

#include <fstream>

#include "support/catch.h"
#include "support/temporary_directory.h"

using namespace longbeat;
using namespace longbeat::internal;

namespace {

constexpr const char* kCertificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
constexpr const char* kKey = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";

class Files {
 public:
  Files() { write("ca", kCertificate), write("certificate", kCertificate), write("key", kKey); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string path(const std::string& name) const { return directory_.file(name + ".pem"); }
  Result<Credentials> read() const {
    return read_credentials(
        {.tls = TlsOptions{.ca = path("ca"), .certificate = path("certificate"), .key = path("key")}});
  }
  std::string refusal() const {
    const auto credentials = read();
    if (credentials) return "";
    CHECK(credentials.error().code == ErrorCode::kInvalidArgument);
    return credentials.error().message;
  }

 private:
  TemporaryDirectory directory_{};
};

}  // namespace

TEST_CASE("the files of a client's TLS options", "[client][tls]") {
  const Files files;
  SECTION("are read as they are, and take no more memory than they have bytes") {
    const auto credentials = files.read();
    REQUIRE(credentials);
    CHECK(credentials->ca == kCertificate);
    CHECK(credentials->certificate == kCertificate);
    CHECK(credentials->key == kKey);
    for (const std::string* text : {&credentials->ca, &credentials->certificate, &credentials->key}) {
      CHECK(text->capacity() < 4096);
    }
  }
  SECTION("are not read without TLS") {
    const auto credentials = read_credentials({.api_key = "k"});
    REQUIRE(credentials);
    CHECK_FALSE(credentials->encrypted);
    CHECK(credentials->api_key == "k");
  }
  SECTION("hold a key that is not encrypted, in whichever form it is written") {
    for (const char* key :
         {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGH\n-----END ENCRYPTED PRIVATE KEY-----\n",
          "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIGH\n-----END EC "
          "PRIVATE KEY-----\n"}) {
      files.write("key", key);
      CHECK(files.refusal() == "ClientOptions.tls.key is '" + files.path("key") +
                                   "': the private key is encrypted, and nobody can be asked");
    }
  }
  SECTION("may say ENCRYPTED where that is no key's mark") {
    files.write("ca", std::string("# for ENCRYPTED connections\n") + kCertificate);
    files.write("certificate", std::string("# for ENCRYPTED connections\n") + kCertificate);
    files.write("key", std::string("# NOT ENCRYPTED\n") + kKey);
    CHECK(files.refusal().empty());
  }
  SECTION("are refused when they hold something else, or are not there") {
    files.write("key", kCertificate);
    CHECK(files.refusal() ==
          "ClientOptions.tls.key is '" + files.path("key") + "': there is no private key in PEM format in it");
    files.write("ca", std::string(4 * 1024 * 1024 + 1, '#'));
    CHECK(files.refusal() == "ClientOptions.tls.ca is '" + files.path("ca") + "': the file is larger than 4 MiB");
    const auto missing = read_credentials({.tls = TlsOptions{.ca = files.path("none")}});
    REQUIRE_FALSE(missing);
    CHECK_THAT(missing.error().message, ContainsSubstring("No such file"));
  }
}
