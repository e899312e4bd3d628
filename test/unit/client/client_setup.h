#pragma once
#include <memory>
#include <string>
#include <utility>

#include "client/client_core.h"
#include "fake_service.h"
#include "longbeat/json.h"
#include "support/catch.h"

namespace longbeat::test {

/// A client on a connection whose calls are answered at once, in no time at all.
struct EagerClient {
  std::shared_ptr<FakeConnection> connection = std::make_shared<FakeConnection>();
  FakeService& service = connection->service;
  Client client;

  explicit EagerClient(ClientOptions options = {}) : client(make(connection, std::move(options))) {}
  template <class Made>
  static Client make(const std::shared_ptr<Made>& connection, ClientOptions options) {
    auto core = core_from(std::move(options));
    core->connection = connection;
    return client_on(std::move(core));
  }
};

/// A connection on which nothing happens until the test lets time pass.
struct ManualConnection final : Connection {
  ManualLoop manual{};
  FakeService service{manual};
  InlineCourier jobs{};

  Loop& loop() override { return manual; }
  ServiceStub& stub() override { return service; }
  Courier& courier() override { return jobs; }
};

/// A client on such a connection; callbacks run where the loop is driven.
struct ManualClient {
  std::shared_ptr<ManualConnection> connection = std::make_shared<ManualConnection>();
  ManualLoop& loop = connection->manual;
  FakeService& service = connection->service;
  Client client;

  explicit ManualClient(ClientOptions options = in_place())
      : client(EagerClient::make(connection, std::move(options))) {}
  static ClientOptions in_place() {
    ClientOptions options;
    options.callback_executor = [](const std::function<void()>& job) { job(); };
    return options;
  }
};

inline StartOptions start_options(std::string id = "a") {
  return {.id = std::move(id), .task_queue = "q", .start_to_close_timeout = std::chrono::minutes(1)};
}
inline Payload json_payload(std::string text) {
  return {{{"encoding", "json/plain"}}, std::move(text)};
}
inline PolledOutcome completed(Payloads result) {
  return {"run-1", ActivityOutcome{std::move(result), {}, 0}};
}
inline PolledOutcome closed(Failure failure) {
  return {"run-1", ActivityOutcome{{}, std::move(failure), 0}};
}

}  // namespace longbeat::test
