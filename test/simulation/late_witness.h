#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "client/async_reports.h"
#include "engine/engine.h"
#include "simulation/observer.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// What becomes of attempts whose end their functions have left: at most one outcome, told as it is, and none lost in
/// silence. Tokens name attempts.
class LateWitness {
 public:
  using Kind = internal::OutcomeKind;
  using IsHeld = std::function<bool(const std::string& token)>;
  LateWitness(World& world, Fail fail, IsHeld is_held)
      : world_(world), fail_(std::move(fail)), is_held_(std::move(is_held)) {}

  // --- Server and network ---
  void answered(const server::Request& request, const server::StatusOr<server::Reply>& reply, bool commit_failed);
  /// A try of an outcome that is not the worker's leaves a process; `by_object`: that of the worker.
  void sent(const std::string& token, Kind kind, const std::string& failure_type, bool by_object);
  void try_ended(const std::string& token, Kind kind, const internal::StatusOr<>& answer);
  /// The worker itself reports something.
  void worker_reports(const std::string& token, const std::string& failure_type);

  // --- What the program does with its object, and is told ---
  void handed_over(const std::string& token, const std::string& name, const std::string& process);
  /// `count`: of a completion, or the last details of a failure; 0: it was given none.
  void told(const std::string& token, Kind kind, std::uint64_t count, const Result<>& result);
  void told_second(const std::string& token, const Result<>& result);
  void saved(const std::string& token, std::uint64_t count, const Result<>& result);
  void released(const std::string& token) { duties_[token].released = true; }
  /// The object goes while an outcome is on its way, whose end decides.
  void dropped(const std::string& token) { duties_[token].lost = true; }
  /// The object is gone without an outcome.
  void lost(const std::string& token);
  /// The activity function is over; `in_peace`: it has neither thrown nor been stopped.
  void returned(const std::string& token, bool in_peace);

  // --- Processes ---
  void died(const std::string& process);
  /// Its worker stops: what its functions have left undone goes another way.
  void stopping(const std::string& process);
  void frozen(const std::string& process, TimePoint until) { frozen_until_[process] = until; }
  const std::string& name_of_duty(const std::string& token) { return duties_[token].name; }
  void faults_ended() { faults_ended_at_ = world_.now(); }

 private:
  struct Duty {
    std::string name{}, process{};
    std::optional<Kind> accepted{};
    std::uint64_t accepted_count = 0;
    std::optional<Kind> perhaps{};  ///< the last try that ended without telling
    std::uint64_t saved = 0;
    bool refused = false;  ///< the server has answered a report of it with NOT_FOUND
    bool told_ok = false, released = false, lost = false, loss_sent = false;
    bool runs = true;      ///< the function
    bool excused = false;  ///< nobody is left who could report a loss, or the worker reports something else
    TimePoint lost_at{};
  };
  void check_loss(const std::string& token, TimePoint since);
  void accepted(Duty& duty, Kind kind, std::uint64_t count);

  World& world_;
  Fail fail_;
  IsHeld is_held_;
  std::map<std::string, Duty> duties_{};
  std::map<std::string, TimePoint> frozen_until_{};
  TimePoint faults_ended_at_ = TimePoint::max();
};

const char* name_of(LateWitness::Kind kind);

}  // namespace longbeat::simulation
