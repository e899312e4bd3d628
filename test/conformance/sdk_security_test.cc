// The SDK's side: what a program sets to reach a server with TLS and keys, and what it is told when that is wrong.
#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include "conformance/secure_room.h"

using namespace longbeat;
using namespace longbeat::test;

namespace {

const std::string kWorkerKey = "lbk_" + std::string(40, 'w'), kClientKey = "lbk_" + std::string(40, 'c');
inline constexpr Activity<std::string(std::string name)> greet{"greet"};

struct Room : SecureRoom {
  Room() {
    encrypt();
    options.access.keys = {api_key("worker", kWorkerKey, {Role::kWorker}, {"own"}),
                           api_key("client", kClientKey, {Role::kClient}, {"own"})};
    put_file(ca(), authority.certificate());
  }
  std::string ca() const { return folder.path() / "ca.pem"; }
  ClientOptions options_of(const std::string& key) const {
    return {.address = address, .tls = TlsOptions{.ca = ca()}, .api_key = key, .namespace_name = "own"};
  }
};

Result<ActivityHandle<std::string>> start_greeting(Client& client) {
  return client.start(greet, {.id = "a", .task_queue = "q", .start_to_close_timeout = 30s}, std::string("world"));
}

}  // namespace

TEST_CASE("client and worker with TLS and a key each", "[conformance][security][sdk]") {
  Room room;
  REQUIRE(room.start() == "");
  auto client = Client::connect(room.options_of(kClientKey)).value();
  auto of_worker = Client::connect(room.options_of(kWorkerKey)).value();
  Worker worker(of_worker, {.task_queue = "q"});
  worker.serve(greet, [](ActivityContext&, std::string name) { return "Hello, " + name; });
  REQUIRE(worker.start());
  auto handle = start_greeting(client);
  REQUIRE(handle);
  const auto result = handle->result();
  INFO((result ? "" : result.error().message));
  REQUIRE(result);
  CHECK(*result == "Hello, world");
  CHECK(worker.stop(5s));
}

TEST_CASE("a refused key reaches the caller as what it is", "[conformance][security][sdk]") {
  Room room;
  REQUIRE(room.start() == "");
  const auto refusal = [&](const ClientOptions& options) {
    auto client = Client::connect(options).value();
    const auto handle = start_greeting(client);
    REQUIRE_FALSE(handle);
    CHECK(handle.error().code == ErrorCode::kPermissionDenied);
    const std::string text = handle.error().message;
    CHECK(text.find("lbk_") == std::string::npos);
    return text;
  };
  CHECK_THAT(refusal(room.options_of("")), ContainsSubstring("StartActivityExecution needs an API key"));
  CHECK_THAT(refusal(room.options_of("lbk_" + std::string(40, '?'))),
             ContainsSubstring("the API key is not known here"));
  CHECK_THAT(refusal(room.options_of(kWorkerKey)),
             ContainsSubstring("the API key 'worker' may not call StartActivityExecution: that takes the role client"));
  auto elsewhere = room.options_of(kClientKey);
  elsewhere.namespace_name = "other";
  CHECK_THAT(refusal(elsewhere), ContainsSubstring("may not call StartActivityExecution in namespace 'other'"));
}

TEST_CASE("mutual TLS from the SDK", "[conformance][security][sdk]") {
  Room room;
  room.ask_clients(room.authority.certificate());
  REQUIRE(room.start() == "");
  const Identity identity = room.authority.issue();
  put_file(room.folder.path() / "me.pem", identity.certificate);
  put_file(room.folder.path() / "me.key", identity.key);
  auto options = room.options_of(kClientKey);
  options.call_timeout = 1s;
  SECTION("with a certificate") {
    options.tls->certificate = room.folder.path() / "me.pem";
    options.tls->key = room.folder.path() / "me.key";
    auto client = Client::connect(options).value();
    CHECK(start_greeting(client));
  }
  SECTION("without one") {
    auto client = Client::connect(options).value();
    const auto handle = start_greeting(client);
    REQUIRE_FALSE(handle);
    CHECK((handle.error().code == ErrorCode::kUnavailable || handle.error().code == ErrorCode::kDeadlineExceeded));
    CHECK_THAT(handle.error().message, ContainsSubstring("ClientOptions.tls.certificate is not set"));
  }
  SECTION("with somebody else's key") {
    put_file(room.folder.path() / "me.key", room.authority.issue().key);
    options.tls->certificate = room.folder.path() / "me.pem";
    options.tls->key = room.folder.path() / "me.key";
    auto client = Client::connect(options);
    REQUIRE(client);
    CHECK_THAT(start_greeting(*client).error().message,
               ContainsSubstring("ClientOptions.tls.key may not belong to ClientOptions.tls.certificate"));
  }
}

TEST_CASE("a server that is not whom the client trusts", "[conformance][security][sdk]") {
  Room room;
  REQUIRE(room.start() == "");
  auto options = room.options_of(kClientKey);
  options.call_timeout = 1s;
  SECTION("has another authority") {
    put_file(room.ca(), Authority("another").certificate());
    auto client = Client::connect(options).value();
    const auto handle = start_greeting(client);
    REQUIRE_FALSE(handle);
    INFO(handle.error().message);
    CHECK_THAT(handle.error().message,
               ContainsSubstring("CERTIFICATE_VERIFY_FAILED") || ContainsSubstring("certificate verify failed"));
  }
  SECTION("has another name") {
    options.tls->server_name = "longbeat.example";
    auto client = Client::connect(options).value();
    CHECK_FALSE(start_greeting(client));
  }
  SECTION("has TLS where the client has none") {
    options.tls.reset();
    auto client = Client::connect(options).value();
    const auto handle = start_greeting(client);
    REQUIRE_FALSE(handle);
    INFO(handle.error().message);
    CHECK_THAT(handle.error().message, ContainsSubstring(room.address));
    CHECK_THAT(handle.error().message, ContainsSubstring("and ClientOptions.tls is not set"));
  }
}

TEST_CASE("files that connect() cannot use are named", "[conformance][security][sdk]") {
  Room room;
  REQUIRE(room.start() == "");
  auto options = room.options_of(kClientKey);
  const auto refusal = [&] {
    const auto client = Client::connect(options);
    REQUIRE_FALSE(client);
    CHECK(client.error().code == ErrorCode::kInvalidArgument);
    return client.error().message;
  };
  SECTION("missing") {
    options.tls->ca = "/nowhere/ca.pem";
    CHECK(refusal() == "ClientOptions.tls.ca is '/nowhere/ca.pem': No such file or directory");
  }
  SECTION("of another kind") {
    put_file(room.ca(), "what");
    CHECK(refusal() == "ClientOptions.tls.ca is '" + room.ca() + "': there is no certificate in PEM format in it");
    put_file(room.ca(), room.authority.certificate());
    options.tls->certificate = room.ca();
    options.tls->key = room.ca();
    CHECK(refusal() == "ClientOptions.tls.key is '" + room.ca() + "': there is no private key in PEM format in it");
  }
}
