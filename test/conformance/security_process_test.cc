// The real binary, as an operator sets it up: its configuration file, its log, and what it never shows.
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "conformance/secure_room.h"
#include "support/files.h"

using namespace longbeat::test;
namespace fs = std::filesystem;

namespace {

/// A folder with certificates, a configuration and a server that uses them.
struct House {
  House() {
    const Identity identity = authority.issue();
    put_file(folder.path() / "server.pem", identity.certificate);
    put_file(folder.path() / "server.key", identity.key);
  }
  std::string path(const std::string& name) const { return folder.path() / name; }
  /// The configuration with this key; empty: with none.
  void configure(const std::string& secret) const {
    std::string text = "[server]\nport = 0\nport_file = '" + path("port") +
                       "'\n[log]\nlevel = 'debug'\n[tls]\ncertificate = '" + path("server.pem") + "'\nkey = '" +
                       path("server.key") + "'\n";
    if (!secret.empty()) {
      text += "[keys.one]\nroles = ['client']\nnamespaces = ['*']\nhash = '" +
              longbeat::server::to_text(longbeat::server::hash_of_key(secret)) + "'\n";
    }
    put_file(path("longbeat.toml"), text);
  }
  std::string start() {
    server.emplace(std::vector<std::string>{LONGBEAT_SERVER_BINARY, "--config", path("longbeat.toml")}, path("log"));
    return "127.0.0.1:" + std::to_string(server->wait_for_port(path("port"), 30s));
  }
  Caller caller(const std::string& secret) const { return {.ca = authority.certificate(), .key = secret}; }
  bool logged(const std::string& part) const { return content_of(path("log")).find(part) != std::string::npos; }

  TempFolder folder{};
  Authority authority{};
  std::optional<ChildProcess> server{};
};

const std::string kGood = "lbk_good_" + std::string(40, 'g'), kNext = "lbk_next_" + std::string(40, 'n');
const std::string kWrong = "lbk_wrong_" + std::string(40, 'w');

}  // namespace

TEST_CASE("no key and no header is ever in the log, even when gRPC traces", "[conformance][security][process]") {
  House house;
  house.configure(kGood);
  ::setenv("GRPC_TRACE", "http,call_error,secure_endpoint", 1);
  ::setenv("GRPC_VERBOSITY", "DEBUG", 1);
  const std::string address = house.start();
  ::unsetenv("GRPC_TRACE");
  ::unsetenv("GRPC_VERBOSITY");
  CHECK(ByteClient(address, house.caller(kGood)).describe_namespace("default").ok());
  CHECK_FALSE(ByteClient(address, house.caller(kWrong)).greet().ok());
  service::PollActivityTaskQueueRequest poll;
  poll.set_namespace_("default");
  service::PollActivityTaskQueueResponse ignored;
  CHECK_FALSE(ByteClient(address, house.caller(kGood)).ask("PollActivityTaskQueue", poll, &ignored).ok());
  CHECK(eventually([&] { return house.logged("call refused: the API key 'one' may not call PollActivityTaskQueue"); }));
  CHECK(eventually([&] { return house.logged("call refused: the API key is not known here (from ipv4:127.0.0.1:"); }));
  house.server->terminate();
  CHECK(eventually([&] { return !house.server->running(); }));
  const std::string log = content_of(house.path("log"));
  CHECK(log.find("grpc: ") != std::string::npos);
  for (const std::string& secret :
       {kGood, kWrong, kGood.substr(9), std::string("Bearer lbk"), std::string("PRIVATE KEY")}) {
    CHECK(log.find(secret) == std::string::npos);
  }
}

TEST_CASE("keys of the file are exchanged while the server runs", "[conformance][security][process]") {
  House house;
  house.configure(kGood);
  const std::string address = house.start();
  const ByteClient good(address, house.caller(kGood)), next(address, house.caller(kNext));
  CHECK(good.greet().ok());
  CHECK_FALSE(next.greet().ok());
  SECTION("for another") {
    house.configure(kNext);
    CHECK(eventually([&] { return next.greet().ok(); }));
    CHECK(good.greet().error_code() == grpc::StatusCode::UNAUTHENTICATED);
  }
  SECTION("but not for what is no hash, and the log does not show what was there") {
    std::ofstream(house.path("longbeat.toml"), std::ios::app)
        << "[keys.two]\nroles = ['worker']\nnamespaces = ['*']\nhash = '" << kNext << "'\n";
    CHECK(eventually([&] { return house.logged("the API keys stay as they were, the changed file is refused: "); }));
    CHECK(house.logged("keys.two.hash: this is not the hash of a key"));
    CHECK_FALSE(house.logged(kNext));
    CHECK(good.greet().ok());
  }
}

TEST_CASE("failed handshakes are told in the operator's words, and not for each", "[conformance][security][process]") {
  House house;
  house.configure(kGood);
  const std::string address = house.start();
  CHECK_FALSE(ByteClient(address, {}).greet().ok());
  CHECK(eventually(
      [&] { return house.logged("a TLS handshake failed, a client without TLS, or no client of this protocol"); }));
  CHECK_FALSE(ByteClient(address, {}).greet().ok());
  CHECK_FALSE(ByteClient(address, {.ca = Authority("another").certificate()}).greet().ok());
  CHECK(ByteClient(address, house.caller(kGood)).greet().ok());
  const std::string log = content_of(house.path("log"));
  const std::string line = "a TLS handshake failed";
  CHECK(log.find(line) == log.rfind(line));
}
