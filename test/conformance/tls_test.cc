// TLS and mutual TLS with real handshakes, and what is reloaded while connections go on.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "base/log.h"
#include "conformance/secure_room.h"

using namespace longbeat::test;
using grpc::StatusCode;

namespace {

/// Sends bytes to the port and waits until the server hangs up, or for a while.
std::string talk(const std::string& address, const std::string& bytes) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  const timeval patience{2, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = ::send(descriptor, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) break;
    at += static_cast<std::size_t>(sent);
  }
  std::string answer(4096, '\0');
  const auto got = ::recv(descriptor, answer.data(), answer.size(), 0);
  answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  ::close(descriptor);
  return answer;
}

/// Waits for a task of "q" for up to 5 s, and tells how that ended.
std::future<grpc::Status> park(const ByteClient& client, service::PollActivityTaskQueueResponse& task) {
  return std::async(std::launch::async, [&client, &task] {
    service::PollActivityTaskQueueRequest poll;
    poll.set_namespace_("default");
    poll.mutable_task_queue()->set_name("q");
    return client.ask("PollActivityTaskQueue", poll, &task, 10s);
  });
}

grpc::Status start_activity(const ByteClient& client, const std::string& id) {
  service::StartActivityExecutionRequest start;
  start.set_namespace_("default");
  start.set_activity_id(id);
  start.set_request_id("request of " + id);
  start.mutable_activity_type()->set_name("t");
  start.mutable_task_queue()->set_name("q");
  start.mutable_start_to_close_timeout()->set_seconds(30);
  service::StartActivityExecutionResponse started;
  return client.ask("StartActivityExecution", start, &started);
}

}  // namespace

TEST_CASE("calls over TLS", "[conformance][security][tls]") {
  SecureRoom room;
  room.encrypt();
  REQUIRE(room.start() == "");
  const ByteClient client(room.address, {.ca = room.authority.certificate()});
  REQUIRE(start_activity(client, "a").ok());
  service::PollActivityTaskQueueResponse task;
  REQUIRE(park(client, task).get().ok());
  CHECK(task.activity_id() == "a");
}

TEST_CASE("a client finds out that it talks to somebody else", "[conformance][security][tls]") {
  SecureRoom room;
  SECTION("when another authority has signed") {
    room.encrypt();
    REQUIRE(room.start() == "");
    const auto status = ByteClient(room.address, {.ca = Authority("another").certificate()}).greet();
    CHECK(status.error_code() == StatusCode::UNAVAILABLE);
    CHECK_THAT(status.error_message(),
               ContainsSubstring("CERTIFICATE_VERIFY_FAILED") || ContainsSubstring("certificate verify failed"));
  }
  SECTION("when the certificate is for another host") {
    room.encrypt(room.authority.issue({.hosts = {"longbeat.example"}, .ips = {}}));
    REQUIRE(room.start() == "");
    const auto status = ByteClient(room.address, {.ca = room.authority.certificate()}).greet();
    CHECK(status.error_code() == StatusCode::UNAVAILABLE);
    CHECK(
        ByteClient(room.address, {.ca = room.authority.certificate(), .server_name = "longbeat.example"}).greet().ok());
  }
  SECTION("when the certificate expires while the server runs") {
    room.encrypt(room.authority.issue({.ends = 2s}));
    REQUIRE(room.start() == "");
    CHECK(eventually([&] {
      return ByteClient(room.address, {.ca = room.authority.certificate()}).greet().error_code() ==
             StatusCode::UNAVAILABLE;
    }));
  }
  CHECK(room.server->stats().exceptions == 0);
}

