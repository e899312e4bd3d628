#pragma once
#include <functional>

#include "simulation/observer.h"
#include "simulation/sim_server.h"
#include "simulation/sim_stub.h"

namespace longbeat::simulation {

/// A process beside the client, its workers and the operator: uses one part of the server, in engine requests over the
/// simulated network. An Observer of its own checks what it is told.
class Neighbour {
 public:
  Neighbour(World& world, SimServer& server, const NetworkFaults& faults)
      : world_(world), server_(server), loop_(world), stub_(world, loop_, server, faults) {}
  virtual ~Neighbour();
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  /// One thing that it does, chosen by the seed.
  virtual void act() = 0;
  /// From now on it only makes sure that everything can end.
  virtual void settle() { settling_ = true; }
  virtual bool at_rest() const = 0;
  void connection_broken() { stub_.connection_broken(); }
  void cut(const Partition& partition) { stub_.cut(partition); }

 protected:
  using Answered = std::function<void(const server::StatusOr<server::Reply>&)>;
  static constexpr int kUntilAnswered = 1'000'000;

  /// Repeats it as long as nobody tells what became of it and `tries` last; once all settles, only what is sent until
  /// it is answered.
  void send(server::Request request, int tries, Answered answered = {}, Nanoseconds patience = std::chrono::seconds(5));

  World& world_;
  SimServer& server_;
  SimLoop loop_;
  SimStub stub_;
  bool settling_ = false;

 private:
  bool repeats(int tries) const { return tries > (settling_ ? kUntilAnswered / 2 : 1); }
};

}  // namespace longbeat::simulation
