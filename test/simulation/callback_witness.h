#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "outbound/outbound.h"
#include "simulation/observer.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// How deliveries of completion callbacks are repeated on the server of a run.
struct CallbackRules {
  Nanoseconds retry_initial = std::chrono::seconds(1), retry_max = std::chrono::seconds(20);
  std::int32_t attempts_max = 0;  ///< 0: no limit
};

/// Completion callbacks: each that an accepted start brought is sent after its activity has closed durably, with its
/// outcome, not before it is due, and never again once its end is durable. What became of a call may be lost with the
/// server's process; then both possibilities go on until something tells them apart.
class CallbackWitness final : public Observer {
 public:
  CallbackWitness(World& world, CallbackRules rules, Fail fail)
      : world_(world), rules_(rules), fail_(std::move(fail)) {}

  /// What the body of a call says: which run, and how it ended.
  static std::string body_of(const server::ActivityState& closed);
  static std::string run_of(const std::string& body) { return body.substr(0, body.find(' ')); }

  /// The server calls an endpoint, in the middle of a step.
  void sent(const server::OutboundCall& call);
  /// The server hears how a call went; its next step knows.
  void result_arrived(const std::string& run_id, const std::string& url, const server::OutboundResult& result);
  /// In the life of the server that begins.
  void set_fence(bool open) { fence_open_ = open; }
  const CallbackRules& rules() const { return rules_; }
  void faults_ended() { faults_ended_at_ = world_.now(); }

  void answered(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                bool commit_failed) override;
  void stepped(const server::Engine& engine) override;
  void server_died(bool commit_failed) override;
  void server_up(const server::Engine& engine) override;

  /// Every callback of a closed activity is delivered or given up.
  bool everything_settled() const;
  /// Has this run a callback that is not settled? Nothing: it has no callbacks.
  std::optional<bool> undelivered(const std::string& run_id) const;

 private:
  /// One way how a delivery may stand.
  struct Delivery {
    server::CallbackPhase phase = server::CallbackPhase::kStandby;
    std::int32_t attempt = 0;
    WallTime due{};
    bool waits() const {
      return phase == server::CallbackPhase::kScheduled || phase == server::CallbackPhase::kBackingOff;
    }
    bool settled() const {
      return phase == server::CallbackPhase::kFailed || phase == server::CallbackPhase::kSucceeded;
    }
    friend bool operator==(const Delivery&, const Delivery&) = default;
  };
  struct Callback {
    std::vector<Delivery> may{Delivery{}};
    bool in_flight = false;
    std::optional<server::OutboundResult> arrived{};
  };
  struct Run {
    std::string space{}, id{};
    std::map<std::string, Callback> callbacks{};  ///< by address
    std::set<std::string> perhaps{};              ///< addresses of requests whose answers were lost
    std::string ended{};                          ///< its body; empty: not seen closed yet
    bool seen = false, gone = false, touched = false;
  };

  void on_start(const server::StartRequest& request, const server::StatusOr<server::Reply>& reply, bool commit_failed);
  Delivery after(Delivery before, const server::OutboundResult& result) const;
  void look_at(const std::string& run_id, Run& run, const server::Engine& engine);
  void compare(const server::CallbackState& state, const std::string& id, Callback& callback, bool closed);
  void check_overdue(const std::string& url, const Callback& callback) const;
  static void add(std::vector<Delivery>& may, const Delivery& one);

  World& world_;
  CallbackRules rules_;
  Fail fail_;
  std::map<std::string, Run> runs_{};                                               ///< by run ID
  std::map<std::pair<std::string, std::string>, std::set<std::string>> perhaps_{};  ///< addresses, by namespace and ID
  TimePoint faults_ended_at_ = TimePoint::max();
  std::uint64_t looks_ = 0;
  bool fence_open_ = true;
};

}  // namespace longbeat::simulation
