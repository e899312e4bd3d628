#include "security/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "base/read_file.h"
#include "base/wall_time.h"

namespace longbeat::server {
namespace {

using internal::Status;
using internal::StatusOr;
using internal::WallTime;

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;  // A bundle of all public authorities has a quarter of a MiB.

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* one) const {
    Free(one);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using X509Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using TlsContext = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

/// What the configuration calls a file, and where it is.
struct Named {
  const char* setting;
  const std::string& path;
};

Status refuse(const Named& file, const std::string& reason) {
  return internal::invalid_argument(std::string(file.setting) + " '" + file.path + "': " + reason);
}

/// The reason of OpenSSL's last complaint; the queue is empty afterwards.
std::string complaint() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason != nullptr ? reason : "OpenSSL gives no reason";
}

StatusOr<std::string> read_file(const Named& file) {
  auto read = internal::read_beginning(file.path, kFileBytesMax + 1);
  if (!read) return refuse(file, read.error().message);
  std::string& text = *read;
  if (text.empty()) return refuse(file, "it is empty");
  if (text.size() > kFileBytesMax) return refuse(file, "it is larger than 4 MiB");
  // gRPC takes it as a C string.
  if (text.find('\0') != std::string::npos) return refuse(file, "no PEM file: it holds a zero byte");
  return read;
}

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Instead of asking on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

StatusOr<std::vector<X509Certificate>> certificates_in(const Named& file, const std::string& text) {
  ERR_clear_error();
  const Bio bio = bio_of(text);
  std::vector<X509Certificate> all;
  while (X509Certificate one{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)}) {
    all.push_back(std::move(one));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (all.empty() && at_end) {
    ERR_clear_error();
    return refuse(file, "there is no certificate in PEM format in it");
  }
  if (!at_end) return refuse(file, "certificate " + std::to_string(all.size() + 1) + " is damaged: " + complaint());
  ERR_clear_error();
  return all;
}

StatusOr<PrivateKey> key_in(const Named& file, const std::string& text) {
  ERR_clear_error();
  const Bio bio = bio_of(text);
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key) return key;
  if (text.find("ENCRYPTED") != std::string::npos) {
    ERR_clear_error();
    return refuse(file, "the key is encrypted; the server has nobody to ask for its password");
  }
  const bool none = text.find("PRIVATE KEY-----") == std::string::npos;
  const std::string why = complaint();
  return refuse(file, none ? "there is no private key in PEM format in it" : "the private key is damaged: " + why);
}

std::optional<WallTime> to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return internal::saturated_wall_time(::timegm(&parts));
}

std::string day_text(WallTime time) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

/// The end of its time, or why this is not its time.
StatusOr<WallTime> check_time(const Named& file, const X509& certificate, std::size_t position, WallTime now) {
  const auto begin = to_time(X509_get0_notBefore(&certificate)), end = to_time(X509_get0_notAfter(&certificate));
  const std::string which = position == 0 ? "the certificate" : "certificate " + std::to_string(position + 1);
  if (!begin || !end) return refuse(file, which + " has no readable dates");
  if (now > *end) return refuse(file, which + " has expired at " + day_text(*end));
  if (now < *begin) return refuse(file, which + " is not valid before " + day_text(*begin));
  return *end;
}

/// What gRPC will do with them: finds keys that are too short, unknown curves and the like.
StatusOr<> try_out(const Named& certificate_file, const std::vector<X509Certificate>& chain, const Named& key_file,
                   EVP_PKEY& key) {
  if (X509_check_private_key(chain.front().get(), &key) != 1) {
    ERR_clear_error();
    return refuse(key_file, "the key does not belong to the certificate in " + std::string(certificate_file.setting) +
                                " '" + certificate_file.path + "'");
  }
  const TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return refuse(certificate_file, complaint());
  if (SSL_CTX_use_certificate(context.get(), chain.front().get()) != 1) return refuse(certificate_file, complaint());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) != 1) return refuse(certificate_file, complaint());
  }
  if (SSL_CTX_use_PrivateKey(context.get(), &key) != 1) return refuse(key_file, complaint());
  return {};
}

}  // namespace

std::vector<std::string> TlsFiles::paths() const {
  std::vector<std::string> all;
  for (const std::string* path : {&certificate, &key, &client_ca}) {
    if (!path->empty()) all.push_back(*path);
  }
  return all;
}

std::optional<std::string> ExpiryReminder::note(const TlsFiles& files, WallTime not_after, WallTime now) {
  if (not_after - now >= kBefore || (last_ && now - *last_ < kEvery)) return std::nullopt;
  last_ = now;
  return "tls.certificate '" + files.certificate + (now > not_after ? "' has expired at " : "' expires at ") +
         day_text(not_after);
}

StatusOr<Certificates> load_certificates(const TlsFiles& files, WallTime now) {
  const Named certificate{"tls.certificate", files.certificate}, key{"tls.key", files.key},
      client_ca{"tls.client_ca", files.client_ca};
  for (const Named& file : {certificate, key}) {
    if (file.path.empty()) {
      return internal::invalid_argument(std::string(file.setting) +
                                        " is not set: TLS takes both tls.certificate and tls.key");
    }
  }
  Certificates loaded;
  auto text = read_file(certificate);
  if (!text) return text.error();
  loaded.certificate = std::move(*text);
  const auto chain = certificates_in(certificate, loaded.certificate);
  if (!chain) return chain.error();
  for (std::size_t i = 0; i < chain->size(); ++i) {
    const auto end = check_time(certificate, *(*chain)[i], i, now);
    if (!end) return end.error();
    if (i == 0) loaded.not_after = *end;
  }

  text = read_file(key);
  if (!text) return text.error();
  loaded.key = std::move(*text);
  const auto private_key = key_in(key, loaded.key);
  if (!private_key) return private_key.error();
  if (const auto fits = try_out(certificate, *chain, key, **private_key); !fits) return fits.error();
  struct stat facts{};
  if (::stat(files.key.c_str(), &facts) == 0 && (facts.st_mode & S_IROTH) != 0) {
    loaded.notes.push_back("tls.key '" + files.key + "' can be read by every user of this machine");
  }

  if (files.client_ca.empty()) return loaded;
  text = read_file(client_ca);
  if (!text) return text.error();
  loaded.client_ca = std::move(*text);
  const auto authorities = certificates_in(client_ca, loaded.client_ca);
  if (!authorities) return authorities.error();
  return loaded;
}

}  // namespace longbeat::server
