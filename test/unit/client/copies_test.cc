// Large payloads are moved through a client. What has to be kept for a repetition is copied, once a send.
#include <memory>
#include <string>

#include "client/client_core.h"
#include "client/retrying_stub.h"
#include "fake_service.h"
#include "longbeat/client.h"
#include "support/catch.h"
#include "support/large_allocations.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// Encoded as a million bytes.
struct Film {};

}  // namespace

template <>
struct longbeat::PayloadCodec<Film> {
  static Payload encode(const Film&) { return internal::make_payload("binary/plain", std::string(kLarge, 'x')); }
  static Result<Film> decode(const Payload&) { return Film{}; }
};

namespace {

constexpr Activity<Payloads(Film)> watch{"watch"};

/// As connect.cc makes it: with the stub that repeats.
struct RetryingConnection final : Connection {
  EagerLoop eager{};
  FakeService service{eager};
  RetryingStub retrying{eager, service, 1};
  InlineCourier jobs{};

  Loop& loop() override { return eager; }
  ServiceStub& stub() override { return retrying; }
  Courier& courier() override { return jobs; }
};

Client client_of(const std::shared_ptr<RetryingConnection>& connection) {
  auto core = core_from({});
  core->connection = connection;
  return client_on(std::move(core));
}

}  // namespace

TEST_CASE("a client copies large payloads no more than it must", "[client][limits]") {
  const auto connection = std::make_shared<RetryingConnection>();
  const Client client = client_of(connection);
  SECTION("arguments once, because the start may be repeated") {
    connection->service.namespaces.answers = {NamespaceInfo{}};
    connection->service.starts = {StartedActivity{"run-1", true, {}}};
    const int made = large_allocations_of([&] {
      static_cast<void>(
          client.start(watch, {.id = "a", .task_queue = "q", .start_to_close_timeout = 1min}, Film{}).ok());
    });
    REQUIRE(connection->service.seen_starts.size() == 1);
    CHECK(connection->service.seen_starts[0].input.at(0).data.size() == kLarge);
    CHECK(made == 2);  // By the codec; for the repetition.
  }
  SECTION("a result never") {
    Payloads film{PayloadCodec<Film>::encode({})};
    connection->service.outcomes = {PolledOutcome{"run-1", ActivityOutcome{std::move(film), {}, 0}}};
    const int copied = large_allocations_of([&] {
      const auto result = client.handle<Payloads>("a").result();
      REQUIRE(result);
      CHECK(result->at(0).data.size() == kLarge);
    });
    CHECK(copied == 1);  // By the fake server.
  }
}
