#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "simulation/observer.h"
#include "simulation/witness.h"
#include "simulation/world.h"
#include "storage/fault_store.h"

namespace longbeat::simulation {

/// The server of the simulation: a real engine on a simulated disk, with what rpc/ would do around it. It can be killed
/// at any moment, freeze, and fail its commits; what its disk acknowledged survives.
class SimServer {
 public:
  using Answer = std::function<void(server::StatusOr<server::Reply>)>;

  explicit SimServer(World& world);
  ~SimServer();

  /// Opens the engine on the disk. The checks of recovery run inside.
  void start();
  /// kill -9: what waits for an answer never gets one from this process.
  void crash();
  bool up() const { return engine_ != nullptr; }
  /// Handles nothing for `duration`; what arrives meanwhile waits.
  void freeze(Nanoseconds duration);
  /// The next commit fails, with or without effect; the engine ends itself and the process is restarted.
  void break_next_commit(server::CommitFault fault) { disk_->fail_next_commit(fault); }

  /// The next commit finds the disk full: another engine takes over at once in the same process, and refuses starts for
  /// so long.
  void fill_disk(Nanoseconds duration);

  /// A request arrives. `answer` is called once, unless this process dies first. Returns 0 when nobody listens.
  server::CallId arrive(server::Request request, std::optional<Nanoseconds> patience, Answer answer);
  void caller_gone(server::CallId call);
  void hand_out_undelivered(const std::string& token);

  /// A call of this life of the server has ended. False: that process is gone.
  bool callback_done(std::uint64_t life, std::uint64_t ticket, const server::OutboundResult& result);

  /// For tests: this namespace forgets closed activities after this time. Before start().
  void set_retention(const std::string& namespace_name, Nanoseconds time) { retentions_[namespace_name] = time; }

  const server::Engine* engine() const { return engine_.get(); }
  /// Rises with every start: answers of an earlier life are void.
  std::uint64_t life() const { return life_; }
  server::Store& disk() { return disk_->content(); }
  /// From the next start on; see Plan::lying_disk.
  void let_disk_lie() { disk_->lose_latest_commit_in_crashes(true); }
  std::uint64_t crashes() const { return crashes_; }

  /// Sees every answer at the moment it leaves, for the invariants; may be null.
  Witness* witness = nullptr;
  /// Called after every step, while the engine is whole.
  std::function<void()> after_step{};
  /// Told of everything, after the witness.
  std::vector<Observer*> observers{};
  /// Changes what the next process is started with; may be null.
  std::function<void(server::EngineOptions&)> adjust{};

 private:
  class Sink;
  /// The clocks of the server's machine.
  class Machine final : public internal::Clock {
   public:
    explicit Machine(const World& world) : world_(world) {}
    TimePoint now() const override { return world_.now(); }
    WallTime wall_now() const override { return world_.machine_time(); }

   private:
    const World& world_;
  };
  WallTime time() const;
  void wake(Nanoseconds delay);
  void step();
  void process_ended(bool commit_failed);
  /// After a step: what it promised to those who wait and to those whom nothing reached.
  void check_step(const std::vector<std::string>& undone);

  World& world_;
  Machine machine_;
  std::optional<internal::ServerClock> clock_{};  ///< of the process that runs
  Random dice_;
  std::shared_ptr<server::SimulatedDisk> disk_;
  std::map<server::CallId, std::unique_ptr<Sink>> sinks_;
  std::vector<std::string> undelivered_;
  std::unique_ptr<server::Engine> engine_;
  std::map<std::string, Nanoseconds> retentions_{};
  std::uint64_t life_ = 0, crashes_ = 0;
  server::CallId next_call_ = 1;
  TimePoint frozen_until_{};
  TimePoint next_step_ = TimePoint::max();
  WallTime queue_empty_at_{};
  bool ended_ = false;       ///< the engine gave up; the process dies after this step
  bool replaced_ = false;    ///< no, it does not: another engine takes over
  Nanoseconds full_for_{0};  ///< from the failing commit on; 0: the disk has room
};

}  // namespace longbeat::simulation
