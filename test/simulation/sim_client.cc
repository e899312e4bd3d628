#include "simulation/sim_client.h"

#include <utility>

namespace longbeat::simulation {

using namespace std::chrono_literals;

namespace {

Client make_client(World& world, const std::shared_ptr<SimConnection>& connection, const std::string& identity,
                   const std::string& namespace_name) {
  ClientOptions options;
  options.identity = identity;
  options.namespace_name = namespace_name;
  // A thread of the program: it lives as long as the process, and has its turn a moment later.
  options.callback_executor = [&world, weak = std::weak_ptr(connection)](std::function<void()> job) {
    const auto process = weak.lock();
    if (process && process->events.alive()) process->events.after(world.between(0ns, 100us), std::move(job));
  };
  auto core = internal::core_from(std::move(options));
  core->connection = connection;
  core->new_seed = [&world] { return world.random().next(); };
  return internal::client_on(std::move(core));
}

}  // namespace

void SimConnection::kill() {
  events.kill();
  wire.kill();
  retrying.reset();
}

SimClient::SimClient(World& world, SimServer& server, const NetworkFaults& faults, Witness* witness,
                     const std::string& identity, const std::string& namespace_name)
    : connection_(std::make_shared<SimConnection>(world, server, faults, witness)),
      client_(make_client(world, connection_, identity, namespace_name)) {}

}  // namespace longbeat::simulation
