#include "support/authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <fstream>
#include <stdexcept>

namespace longbeat::test {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* one) const {
    Free(one);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

template <class T>
T must(T result) {
  if (!result) throw std::runtime_error("OpenSSL does not make the test's certificate");
  return result;
}

template <class Write>
std::string pem(Write write) {
  const Bio bio(must(BIO_new(BIO_s_mem())));
  must(write(bio.get()));
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = must(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate begin_certificate(const std::string& name, EVP_PKEY* key, std::chrono::seconds begins,
                              std::chrono::seconds ends) {
  static std::atomic<long> serial{1};
  Certificate made(must(X509_new()));
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), begins.count());
  X509_gmtime_adj(X509_getm_notAfter(made.get()), ends.count());
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return made;
}

}  // namespace

struct Authority::Secret {
  Key key;
  Certificate certificate;
};

Authority::Authority(const std::string& name) : secret_(std::make_unique<Secret>()) {
  secret_->key.reset(must(EVP_EC_gen("P-256")));
  secret_->certificate =
      begin_certificate(name, secret_->key.get(), std::chrono::hours(-24), std::chrono::hours(24 * 365));
  X509* const own = secret_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  must(X509_sign(own, secret_->key.get(), EVP_sha256()));
  certificate_ = pem_of(own);
}

Authority::~Authority() = default;

Identity Authority::issue(const Order& order) const {
  const Key key(must(EVP_EC_gen("P-256")));
  const Certificate made = begin_certificate(order.name, key.get(), order.begins, order.ends);
  X509* const issuer = secret_->certificate.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  std::string names;
  for (const std::string& host : order.hosts) names += (names.empty() ? "DNS:" : ",DNS:") + host;
  for (const std::string& ip : order.ips) names += (names.empty() ? "IP:" : ",IP:") + ip;
  if (!names.empty()) add_extension(made.get(), issuer, NID_subject_alt_name, names);
  must(X509_sign(made.get(), secret_->key.get(), EVP_sha256()));
  return {pem_of(made.get()), pem_of(key.get())};
}

void put_file(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path draft = path.string() + ".new";
  std::ofstream(draft, std::ios::binary) << text;
  std::filesystem::rename(draft, path);
}

}  // namespace longbeat::test