TEST_CASE("whatever else comes to the TLS port harms nobody", "[conformance][security][tls]") {
  SecureRoom room;
  room.encrypt();
  REQUIRE(room.start() == "");
  const ByteClient good(room.address, {.ca = room.authority.certificate()});
  REQUIRE(good.greet().ok());
  SECTION("a client without TLS") {
    const auto status = ByteClient(room.address, {}).greet();
    INFO(status.error_message());
    CHECK(status.error_code() == StatusCode::UNAVAILABLE);
  }
  SECTION("no client at all") {
    std::string noise;
    for (int i = 0; i < 100'000; ++i) noise += static_cast<char>(i * 7919 >> 3);
    talk(room.address, noise);
    talk(room.address, "GET / HTTP/1.1\r\n\r\n");
    talk(room.address, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(600, '\0'));
    talk(room.address, "");
  }
  CHECK(good.greet().ok());
  CHECK(ByteClient(room.address, {.ca = room.authority.certificate()}).greet().ok());
}

TEST_CASE("a client with TLS at a port without", "[conformance][security][tls]") {
  SecureRoom room;
  REQUIRE(room.start() == "");
  const auto status = ByteClient(room.address, {.ca = room.authority.certificate()}).greet();
  CHECK(status.error_code() == StatusCode::UNAVAILABLE);
  CHECK_THAT(status.error_message(), ContainsSubstring("WRONG_VERSION_NUMBER") || ContainsSubstring("wrong version"));
  CHECK(ByteClient(room.address, {}).greet().ok());
}

TEST_CASE("mutual TLS", "[conformance][security][tls]") {
  SecureRoom room;
  const Authority clients("clients");
  room.encrypt();
  room.ask_clients(clients.certificate());
  const std::string& ca = room.authority.certificate();
  SECTION("lets in who has a certificate, with the role of certificates") {
    room.options.access.certificate_roles = {Role::kClient};
    REQUIRE(room.start() == "");
    const ByteClient client(room.address, {.ca = ca, .identity = clients.issue()});
    CHECK(start_activity(client, "a").ok());
    service::PollActivityTaskQueueResponse task;
    CHECK(park(client, task).get().error_code() == StatusCode::PERMISSION_DENIED);
    SECTION("and nobody else") {
      const auto refused = [&](const Caller& caller) {
        return ByteClient(room.address, caller).greet().error_code() == StatusCode::UNAVAILABLE;
      };
      CHECK(refused({.ca = ca}));
      CHECK(refused({.ca = ca, .identity = Authority("another").issue()}));
      CHECK(refused({.ca = ca, .identity = clients.issue({.begins = -48h, .ends = -24h})}));
      CHECK(refused({.ca = ca, .identity = room.authority.issue()}));
      CHECK(refused({}));
      CHECK(client.greet().ok());
    }
  }
  SECTION("with keys asks for both") {
    const std::string secret = "lbk_" + std::string(40, 'k');
    room.options.access.keys = {api_key("one", secret, {Role::kWorker})};
    REQUIRE(room.start() == "");
    CHECK(ByteClient(room.address, {.ca = ca, .identity = clients.issue(), .key = secret}).greet().ok());
    CHECK(ByteClient(room.address, {.ca = ca, .identity = clients.issue()}).greet().error_code() ==
          StatusCode::UNAUTHENTICATED);
    CHECK(ByteClient(room.address, {.ca = ca, .key = secret}).greet().error_code() == StatusCode::UNAVAILABLE);
  }
}

TEST_CASE("a changed certificate is taken up while connections go on", "[conformance][security][tls]") {
  SecureRoom room;
  room.encrypt();
  REQUIRE(room.start() == "");
  const ByteClient before(room.address, {.ca = room.authority.certificate()});
  service::PollActivityTaskQueueResponse task;
  auto parked = park(before, task);
  REQUIRE(eventually([&] { return room.server->stats().engine.parked_polls == 1; }));

  const Authority next("next");
  const auto files = room.folder.path();
  put_file(files / "server.pem", "");
  const Identity renewed = next.issue();
  put_file(files / "server.key", renewed.key);
  put_file(files / "server.pem", renewed.certificate);
  REQUIRE(eventually([&] { return room.server->stats().certificates_renewed == 1; }));
  const ByteClient after(room.address, {.ca = next.certificate()});
  CHECK(ByteClient(room.address, {.ca = room.authority.certificate()}).greet().error_code() == StatusCode::UNAVAILABLE);
  CHECK(before.greet().ok());
  REQUIRE(start_activity(after, "a").ok());
  CHECK(parked.get().ok());
  CHECK(task.activity_id() == "a");
}

TEST_CASE("a broken new certificate is logged and the old one stays until one comes that works",
          "[conformance][security][tls]") {
  Lines lines;
  SecureRoom room;
  room.encrypt();
  REQUIRE(room.start() == "");
  const auto works = [&] { return ByteClient(room.address, {.ca = room.authority.certificate()}).greet().ok(); };
  const auto files = room.folder.path();
  SECTION("when the key does not fit") {
    put_file(files / "server.key", room.authority.issue().key);
    CHECK(eventually([&] { return lines.hold("the key does not belong to the certificate"); }));
  }
  SECTION("when it has expired") {
    const Identity old = room.authority.issue({.begins = -48h, .ends = -24h});
    put_file(files / "server.key", old.key);
    put_file(files / "server.pem", old.certificate);
    CHECK(eventually([&] { return lines.hold("the certificate has expired"); }));
  }
  SECTION("when it is gone") {
    std::filesystem::remove(files / "server.pem");
    CHECK(eventually([&] { return lines.hold("No such file or directory"); }));
  }
  CHECK(lines.hold("the certificates stay as they were, the changed ones are refused: tls."));
  CHECK(works());
  CHECK(room.server->stats().certificates_renewed == 0);
  const Identity good = room.authority.issue();
  put_file(files / "server.key", good.key);
  put_file(files / "server.pem", good.certificate);
  CHECK(eventually([&] { return room.server->stats().certificates_renewed > 0; }));
  CHECK(works());
}

TEST_CASE("the authorities of clients are reloaded too", "[conformance][security][tls]") {
  SecureRoom room;
  const Authority first("first"), second("second");
  room.encrypt();
  room.ask_clients(first.certificate());
  room.options.access.certificate_roles = {Role::kOperator};
  REQUIRE(room.start() == "");
  const auto reaches = [&](const Authority& of) {
    return ByteClient(room.address, {.ca = room.authority.certificate(), .identity = of.issue()}).greet().ok();
  };
  CHECK(reaches(first));
  CHECK_FALSE(reaches(second));
  put_file(room.folder.path() / "clients.pem", second.certificate());
  REQUIRE(eventually([&] { return room.server->stats().certificates_renewed == 1; }));
  CHECK(reaches(second));
  CHECK_FALSE(reaches(first));
}

TEST_CASE("changed keys are taken up, broken ones are not", "[conformance][security]") {
  const std::string first = "lbk_" + std::string(40, '1'), second = "lbk_" + std::string(40, '2');
  Lines lines;
  SecureRoom room;
  const auto file = room.folder.path() / "keys";
  put_file(file, first);
  // What stands in the file is the key that is good; "broken" is no key.
  const auto read = [file]() -> longbeat::internal::StatusOr<AccessRules> {
    std::ifstream in(file);
    std::string secret;
    in >> secret;
    if (secret == "broken") return longbeat::internal::invalid_argument("keys:1: no key");
    AccessRules rules;
    rules.required = !secret.empty();
    if (!secret.empty()) rules.keys = {api_key("one", secret, {Role::kWorker})};
    return rules;
  };
  room.options.access_file = file;
  room.options.read_access = read;
  room.options.access = read().value();
  REQUIRE(room.start() == "");
  const auto code = [&](const std::string& secret) {
    return ByteClient(room.address, {.key = secret}).greet().error_code();
  };
  CHECK(code(first) == StatusCode::OK);
  CHECK(code(second) == StatusCode::UNAUTHENTICATED);
  put_file(file, "broken");
  CHECK(eventually(
      [&] { return lines.hold("the API keys stay as they were, the changed file is refused: keys:1: no key"); }));
  CHECK(code(first) == StatusCode::OK);
  put_file(file, second);
  CHECK(eventually([&] { return code(second) == StatusCode::OK; }));
  CHECK(code(first) == StatusCode::UNAUTHENTICATED);
  SECTION("and when the last one goes, nobody is let in") {
    put_file(file, " ");
    CHECK(eventually([&] { return code(second) == StatusCode::UNAUTHENTICATED; }));
    CHECK(code("") == StatusCode::UNAUTHENTICATED);
  }
}

TEST_CASE("a changed file gives no role to certificates that no handshake asks for", "[conformance][security]") {
  const std::string first = "lbk_" + std::string(40, '1'), second = "lbk_" + std::string(40, '2');
  SecureRoom room;
  const auto file = room.folder.path() / "keys";
  put_file(file, "");
  AccessRules rules;
  rules.keys = {api_key("one", first, {Role::kWorker})};
  SECTION("at the start") {
    rules.certificate_roles = {Role::kOperator};
    room.options.access = rules;
    REQUIRE(room.start() == "");
    CHECK(ByteClient(room.address, {}).greet().error_code() == StatusCode::UNAUTHENTICATED);
  }
  SECTION("later") {
    room.options.access = rules;
    rules.keys = {api_key("two", second, {Role::kWorker})};
    rules.certificate_roles = {Role::kOperator};
    room.options.access_file = file;
    room.options.read_access = [rules] { return rules; };
    REQUIRE(room.start() == "");
    put_file(file, "changed");
    CHECK(eventually([&] { return ByteClient(room.address, {.key = second}).greet().ok(); }));
    CHECK(ByteClient(room.address, {}).greet().error_code() == StatusCode::UNAUTHENTICATED);
  }
}

TEST_CASE("a server that may not be reached so does not start", "[conformance][security]") {
  SecureRoom room;
  room.options.ip = "0.0.0.0";
  SECTION("without anything") {
    CHECK_THAT(room.start(),
               ContainsSubstring("does not listen on 0.0.0.0, which other machines can reach, without TLS "
                                 "and authentication: set tls.certificate and tls.key"));
  }
  SECTION("with keys alone") {
    room.options.access.keys = {api_key("one", "lbk_" + std::string(40, 'k'), {Role::kWorker})};
    CHECK_THAT(room.start(), ContainsSubstring("without TLS: set"));
  }
  SECTION("with TLS alone") {
    room.encrypt();
    CHECK_THAT(room.start(), ContainsSubstring("without authentication: set"));
  }
  SECTION("unless told to") {
    room.options.insecure_listen = true;
    REQUIRE(room.start() == "");
    CHECK(ByteClient(room.address, {}).greet().ok());
  }
  SECTION("with both it does") {
    room.encrypt();
    room.options.access.keys = {api_key("one", "lbk_" + std::string(40, 'k'), {Role::kWorker})};
    REQUIRE(room.start() == "");
    const Caller caller{.ca = room.authority.certificate(), .key = "lbk_" + std::string(40, 'k')};
    CHECK(ByteClient(room.address, caller).greet().ok());
  }
}

TEST_CASE("a server whose certificate cannot be used does not start", "[conformance][security]") {
  SecureRoom room;
  room.encrypt();
  put_file(room.options.tls.key, room.authority.issue().key);
  CHECK_THAT(room.start(), ContainsSubstring("tls.key '") && ContainsSubstring("server.key': the key does not belong"));
}
