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
#include "simulation/plan.h"
#include "simulation/script_executor.h"
#include "simulation/sim_client.h"
#include "simulation/sim_server.h"
#include "simulation/sim_stub.h"
#include "simulation/witness.h"
#include "simulation/world.h"
#include "worker/worker_machine.h"

namespace longbeat::simulation {

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

  /// What the plan has arranged: conditions first, which hold from the beginning, then what happens at some time.
  struct Happening {
    std::string what{};
    TimePoint at{};
  };
  const std::vector<Happening>& happenings() const { return happenings_; }

 private:
  class WorkerProcess;
  struct ClientProcess;
  struct Wanted {
    internal::StartActivityParams params{};
    std::string run_id{};  ///< once it was told
    bool answered = false;
  };
  struct Elsewhere;

  /// The next of the happenings; false when it was dropped.
  bool is_wanted(std::string what, TimePoint at = {});
  NetworkFaults network_of_plan();
  void arrange_codecs();
  void arrange_rare_branches();
  void arrange_process_faults();
  void arrange_faults();
  void start_activity(std::uint32_t number);
  void send_start(std::size_t number);
  void await_outcome(std::size_t number);
  void kill_worker(std::size_t which);
  void kill_server();
  void kill_client();
  void restart_client();
  void set_server_clock();
  /// Plan::server_falls_behind; whether all workers die in the end.
  bool arrange_falling_behind();
  /// Of the server's machine: read when the server starts.
  void set_machine_clock(Nanoseconds by);
  void cut_off();
  void mend_network();
  void cancel(std::uint32_t number);
  void pass_on(const TaskToken& token, std::uint64_t count);
  /// At a random moment of the trouble.
  void sometime(std::string what, std::function<void()> happens);

  World world_;
  Plan plan_;
  std::vector<Happening> happenings_{};
  NetworkFaults network_;
  CodecFaults codecs_{};
  bool has_codecs_ = false;
  Witness witness_;
  SimServer server_;
  std::unique_ptr<ClientProcess> client_;  ///< null while it is dead
  std::vector<Wanted> wanted_{};           ///< what the client's program has in its own database
  std::unique_ptr<Elsewhere> elsewhere_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  std::unique_ptr<OperatorActor> operator_;
  std::unique_ptr<Neighbourhood> neighbours_;  ///< may be null
  bool skewed_ = false;                        ///< each process has a clock of its own
  std::uint32_t processes_ = 0;                ///< each worker process has an instance key of its own
};

}  // namespace longbeat::simulation
