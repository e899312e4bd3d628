#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simulation/operator_client.h"
#include "simulation/sim_server.h"
#include "simulation/sim_stub.h"
#include "simulation/witness.h"

namespace longbeat::simulation {

inline constexpr auto kQueue = "files";
inline constexpr auto kNamespace = "default";
/// Another namespace with the same activity IDs and the same task queue, but without workers of its own.
inline constexpr auto kOtherNamespace = "other";

/// Operators, other clients, reports by ID, raw polls. Speaks to the server in engine requests over the simulated
/// network, or gives its orders through the SDK's client. What became of it all is the witness's to know.
class OperatorActor {
 public:
  /// `with_client`: orders go through the SDK's client.
  OperatorActor(World& world, SimServer& server, const NetworkFaults& faults, Witness& witness,
                std::uint32_t activities, bool with_client);
  ~OperatorActor();
  OperatorActor(const OperatorActor&) = delete;
  OperatorActor& operator=(const OperatorActor&) = delete;

  /// One thing that somebody does, chosen by the seed.
  void act();
  /// From now on it only makes sure that everything can end: nothing stays paused, in a queue without workers, or in a
  /// queue without rate. Then it looks whether the lists are right.
  void settle();
  bool at_rest() const { return at_rest_; }
  void worker_stops(const std::string& instance_key);
  void cut(const Partition& partition) {
    stub_.cut(partition);
    if (client_) client_->cut(partition);
  }
  void connection_broken() {
    stub_.connection_broken();
    if (client_) client_->connection_broken();
  }

 private:
  struct Job {
    std::string space{}, id{};
    bool mine = false;  ///< started here; the others are the client's
    std::string run_id{};
    bool starting = false, closed = false;
  };
  struct Listing;
  using Answered = std::function<void(const server::StatusOr<server::Reply>&)>;

  /// Repeats it, with the same request ID, as long as nobody tells what became of it and `tries` last.
  void send(server::Request request, int tries, Answered answered = {});
  Job& some_job();
  server::RunRef ref(const Job& job);
  std::string new_request_id() { return "op-" + std::to_string(next_request_++); }

  void start();
  void start_again(Job& job);
  void send_start(std::size_t job, server::StartRequest request);
  void pause();
  void reset();
  void cancel();
  void update();
  void finish_by_id();
  void set_rate();
  void poll();
  void got_task(const server::PollTaskReply& task);
  void watch();
  void watch_on(server::DescribeRequest request, int rounds);
  void list();
  void repeat();

  void settle_job(std::size_t job);
  void check_list(const std::string& space);
  void next_page(std::shared_ptr<Listing> listing, std::string token);

  World& world_;
  Witness& witness_;
  SimLoop loop_;
  SimStub stub_;
  std::unique_ptr<OperatorClient> client_{};  ///< may be null
  std::vector<Job> jobs_{};
  std::vector<server::Request> sent_{};  ///< that may be repeated
  std::uint64_t next_request_ = 0;
  bool settling_ = false, at_rest_ = false;
  int rounds_ = 0, lists_right_ = 0;
  std::size_t raw_polls_ = 0;
};

}  // namespace longbeat::simulation
