#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/outcome_wait.h"
#include "client/retrying_stub.h"
#include "core/loop_clock.h"
#include "simulation/late_holder.h"
#include "simulation/neighbourhood.h"
#include "simulation/operator_actor.h"
#include "simulation/script_executor.h"
#include "simulation/sim_client.h"
#include "simulation/sim_server.h"
#include "simulation/sim_stub.h"
#include "simulation/witness.h"
#include "simulation/world.h"
#include "worker/worker_machine.h"

namespace longbeat::simulation {

/// What may go wrong in one run, and how much there is to do. A seed chooses; tests can choose themselves.
struct Plan {
  std::uint32_t activities = 8;
  std::uint32_t workers = 2;
  NetworkFaults network{};
  std::uint32_t worker_kills = 2;
  std::uint32_t server_kills = 2;
  std::uint32_t broken_commits = 1;
  std::uint32_t server_freezes = 1;
  /// SIGSTOP, and clocks that are an hour wrong from then on.
  std::uint32_t worker_freezes = 1, clock_jumps = 0;
  std::uint32_t cancels = 2;
  std::uint32_t worker_stops = 1;
  /// What operators and other clients do, and what is asked by ID.
  std::uint32_t operations = 12;
  /// Orders go through the SDK's client, with its retries, not as raw requests.
  bool operators_have_client = false;
  /// What is done beside them: completion callbacks, namespaces and more. 0: there are no neighbours at all.
  std::uint32_t neighbour_acts = 0;
  /// Of the namespace that has no workers; the client's keeps everything for an hour.
  Nanoseconds retention = std::chrono::seconds(30);
  /// The server finds its disk full, and has room again some seconds later.
  std::uint32_t full_disks = 0;
  /// Faults and operations happen in this time; afterwards everything must come to rest.
  Nanoseconds trouble = std::chrono::seconds(60);
};
Plan plan_of(std::uint64_t seed);

/// Client, workers and server in one thread on virtual time: the real machines of SDK and server, with a network, a
/// disk and activities that the seed controls.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : Simulation(seed, plan_of(seed)) {}
  Simulation(std::uint64_t seed, const Plan& plan);
  ~Simulation();

  /// Runs the trouble, then the quiet time in which everything must close.
  void run();

  const Witness& witness() const { return witness_; }
  World& world() { return world_; }
  std::uint64_t server_lives() const { return server_.life(); }

 private:
  class WorkerProcess;
  struct ClientProcess;
  struct Elsewhere;

  void arrange_faults();
  void start_activity(std::uint32_t number);
  void send_start(const internal::StartActivityParams& params);
  void await_outcome(const std::string& id, const std::string& run_id);
  void kill_worker(std::size_t which);
  void kill_server();
  void cancel(std::uint32_t number);
  void pass_on(const TaskToken& token, std::uint64_t count);
  /// At a random moment of the trouble.
  void sometime(std::function<void()> what);

  World world_;
  Plan plan_;
  NetworkFaults network_;
  Witness witness_;
  SimServer server_;
  std::unique_ptr<ClientProcess> client_;
  std::unique_ptr<Elsewhere> elsewhere_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  std::unique_ptr<OperatorActor> operator_;
  std::unique_ptr<Neighbourhood> neighbours_;  ///< may be null
  std::uint32_t processes_ = 0;                ///< each worker process has an instance key of its own
};

}  // namespace longbeat::simulation
