#pragma once
#include <map>
#include <string>
#include <vector>

#include "simulation/observer.h"
#include "simulation/world.h"
#include "storage/store.h"

namespace longbeat::simulation {

/// Namespaces and their search attributes: every answer agrees with one way how it may have come about. What a deleted
/// one held is gone, from memory, waits and disk; LifeWitness tells that nothing else is missing.
class SpaceWitness final : public Observer {
 public:
  SpaceWitness(World& world, Fail fail) : world_(world), fail_(std::move(fail)) {}

  /// This one is there from the start.
  void exists(const std::string& name) { spaces_[name] = {Space{.there = true}}; }

  void answered(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                bool commit_failed) override;
  void still_waits(const server::Request& request) override;

  /// The namespace was deleted, and nobody can have made it again.
  bool is_gone(const std::string& name) const;
  bool may_be_there(const std::string& name) const;
  /// Long after the last deletion: each row belongs to an activity, and each activity to a namespace that is there.
  void check_disk(server::Store& disk) const;

 private:
  /// One way how a namespace may be.
  struct Space {
    bool there = false, deprecated = false;
    std::string description{};
    std::map<std::string, std::int32_t> attributes{};
    friend bool operator==(const Space&, const Space&) = default;
  };
  using Spaces = std::vector<Space>;

  /// What a yes to this request makes of it; nothing: there can be no yes.
  static Spaces accepted(const Space& space, const server::Request& request);
  static bool agrees(const Space& space, const server::Request& request, const server::Reply& reply);
  static bool explains(const Space& space, const server::Request& request, const server::Status& refusal);
  void on_list(const server::ListNamespacesReply& reply);

  World& world_;
  Fail fail_;
  std::map<std::string, Spaces> spaces_{};
};

}  // namespace longbeat::simulation
