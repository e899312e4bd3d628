#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simulation/life.h"

namespace longbeat::simulation {

/// Follows every run through the lives it may have had, and compares: each answer must be one that at least one of them
/// explains, and after each step the server's state must be that of one of them. Only a run of which nobody was ever
/// told how it began is taken from the server as it is found.
class LifeWitness {
 public:
  using Fail = std::function<void(const std::string&)>;
  LifeWitness(World& world, Fail fail) : world_(world), fail_(std::move(fail)) {}

  /// Closed runs of this namespace go after this time.
  void set_retention(const std::string& namespace_name, Nanoseconds time) { retention_[namespace_name] = time; }

  /// The answer to this request leaves the server. `commit_failed`: nobody knows whether it had its effect.
  void answered(const server::Request& request, const server::StatusOr<server::Reply>& reply, bool commit_failed);
  /// The server is about to learn that the hand-out under this token reached nobody.
  void undo_asked(const std::string& token);
  /// The server's process has ended; after a failed commit its last step may be on disk or not.
  void server_died(bool commit_failed);
  /// It has read its machine's clock.
  void server_up();

  /// Compares every run; `seen` gets each that is still kept.
  using Seen =
      std::function<void(const std::string& run_id, const std::string& id, const server::ActivityState& state)>;
  void look(const server::Engine& engine, const Seen& seen);
  /// What has not ended: names.
  std::vector<std::string> still_open() const;
  bool is_held(const std::string& token) const;
  /// The run that a hand-out was of; empty: nobody was handed this token.
  std::string run_of(const std::string& token) const;
  /// A step is over, and this call still waits.
  void still_waits(const server::Request& request);
  void faults_ended() { faults_ended_at_ = world_.now(); }

  /// Everything that list must show: run ID → status, of runs that have not changed for a while.
  std::map<std::string, std::int32_t> settled(const std::string& namespace_name) const;
  /// The namespace of a run; empty: unknown.
  std::string namespace_of(const std::string& run_id) const;
  bool has_begun(const std::string& namespace_name, const std::string& id) const {
    return latest_.contains({namespace_name, id});
  }
  /// Run ID and activity ID of all that are known.
  std::vector<std::pair<std::string, std::string>> runs_in(const std::string& namespace_name) const;
  /// No start in this namespace may have made a run of which nobody was told.
  bool knows_all(const std::string& namespace_name) const;
  /// When the latest transition of a known run was seen.
  TimePoint changed_at(const std::string& run_id) const { return runs_.at(run_id).changed_at; }
  /// The server's process has lived so long.
  bool up_for(Nanoseconds time) const { return world_.now() > up_since_ + time; }
  /// Has this run callbacks that are not delivered? They keep it beyond its retention. Nothing: it never had any.
  std::function<std::optional<bool>(const std::string& run_id)> keeps{};
  std::size_t lives_max() const { return lives_max_; }

 private:
  using Key = std::pair<std::string, std::string>;  ///< namespace, activity ID
  struct Run {
    Key key{};
    std::string run_id{};
    Lives lives{};
    bool adopt = false;        ///< how it began is unknown: taken as it is found
    std::string last_token{};  ///< of its latest hand-out that was answered
    std::int64_t transitions = 0;
    std::int32_t status = 0;
    bool present = true;
    TimePoint changed_at{};
    bool touched = true;     ///< something may have changed since the last look
    WallTime quiet_until{};  ///< no deadline of it passes earlier
  };
  struct Rate {
    std::optional<double> per_second{};
    WallTime last{};  ///< hand-out under this rate
    bool known = false;
  };

  void on(const server::StartRequest& request, const server::StatusOr<server::Reply>& reply, bool commit_failed);
  void on(const server::PollTaskRequest& request, const server::StatusOr<server::Reply>& reply, bool commit_failed);
  void on(const server::DescribeRequest& request, const server::StatusOr<server::Reply>& reply, bool commit_failed);
  void on(const server::PollOutcomeRequest& request, const server::StatusOr<server::Reply>& reply, bool commit_failed);
  void on(const server::UpdateTaskQueueConfigRequest& request, const server::StatusOr<server::Reply>& reply,
          bool commit_failed);
  void on(const server::ShutdownWorkerRequest& request, const server::StatusOr<server::Reply>& reply,
          bool commit_failed);
  void on(const server::DeleteNamespaceRequest& request, const server::StatusOr<server::Reply>& reply,
          bool commit_failed);
  void on(const server::CountActivitiesRequest& request, const server::StatusOr<server::Reply>& reply,
          bool commit_failed);
  void on(const server::ListActivitiesRequest& request, const server::StatusOr<server::Reply>& reply,
          bool commit_failed);
  void started(const server::StartRequest& request, const server::StartReply& reply);
  void handed_out(const server::PollTaskRequest& request, const server::PollTaskReply& task);
  void check_rate(const server::PollTaskRequest& request, const std::string& run);
  void check_priority(const Run& taken);
  /// `exact`: the request can have meant no other run.
  void applied(Run& run, const server::Request& request, const server::StatusOr<server::Reply>& reply, bool exact);
  void maybe_applied(Run& run, const server::Request& request);
  Run* run_of_request(const server::Request& request, bool& exact);
  /// A run of it, of which nobody was told, may be there.
  bool may_be_there(const Key& key) const { return unknown_.contains(key) || once_unknown_.contains(key); }
  bool needs_look(const Run& run) const;
  void look_at(Run& run, const server::ActivityState* state);
  /// Takes it as it is found.
  void adopt(Run& run, const server::ActivityState& state);
  void check_bounds(const Run& run);
  /// Adds what may have happened without an answer to tell.
  void expand(Run& run);
  /// Adds that it was removed, when its retention is over by the server's clock.
  void expire(Run& run);
  /// These are left; when none is, it is told in these words what has contradicted all of them.
  using Words = std::function<std::string()>;
  void keep(Run& run, Lives lives, const Words& otherwise);

  World& world_;
  Fail fail_;
  std::map<std::string, Nanoseconds> retention_{};
  std::map<std::string, Run> runs_{};            ///< by run ID
  std::map<Key, std::string> latest_{};          ///< run ID
  std::set<Key> unknown_{};                      ///< the latest run may be one of which nobody was told
  std::set<Key> once_unknown_{};                 ///< an earlier one, which has closed
  std::map<std::string, std::string> tokens_{};  ///< of hand-outs → run ID
  std::set<std::string> undo_{};
  std::set<std::string> deleted_spaces_{};  ///< perhaps made again since
  std::map<Key, Rate> rates_{};             ///< by namespace and task queue
  std::set<Key> closed_workers_{};          ///< namespace and instance key, in this life of the server
  std::map<std::string, std::pair<std::string, std::int64_t>> watched_{};  ///< long-poll token → run ID, transitions
  TimePoint faults_ended_at_ = TimePoint::max();
  TimePoint up_since_{};
  std::uint64_t looks_ = 0;
  bool look_at_all_ = true;
  std::size_t lives_max_ = 0;
};

}  // namespace longbeat::simulation
