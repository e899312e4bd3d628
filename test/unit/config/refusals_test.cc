#include <fstream>

#include "config/config.h"
#include "support/catch.h"

using namespace longbeat::server;
using Problems = std::vector<std::string>;

namespace {

Problems problems_of(const std::string& text) {
  Config config;
  return parse_config(text, "a.toml", config);
}

}  // namespace

TEST_CASE("an unknown key is refused with its line and the nearest known one", "[config]") {
  CHECK(problems_of("[limits]\n\npayload_byte_max = 1\n") ==
        Problems{"a.toml:3: unknown key limits.payload_byte_max, nearest is limits.payload_bytes_max"});
  CHECK(problems_of("[server]\nlevel = \"info\"\n") ==
        Problems{"a.toml:2: unknown key server.level, nearest is log.level"});
  CHECK(problems_of("prot = 1\n") == Problems{"a.toml:1: unknown key prot, nearest is server.port"});
  CHECK(problems_of("[limit]\nid_bytes_max = 1\n") ==
        Problems{"a.toml:1: unknown section [limit], nearest is [limits]"});
  CHECK(problems_of("[limits.namespace.a]\nlink_max = 1\n") ==
        Problems{"a.toml:2: unknown key limits.namespace.NAME.link_max, nearest is limits.namespace.NAME.links_max"});
  CHECK(problems_of("[namespaces.a]\nretain = \"1h\"\n") ==
        Problems{"a.toml:2: unknown key namespaces.NAME.retain, nearest is namespaces.NAME.retention"});
}

