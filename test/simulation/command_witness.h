#pragma once
#include <map>
#include <string>

#include "simulation/life_witness.h"
#include "simulation/observer.h"

namespace longbeat::simulation {

/// Commands to workers: a cancel of a running attempt is told at once to the control queue of the worker that holds it,
/// to no other, again when nobody confirms it, three times at most, and never unasked.
class CommandWitness final : public Observer {
 public:
  CommandWitness(World& world, const LifeWitness& lives, Fail fail)
      : world_(world), lives_(lives), fail_(std::move(fail)) {}
  void answered(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                bool commit_failed) override;
  void still_waits(const server::Request& request) override;
  void stepped(const server::Engine&) override { advance(); }
  void server_died(bool commit_failed) override;

 private:
  using Queue = std::pair<std::string, std::string>;  ///< namespace and name
  struct Held {
    Queue queue{};
    std::string id{};
  };
  struct Command {
    WallTime until{};  ///< it waits for a poll
    int tries = 0;
    bool certain = false;  ///< the attempt was running when the cancel came
  };
  using Commands = std::multimap<std::string, Command>;  ///< by task token
  struct Batch {
    Queue queue{};
    Commands commands{};
    WallTime until{};
  };
  void told(const server::PollCommandsRequest& request, const server::CommandsReply& reply);
  void canceled(const server::CancelRequest& request);
  void again(Batch batch);
  /// What time alone changes.
  void advance();

  World& world_;
  const LifeWitness& lives_;
  Fail fail_;
  std::map<std::string, Held> held_{};  ///< by task token, of this process of the server
  std::map<Queue, Commands> waiting_{};
  std::map<std::string, Batch> sent_{};  ///< by the token of the answer
};

}  // namespace longbeat::simulation
