#pragma once
#include <memory>
#include <string>

#include "client/client_core.h"
#include "client/retrying_stub.h"
#include "core/connection.h"
#include "longbeat/client.h"
#include "simulation/sim_courier.h"
#include "simulation/sim_stub.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// One process's connection, with the retries of the real one. A client's core owns it, and objects of the program keep
/// that; so it may outlive its process, and then does nothing any more.
struct SimConnection final : internal::Connection {
  SimConnection(World& world, SimServer& server, const NetworkFaults& faults, Witness* witness)
      : events(world), wire(world, events, server, faults), jobs(world, events) {
    wire.witness = witness;
    wire.courier = &jobs;
    retrying = std::make_unique<internal::RetryingStub>(events, wire, world.random().next());
  }
  internal::Loop& loop() override { return events; }
  internal::ServiceStub& stub() override { return *retrying; }
  internal::Courier& courier() override { return jobs; }
  /// kill -9: nothing of it runs any more, nothing is sent, and what it held goes.
  void kill();

  SimLoop events;
  SimStub wire;
  SimCourier jobs;
  std::unique_ptr<internal::RetryingStub> retrying{};
};

/// The SDK's own client in one simulated process, in the forms that do not block: callbacks run as events of virtual
/// time. Dies with its process.
class SimClient {
 public:
  SimClient(World& world, SimServer& server, const NetworkFaults& faults, Witness* witness, const std::string& identity,
            const std::string& namespace_name);
  ~SimClient() { connection_->kill(); }
  SimClient(const SimClient&) = delete;
  SimClient& operator=(const SimClient&) = delete;

  SimConnection& connection() { return *connection_; }
  SimLoop& loop() { return connection_->events; }
  SimStub& wire() { return connection_->wire; }
  const Client& client() const { return client_; }
  std::shared_ptr<internal::ClientCore> core() const { return internal::core_of(client_); }

 private:
  std::shared_ptr<SimConnection> connection_;
  Client client_;
};

}  // namespace longbeat::simulation
