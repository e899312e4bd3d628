#pragma once
#include <map>
#include <string>

#include "simulation/observer.h"
#include "simulation/query_model.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// How many workers the server of a run remembers, and how long.
struct RegistryRules {
  std::size_t workers_max = 6;
  Nanoseconds forgotten_after = std::chrono::seconds(20);
};

/// The registry of workers: whatever is listed, counted and described is what their heartbeats have told this process
/// of the server, no more and no less.
class RegistryWitness final : public Observer {
 public:
  RegistryWitness(World& world, RegistryRules rules, Fail fail)
      : world_(world), rules_(rules), fail_(std::move(fail)) {}
  const RegistryRules& rules() const { return rules_; }

  /// A condition and its text, for a question that will be asked.
  std::string new_query();

  void answered(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                bool commit_failed) override;
  void server_died(bool) override { spaces_.clear(); }

 private:
  struct Worker {
    server::WorkerBeat beat{};
    std::uint64_t turn = 0;
    WallTime seen{};
  };
  using Workers = std::map<std::string, Worker>;

  void beat(Workers& workers, const server::WorkerBeat& beat);
  Workers& living(const std::string& space);
  bool matches(const std::string& query, const server::WorkerBeat& worker) const;
  void check(const server::ListWorkersRequest& request, const server::ListWorkersReply& reply);

  World& world_;
  RegistryRules rules_;
  Fail fail_;
  std::map<std::string, Workers> spaces_{};
  std::map<std::string, Condition> queries_{};
  std::uint64_t turns_ = 0;
};

}  // namespace longbeat::simulation
