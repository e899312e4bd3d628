#pragma once
#include <map>
#include <set>
#include <string>

#include "simulation/observer.h"
#include "simulation/world.h"

namespace longbeat::simulation {

inline constexpr auto kFairNamespace = "fair";

/// A queue in which much waits: the lowest priority number always goes first, and while two fairness keys of one number
/// have tasks, neither gets more than its share beyond one task of each. So no key ever starves.
class FairWitness final : public Observer {
 public:
  FairWitness(World& world, Fail fail) : world_(world), fail_(std::move(fail)) {}
  void answered(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                bool commit_failed) override;
  void stepped(const server::Engine& engine) override;
  void server_died(bool) override { served_.clear(); }
  void server_up(const server::Engine& engine) override;
  /// From now on tasks may be taken out of the queue by others.
  void stop() { stopped_ = true; }
  std::uint64_t compared() const { return compared_; }

 private:
  using Key = std::pair<std::int32_t, std::string>;  ///< priority number and fairness key
  struct Task {
    std::string id{};
    Key key{};
    bool waits = true;  ///< and is due
  };
  void taken(const std::string& run_id, const server::PollTaskReply& task);
  void waits_again(const server::Engine& engine, bool all);
  /// Counts of this key and of others compared with it begin anew.
  void begin_anew(const Key& key);

  World& world_;
  Fail fail_;
  std::map<std::string, Task> tasks_{};  ///< by run ID
  std::map<Key, std::set<std::string>> waiting_{};
  std::map<Key, double> weights_{};
  /// How many tasks of the first key went while both had some.
  std::map<std::pair<Key, Key>, double> served_{};
  std::set<std::string> held_{};
  std::uint64_t compared_ = 0;
  bool stopped_ = false;
};

}  // namespace longbeat::simulation
