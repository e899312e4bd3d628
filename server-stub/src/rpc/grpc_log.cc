#include "rpc/grpc_log.h"

#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/line_pace.h"
#include "base/log.h"

namespace longbeat::server {
namespace {

using internal::LogLevel;

/// What people know, for what OpenSSL says.
std::string_view meaning(std::string_view line) {
  const auto says = [&](std::string_view what) { return line.find(what) != std::string_view::npos; };
  if (says("wrong version number") || says("http request") || says("unsupported protocol")) {
    return "a client without TLS, or no client of this protocol";
  }
  if (says("peer did not return a certificate")) return "a client without a certificate";
  if (says("certificate verify failed")) return "a client whose certificate no authority in tls.client_ca signed";
  if (says("unknown ca") || says("certificate unknown") || says("bad certificate") || says("certificate expired")) {
    return "a client that does not trust tls.certificate";
  }
  return {};
}

}  // namespace

void log_grpc_line(std::string_view line) {
  static internal::Guarded<internal::LinePace<internal::TimePoint>> handshakes;
  for (const std::string_view sign : {"authorization", "earer "}) {
    if (line.find(sign) != std::string_view::npos) return;
  }
  if (!line.starts_with("Handshake failed")) {
    return internal::log(LogLevel::kDebug, "grpc: " + std::string(line));
  }
  const auto end = handshakes.with([](auto& pace) { return pace.note(internal::system_clock().now()); });
  if (!end) return;
  const std::string_view known = meaning(line);
  std::string text = "a TLS handshake failed";
  if (!known.empty()) text += ", " + std::string(known);
  internal::log(LogLevel::kWarn, text + ": " + std::string(line) + *end);
}

}  // namespace longbeat::server
