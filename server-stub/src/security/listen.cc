#include "security/listen.h"

#include <arpa/inet.h>

namespace longbeat::server {

bool is_loopback(const std::string& ip) {
  in_addr v4{};
  if (::inet_pton(AF_INET, ip.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, ip.c_str(), &v6) != 1) return false;
  if (IN6_IS_ADDR_LOOPBACK(&v6)) return true;
  return IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127;
}

std::string missing_protection(const Exposure& exposure) {
  if (is_loopback(exposure.ip)) return "";
  if (exposure.encrypted) return exposure.authenticated ? "" : "authentication";
  return exposure.authenticated ? "TLS" : "TLS and authentication";
}

std::string check_exposure(const Exposure& exposure) {
  const std::string missing = missing_protection(exposure);
  if (missing.empty() || exposure.insecure_listen) return "";
  std::string settings = exposure.encrypted ? "" : "tls.certificate and tls.key";
  if (!exposure.authenticated) {
    settings += std::string(settings.empty() ? "" : ", and ") +
                "an API key in [keys.NAME] or tls.client_ca with tls.client_certificate_role";
  }
  return "does not listen on " + exposure.ip + ", which other machines can reach, without " + missing + ": set " +
         settings + "; server.insecure_listen = true (--insecure-listen) leaves it open";
}

}  // namespace longbeat::server