TEST_CASE("a key that is like no other gets no suggestion", "[config]") {
  CHECK(problems_of("[limits]\nfoo = 1\n") ==
        Problems{"a.toml:2: unknown key limits.foo (--print-config shows all there are)"});
  CHECK(problems_of("something_else = 1\n") ==
        Problems{"a.toml:1: unknown key something_else (--print-config shows all there are)"});
  CHECK(problems_of("[storage]\na = 1\n") ==
        Problems{"a.toml:1: unknown section [storage], there are [server], [tls], [log], [limits], "
                 "[limits.namespace.NAME], [namespaces.NAME] and [keys.NAME]"});
  CHECK(problems_of("[limits]\n" + std::string(10'000, 'x') + " = 1\n").size() == 1);
}

TEST_CASE("limits of a namespace in the wrong place are told the right one", "[config]") {
  CHECK(problems_of("[namespaces.foo]\nlinks_max = 1\n") ==
        Problems{"a.toml:2: unknown key namespaces.foo.links_max: limits of one namespace are in "
                 "[limits.namespace.foo]"});
  CHECK(problems_of("[limits.namespaces.foo]\nlinks_max = 1\n") ==
        Problems{"a.toml:1: unknown key limits.namespaces: limits of one namespace are in [limits.namespace.NAME]"});
}

TEST_CASE("a value that is refused makes no second mistake of another one", "[config]") {
  const auto only = [](const std::string& text, const std::string& problem) {
    CHECK(problems_of(text) == Problems{"a.toml:" + problem});
  };
  only("[server]\nport = \"7233\"",
       "2: server.port = \"7233\": this is a text, accepted is a port, 0 to 65535; a plain number has no quotes");
  only("[limits]\nlinks_max = \"5\"",
       "2: limits.links_max = \"5\": this is a text, accepted is a whole number from 0 to 10000; a plain number has no "
       "quotes");
  only("[limits]\nreceive_bytes_max = \"8388608\"\npayload_bytes_max = \"8MiB\"",
       "2: limits.receive_bytes_max = \"8388608\": this is a text, accepted is a size from 64KiB to 256MiB, as in "
       "\"2MiB\", \"512KiB\" or 1000 (bytes); a plain number has no quotes");
  only("[limits]\npayload_bytes_max = true\n[limits.namespace.a]\npayload_bytes_warn = \"3MiB\"",
       "2: limits.payload_bytes_max = true: accepted is a size from 1KiB to 256MiB, as in \"2MiB\", \"512KiB\" or 1000 "
       "(bytes)");
  CHECK(problems_of("[namespaces.a]\nretention = 5").size() == 1);
  CHECK(problems_of("[limits]\nretention_min = 5\n[namespaces.a]\nretention = \"1s\"").size() == 1);
}

TEST_CASE("a value of the wrong type or outside of its range is refused with what is accepted", "[config]") {
  const std::string size = ": accepted is a size from 1KiB to 256MiB, as in \"2MiB\", \"512KiB\" or 1000 (bytes)";
  const std::string line = "a.toml:2: limits.payload_bytes_max = ";
  const auto payload = [](const std::string& value) { return problems_of("[limits]\npayload_bytes_max = " + value); };
  CHECK(payload("1") == Problems{line + "1" + size});
  CHECK(payload("-5") == Problems{line + "-5" + size});
  CHECK(payload("\"2MB\"") == Problems{line + "\"2MB\"" + size});
  CHECK(payload("1.5") == Problems{line + "1.5" + size});
  CHECK(payload("true") == Problems{line + "true" + size});
  CHECK(payload("[1]") == Problems{line + "a list" + size});
  CHECK(payload("{a = 1}") == Problems{line + "a table" + size});
  CHECK(payload("1979-05-27") == Problems{line + "1979-05-27" + size});

  CHECK(problems_of("[limits]\nlong_poll_max = 10") ==
        Problems{"a.toml:2: limits.long_poll_max = 10: accepted is a duration from 1s to 1h, as in \"10s\", \"500ms\" "
                 "or \"1h30m\""});
  CHECK(problems_of("[limits]\nrequests_per_second = inf") ==
        Problems{"a.toml:2: limits.requests_per_second = inf: accepted is a number of calls a second from 0 to "
                 "10000000, 0 for no limit"});
  CHECK(problems_of("[limits]\noperator_commands = \"yes\"") ==
        Problems{"a.toml:2: limits.operator_commands = \"yes\": accepted is true or false"});
  CHECK(problems_of("[limits]\ncalls_max = 0x0") ==
        Problems{"a.toml:2: limits.calls_max = 0x0: accepted is a whole number from 10 to 10000000"});
  CHECK(problems_of("[server]\nport = 70000") ==
        Problems{"a.toml:2: server.port = 70000: accepted is a port, 0 to 65535"});
  CHECK(problems_of("[server]\nip = 1") == Problems{"a.toml:2: server.ip = 1: accepted is a text in quotes"});
  CHECK(problems_of("[server]\nip = \"localhost\"") ==
        Problems{"a.toml:2: server.ip = \"localhost\": 'localhost' is not an IP address (for example 127.0.0.1, "
                 "0.0.0.0 or ::1)"});
  CHECK(problems_of("[log]\nlevel = \"loud\"") ==
        Problems{"a.toml:2: log.level = \"loud\": 'loud' is not one of debug, info, warn, error, never"});
  CHECK(problems_of("[limits]\ncallback_addresses = \"*\"") ==
        Problems{"a.toml:2: limits.callback_addresses = \"*\": accepted is a list of texts, as in [\"a\", \"b\"]"});
  CHECK(problems_of("[limits]\ncallback_addresses = [\"a/b\"]").size() == 1);
}

TEST_CASE("sections must be sections, and namespaces must have names", "[config]") {
  CHECK(problems_of("limits = 1") == Problems{"a.toml:1: limits = 1: accepted is a section, as in [limits]"});
  CHECK(problems_of("[limits]\nnamespace = 1") ==
        Problems{"a.toml:2: limits.namespace = 1: accepted is a section, as in [limits.namespace]"});
  CHECK(problems_of("[namespaces]\na = 1") ==
        Problems{"a.toml:2: namespaces.a = 1: accepted is a section, as in [namespaces.a]"});
  CHECK(problems_of("[namespaces.\"a b\"]").at(0).starts_with("a.toml:1: 'a b' is not a namespace name"));
  CHECK(problems_of("[limits.namespace.temporal-system]") == Problems{"a.toml:1: 'temporal-system' is reserved"});
}

TEST_CASE("a limit of the whole server is refused for one namespace", "[config]") {
  CHECK(problems_of("[limits.namespace.a]\ncalls_max = 100") ==
        Problems{"a.toml:2: limits.namespace.a.calls_max is a limit of the whole server: it belongs in [limits]"});
}

TEST_CASE("values that make no sense together are refused", "[config]") {
  CHECK(problems_of("[limits]\npayload_bytes_max = \"8MiB\"") ==
        Problems{"a.toml:2: limits.payload_bytes_max is 8MiB, more than receive_bytes_max: 4MiB"});
  CHECK(problems_of("[limits]\npayload_bytes_max = \"8MiB\"\nreceive_bytes_max = \"9MiB\"").empty());
  CHECK(problems_of("[limits.namespace.a]\npayload_bytes_max = \"1KiB\"\nretained_failure_bytes_max = \"2KiB\"") ==
        Problems{"a.toml:3: limits.namespace.a.retained_failure_bytes_max is 2KiB, more than payload_bytes_max: 1KiB"});
  CHECK(problems_of("[limits]\nretention_min = \"2h\"\n[namespaces.a]\nretention = \"1h\"") ==
        Problems{"a.toml:4: namespaces.a.retention is 1h, less than retention_min: 2h"});
}

TEST_CASE("all mistakes are told at once, in the order of their lines", "[config]") {
  const auto problems = problems_of(
      "[server]\nport = \"a\"\n[limits]\nid_bytes_max = 0\nfoo = 1\n[log]\nlevel = 5\n[limits.namespace.a]\n"
      "links_max = -1\n");
  REQUIRE(problems.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    const char* lines[] = {"2", "4", "5", "7", "9"};
    CHECK(problems[i].starts_with(std::string("a.toml:") + lines[i] + ": "));
  }
}

TEST_CASE("what is no TOML is refused with its line", "[config]") {
  const auto problems = problems_of("[server]\nport = \n");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].starts_with("a.toml:2: not TOML: "));
  CHECK(problems_of("[server]\nport = 1\nport = 2\n").at(0).starts_with("a.toml:3: not TOML: "));
  CHECK(problems_of(std::string("\xff\xfe\0x", 4)).size() == 1);
}

TEST_CASE("a configuration file that cannot be read is refused with the reason", "[config]") {
  Config config;
  CHECK(read_config("no/such.toml", config) == Problems{"cannot read 'no/such.toml': No such file or directory"});
  CHECK(read_config("/", config).size() == 1);
}
