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

namespace longbeat::server {

/// What the file says of one namespace. It is created when missing.
struct NamespaceConfig {
  /// How long closed activities are kept; set again at every start. Unset: 72h for a new one, unchanged for an old one.
  std::optional<std::chrono::nanoseconds> retention{};
};

/// Everything longbeat-server can be told, from its file and its command line.
struct Config {
  std::string ip = "127.0.0.1";
  std::uint16_t port = 7233;
  std::string port_file{};
  std::string database{};  ///< empty: in memory
  std::chrono::nanoseconds stop_grace = std::chrono::seconds(10);
  std::string log_level = "warn";
  std::string log_format = "text";
  EngineLimits limits{};
  RpcLimits rpc{};
  HttpOutboundOptions outbound{};
  std::map<std::string, NamespaceConfig> namespaces{};  ///< besides "default", which may be among them
};

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
