#pragma once
#include <string>

namespace longbeat::server {

/// How the server would be reached.
struct Exposure {
  std::string ip{};  ///< a numeric address
  bool encrypted = false;
  bool authenticated = false;
  /// The operator wants it all the same.
  bool insecure_listen = false;
};

/// 127.0.0.0/8 and ::1, also as an IPv4 address in IPv6's clothes.
bool is_loopback(const std::string& ip);

/// "TLS", "authentication" or "TLS and authentication": what is missing where other machines can reach the server,
/// whether the operator wants it so or not; empty: nothing.
std::string missing_protection(const Exposure& exposure);

/// Empty when the server may listen so; else what is missing and what to set. Beyond the loopback interface it takes
/// encryption and authentication, or a word of the operator.
std::string check_exposure(const Exposure& exposure);

}  // namespace longbeat::server
