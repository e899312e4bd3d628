#include <algorithm>
#include <cctype>
#include <string>

#include "base/loopback.h"
#include "base/utf8.h"
#include "client/option_checks.h"
#include "longbeat/client_options.h"

LONGBEAT_BEGIN
namespace {

using internal::check_text;
using internal::invalid;
using internal::kLongestName;
using internal::quoted;
using internal::shown;

bool is_port(const std::string& text) {
  if (text.empty() || text.size() > 5) return false;
  if (!std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) return false;
  const int port = std::stoi(text);
  return port > 0 && port <= 65535;
}

bool is_host(const std::string& text) {
  const auto is_one_of = [](const char* extra) {
    return [extra](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             std::string_view(extra).find(c) != std::string_view::npos;
    };
  };
  if (text.starts_with('[')) {  // An IPv6 address, maybe with a zone.
    return text.size() > 3 && text.ends_with(']') && std::all_of(text.begin() + 1, text.end() - 1, is_one_of(":.%-_"));
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), is_one_of(".-_"));
}

Result<> check_address(const std::string& field, const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || !is_host(address.substr(0, colon)))
    return invalid(field, quoted(address), "host:port");
  const std::string port = address.substr(colon + 1);
  if (is_port(port)) return {};
  const bool is_number = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  return invalid(field, quoted(address), is_number ? "host:port with a port from 1 to 65535" : "host:port");
}

Result<> check(const TlsOptions& tls) {
  const auto missing = [](const char* given, const char* other) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string("ClientOptions.tls.") + given + " is set, but ClientOptions.tls." + other +
                     " is not: a certificate and its key go together",
                 {},
                 {}};
  };
  if (!tls.certificate.empty() && tls.key.empty()) return missing("certificate", "key");
  if (tls.certificate.empty() && !tls.key.empty()) return missing("key", "certificate");
  if (!tls.server_name.empty() && !is_host(tls.server_name)) {
    return invalid("ClientOptions.tls.server_name", quoted(tls.server_name), "a host name");
  }
  return {};
}

/// Never repeats the key.
Result<> check_key(const ClientOptions& options) {
  constexpr std::size_t kLongestKey = 4096;  // gRPC's peers take 8 KiB of headers at most.
  const std::string& key = options.api_key;
  const auto refuse = [](const std::string& reason) {
    return Error{ErrorCode::kInvalidArgument, "ClientOptions.api_key " + reason, {}, {}};
  };
  if (key.size() > kLongestKey) return refuse("has more than 4096 characters");
  if (!internal::fits_header(key)) {
    return refuse("holds a space, a line end or another character that is not printable ASCII");
  }
  if (key.empty() || options.tls || options.api_key_without_tls || internal::is_loopback(options.address)) return {};
  return refuse("would travel unencrypted to " + quoted(options.address) +
                ": set ClientOptions.tls, or api_key_without_tls when nobody else is on the way");
}

}  // namespace

Result<> validate(const ClientOptions& options) {
  if (auto address = check_address("ClientOptions.address", options.address); !address) return address;
  if (options.tls) {
    if (auto tls = check(*options.tls); !tls) return tls;
  }
  if (auto key = check_key(options); !key) return key;
  if (options.transport && (options.tls || !options.api_key.empty())) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string("ClientOptions.") + (options.tls ? "tls" : "api_key") +
                     " is set, must not be where ClientOptions.transport is",
                 {},
                 {}};
  }
  if (auto named = internal::check_namespace("ClientOptions.namespace_name", options.namespace_name); !named)
    return named;
  if (options.identity.size() > kLongestName) {
    return invalid("ClientOptions.identity", quoted(options.identity), "at most 1000 bytes");
  }
  if (auto text = check_text("ClientOptions.identity", options.identity); !text) return text;
  if (options.call_timeout.count() <= 0 || options.call_timeout > std::chrono::hours(1)) {
    return invalid("ClientOptions.call_timeout", shown(options.call_timeout), "more than 0 and at most 1 h");
  }
  const auto& interceptors = options.interceptors;
  if (std::find(interceptors.begin(), interceptors.end(), nullptr) != interceptors.end()) {
    return invalid("ClientOptions.interceptors", "a list with a null pointer", "a list of interceptors");
  }
  const auto& codecs = options.codecs;
  if (std::find(codecs.begin(), codecs.end(), nullptr) != codecs.end()) {
    return invalid("ClientOptions.codecs", "a list with a null pointer", "a list of codecs");
  }
  return {};
}

LONGBEAT_END
