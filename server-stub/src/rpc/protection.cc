#include "rpc/protection.h"

#include <string>
#include <utility>

#include "base/log.h"
#include "rpc/event_loop.h"
#include "security/listen.h"

namespace longbeat::server {
namespace {

using internal::LogLevel;

std::vector<std::string> paths_of(const std::string& file) {
  return file.empty() ? std::vector<std::string>() : std::vector<std::string>{file};
}

void log_notes(const Certificates& certificates) {
  for (const std::string& note : certificates.notes) internal::log(LogLevel::kWarn, note);
}

}  // namespace

Protection::Protection(const ServerOptions& options, const internal::ServerClock& clock)
    : clock_(clock),
      tls_(options.tls),
      rules_(options.access),
      read_access_(options.read_access),
      interval_(options.watch_interval),
      certificate_marks_(options.tls.paths()),
      access_marks_(paths_of(options.read_access ? options.access_file : "")) {
  rules_.required = rules_.required || !rules_.keys.empty() || !tls_.client_ca.empty();
  if (tls_.client_ca.empty()) rules_.certificate_roles = {};  // No handshake asks for one.
}

internal::StatusOr<std::unique_ptr<Protection>> Protection::prepare(const ServerOptions& options,
                                                                    const internal::ServerClock& clock) {
  std::unique_ptr<Protection> made(new Protection(options, clock));
  const Exposure exposure{options.ip, !options.tls.certificate.empty(), made->rules_.required, options.insecure_listen};
  if (const std::string wrong = check_exposure(exposure); !wrong.empty()) return internal::failed_precondition(wrong);
  if (const std::string missing = missing_protection(exposure); !missing.empty()) {
    made->warning_ = "listens on " + options.ip + ", which other machines can reach, without " + missing;
  }
  if (options.tls.any()) {
    if (const auto loaded = made->load_certificates_first(); !loaded) return loaded.error();
  }
  return made;
}

internal::StatusOr<> Protection::load_certificates_first() {
  auto certificates = load_certificates(tls_, clock_.now());
  if (!certificates) return certificates.error();
  log_notes(*certificates);
  not_after_ = certificates->not_after;
  remind();
  certificates_.emplace(std::move(*certificates));
  return {};
}

std::shared_ptr<grpc::ServerCredentials> Protection::credentials() {
  if (!certificates_) return grpc::InsecureServerCredentials();
  return tls_credentials(*certificates_, !tls_.client_ca.empty());
}

void Protection::watch(EventLoop& loop) {
  if (!warning_.empty()) internal::log(LogLevel::kWarn, warning_);
  std::vector<FileWatch::Watched> files;
  files.push_back({certificate_marks_, [this, &loop] { load_certificates_again(loop); }});
  files.push_back({access_marks_, [this, &loop] { read_access_again(loop); }});
  watch_.start(std::move(files), interval_, [this] { remind(); });
}

void Protection::remind() {
  if (!tls_.any()) return;
  if (const auto note = reminder_.note(tls_, not_after_, clock_.now())) internal::log(LogLevel::kWarn, *note);
}

void Protection::load_certificates_again(EventLoop& loop) {
  auto certificates = load_certificates(tls_, clock_.now());
  if (!certificates) {
    return internal::log(LogLevel::kError, "the certificates stay as they were, the changed ones are refused: " +
                                               certificates.error().message);
  }
  log_notes(*certificates);
  not_after_ = certificates->not_after;
  certificates_->set(std::move(*certificates));
  loop.post([&loop] { ++loop.counters().certificates_renewed; });
  internal::log(LogLevel::kInfo, "new connections get the changed certificate '" + tls_.certificate + "'");
}

void Protection::read_access_again(EventLoop& loop) {
  auto rules = read_access_();
  if (!rules) {
    return internal::log(LogLevel::kError,
                         "the API keys stay as they were, the changed file is refused: " + rules.error().message);
  }
  // What the file says of certificates is for the next start: the handshakes of this one go by what it began with.
  rules->certificate_roles = rules_.certificate_roles;
  rules->required = rules_.required || !rules->keys.empty();
  const std::string count = std::to_string(rules->keys.size());
  loop.post([&loop, rules = std::move(*rules)]() mutable { loop.gate().set(std::move(rules)); });
  internal::log(LogLevel::kInfo, "API keys read again, there are " + count +
                                     "; other settings of the file take effect at the next start");
}

}  // namespace longbeat::server
