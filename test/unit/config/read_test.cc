#include "config/config.h"
#include "config/values.h"
#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;

namespace {

Config parsed(const std::string& text) {
  Config config;
  const auto problems = parse_config(text, "a.toml", config);
  for (const std::string& problem : problems) FAIL_CHECK(problem);
  return config;
}

}  // namespace

TEST_CASE("a configuration file sets what it names and leaves the rest", "[config]") {
  const Config config = parsed(R"(
[server]
ip = "0.0.0.0"
port = 0
database = "a.db"
stop_grace = "1m30s"
[log]
level = "debug"
[limits]
payload_bytes_max = "1MiB"
id_bytes_max = 200
long_poll_max = "20s"
calls_max = 500
connection_age_max = "0s"
connection_age_grace = "500ms"
requests_per_second = 12.5
callbacks_enabled = true
callback_addresses = ["*.example.com", "http://localhost:*"]
callback_attempts_max = 5
callback_call_timeout = "1500ms"
)");
  CHECK(config.ip == "0.0.0.0");
  CHECK(config.port == 0);
  CHECK(config.database == "a.db");
  CHECK(config.stop_grace == 90s);
  CHECK(config.log_level == "debug");
  CHECK(config.log_format == "text");
  CHECK(config.limits.requests.payload_bytes_max == 1024 * 1024);
  CHECK(config.limits.requests.id_bytes_max == 200);
  CHECK(config.limits.long_poll_max == 20s);
  CHECK(config.rpc.calls_max == 500);
  CHECK(config.rpc.connection_age_max == 0s);
  CHECK(config.rpc.connection_age_grace == 500ms);
  CHECK(config.limits.requests.requests_per_second == 12.5);
  CHECK(config.limits.requests.callbacks_enabled);
  CHECK(config.limits.requests.callback_addresses == std::vector<std::string>{"*.example.com", "http://localhost:*"});
  CHECK(config.limits.callback_attempts_max == 5);
  CHECK(config.outbound.call_timeout == 1500ms);
  CHECK(config.limits.parked_calls_max == EngineLimits().parked_calls_max);
}

TEST_CASE("limits of one namespace begin with those of all, wherever those stand in the file", "[config]") {
  const Config config = parsed(R"(
[limits.namespace.billing]
id_bytes_max = 100
[limits.namespace."a.b"]
[namespaces.billing]
retention = "24h"
[namespaces.other]
[limits]
id_bytes_max = 300
links_max = 3
)");
  REQUIRE(config.limits.namespaces.size() == 2);
  CHECK(config.limits.namespaces.at("billing").id_bytes_max == 100);
  CHECK(config.limits.namespaces.at("billing").links_max == 3);
  CHECK(config.limits.namespaces.at("a.b").id_bytes_max == 300);
  CHECK(config.limits.requests.id_bytes_max == 300);
  REQUIRE(config.namespaces.size() == 2);
  CHECK(config.namespaces.at("billing").retention == 24h);
  CHECK_FALSE(config.namespaces.at("other").retention);
}

TEST_CASE("an empty configuration file changes nothing", "[config]") {
  CHECK(to_toml(parsed("")) == to_toml(Config()));
  CHECK(to_toml(parsed("# only a comment\n[limits]\n")) == to_toml(Config()));
}

TEST_CASE("a printed configuration reads back as the same", "[config]") {
  Config config;
  config.port_file = "a \"b\\\n\x01.port";
  config.limits.requests.callback_addresses = {"*"};
  config.limits.requests.visibility_requests_per_second = 0.1;
  config.limits.open_bytes_max = 1'048'577;
  config.limits.retention_sweep = 1500ms;
  config.limits.namespaces["a.b"] = config.limits.requests;
  config.limits.namespaces["a.b"].links_max = 0;
  config.namespaces["x"].retention = 90min;
  config.namespaces["y"];
  const std::string text = to_toml(config);
  CHECK(to_toml(parsed(text)) == text);
  CHECK(to_toml(parsed(to_toml(Config()))) == to_toml(Config()));
}

TEST_CASE("a printed configuration shows how the form for one namespace looks", "[config]") {
  const auto uncommented = [](std::string text) {  // "# x" → "x", from the sample on.
    std::string lines;
    for (std::size_t at = text.find("# [limits.namespace.NAME]"); at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      lines += (line.starts_with("# ") ? line.substr(2) : line) + "\n";
      at = end + 1;
    }
    return lines;
  };
  const std::string text = to_toml(Config());
  REQUIRE(text.find("# [limits.namespace.NAME]\n") != std::string::npos);
  std::string sample = uncommented(text);
  sample.erase(sample.find("A namespace that exists"), std::string("A namespace that exists from the start.\n").size());
  const std::string about_keys = "An API key. With one or more of them, every call needs one.\n";
  sample.erase(sample.find(about_keys), about_keys.size());
  const Config config = parsed(sample);
  CHECK(config.keys.at("NAME").roles == std::vector<std::string>{"worker"});
  CHECK(config.limits.namespaces.at("NAME").payload_bytes_max == RequestLimits().payload_bytes_max);
  CHECK(config.namespaces.at("NAME").retention == 72h);

  Config own;
  own.limits.namespaces["a"];
  own.namespaces["a"];
  own.keys["a"];
  CHECK(to_toml(own).find("NAME") == std::string::npos);
}

TEST_CASE("durations and sizes are read with their units and printed so", "[config]") {
  CHECK(parse_duration_text("10s") == 10s);
  CHECK(parse_duration_text("1h30m") == 90min);
  CHECK(parse_duration_text("2d") == 48h);
  CHECK(parse_duration_text("5ms") == 5ms);
  CHECK(parse_duration_text("0s") == 0s);
  for (const char* text : {"", "10", "s", "-1s", "1.5s", "10 s", "1x", "1S", "99999999999999999999s", "9999999999h"}) {
    INFO(text);
    CHECK_FALSE(parse_duration_text(text));
  }
  CHECK(duration_text(72h) == "72h");
  CHECK(duration_text(90s) == "1m30s");
  CHECK(duration_text(1500ms) == "1s500ms");
  CHECK(duration_text(0s) == "0s");

  CHECK(parse_size_text("2MiB") == 2 * 1024 * 1024);
  CHECK(parse_size_text("1KiB") == 1024);
  CHECK(parse_size_text("0B") == 0);
  for (const char* text : {"", "2", "MiB", "2MB", "2 MiB", "-1B", "2mib", "99999999999999999999B", "99999999999GiB"}) {
    INFO(text);
    CHECK_FALSE(parse_size_text(text));
  }
  CHECK(size_text(2 * 1024 * 1024) == "2MiB");
  CHECK(size_text(1000) == "1000");
  CHECK(size_text(0) == "0");
}
