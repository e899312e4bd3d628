#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "outbound/outbound.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// Where completion callbacks go: endpoints that answer, fail or are slow as their addresses say. It outlives every
/// process of the server.
class Outside {
 public:
  explicit Outside(World& world) : world_(world) {}

  /// An address that behaves in a way that the seed chooses; each is used for one callback.
  std::string new_address();
  /// Some addresses lie behind this fence, which the server's rules allow or not.
  static bool behind_fence(const std::string& url) { return url.starts_with("http://fence:"); }

  /// One call arrives. `done` runs when it has been answered.
  void visit(const server::OutboundCall& call, std::function<void(server::OutboundResult)> done);
  /// From now on every endpoint answers.
  void faults_ended() { faults_ended_ = true; }

 private:
  World& world_;
  std::map<std::string, int> visits_{};
  std::uint64_t next_ = 0;
  bool faults_ended_ = false;
};

/// The server's side of it, for one of its processes.
class SimOutbound final : public server::Outbound {
 public:
  using Send = std::function<void(server::OutboundCall call)>;
  explicit SimOutbound(Send send) : send_(std::move(send)) {}
  void send(server::OutboundCall call) override { send_(std::move(call)); }

 private:
  Send send_;
};

}  // namespace longbeat::simulation
