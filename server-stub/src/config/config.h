#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "outbound/http_outbound.h"
#include "rpc/limits.h"
#include "security/access.h"
#include "security/certificates.h"

namespace longbeat::server {

/// What the file says of one namespace. It is created when missing.
struct NamespaceConfig {
  /// How long closed activities are kept; set again at every start. Unset: 72h for a new one, unchanged for an old one.
  std::optional<std::chrono::nanoseconds> retention{};
};

/// What the file says of one API key: [keys.NAME].
struct KeyConfig {
  std::string hash{};                     ///< "sha256:...", as `longbeat-server hash-key` prints it
  std::vector<std::string> roles{};       ///< reader, client, worker, operator
  std::vector<std::string> namespaces{};  ///< "*" for all
  std::string expires{};                  ///< empty: never
};

/// Everything longbeat-server can be told, from its file and its command line.
struct Config {
  std::string file{};  ///< what --config names
  std::string ip = "127.0.0.1";
  std::uint16_t port = 7233;
  std::string port_file{};
  std::string database{};  ///< empty: in memory
  std::uint64_t disk_reserve = 32ULL * 1024 * 1024;
  std::chrono::nanoseconds stop_grace = std::chrono::seconds(10);
  bool insecure_listen = false;
  TlsFiles tls{};
  std::string client_certificate_role = "none";
  std::string log_level = "warn";
  std::string log_format = "text";
  EngineLimits limits{};
  RpcLimits rpc{};
  HttpOutboundOptions outbound{};
  std::map<std::string, NamespaceConfig> namespaces{};  ///< besides "default", which may be among them
  std::map<std::string, KeyConfig> keys{};
};

/// Who may call what. Of a configuration that was read without problems.
AccessRules access_rules(const Config& config);

/// Reads a TOML text into `config`, which keeps its value where the text says nothing. What is wrong with it, one line
/// each, as "NAME:LINE: key = value: what is accepted"; `config` is then of no use.
std::vector<std::string> parse_config(std::string_view text, const std::string& name, Config& config);
/// The same for a file; also says why it cannot be read.
std::vector<std::string> read_config(const std::string& path, Config& config);

/// `config` as a file that parse_config() reads back, with a comment on every setting.
std::string to_toml(const Config& config);
/// The table of all settings in docs/reference.md.
std::string reference_table();

}  // namespace longbeat::server
