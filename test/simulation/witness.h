#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/service_stub.h"
#include "engine/engine.h"
#include "longbeat/data_converter.h"
#include "longbeat/worker.h"
#include "simulation/codec_witness.h"
#include "simulation/late_witness.h"
#include "simulation/life_witness.h"
#include "simulation/steer_witness.h"
#include "simulation/worker_witness.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// Progress of a simulated activity: how many steps are done.
struct StepsDone {
  std::uint64_t count = 0;
  std::string attempt{};  ///< its token, for codecs that fail; empty: they do not
};

/// The identity of who reports with tokens that it was given.
inline constexpr auto kElsewhere = "elsewhere";

/// The count inside details or a result; 0 for none.
std::uint64_t count_of(const Payloads& payloads);

/// Stands outside and remembers what was promised. Each promise of design and documentation that the run can break is
/// checked as soon as it could be broken; what is found is kept as text, the first is the one to read.
class Witness {
 public:
  explicit Witness(World& world)
      : world_(world),
        lives_(world, [this](const std::string& what) { fail(what); }),
        workers_(world, [this](const std::string& what) { fail(what); }),
        codecs_(world, [this](const std::string& what) { fail(what); }),
        steering_(world, [this](const std::string& what) { fail(what); }),
        late_(
            world, [this](const std::string& what) { fail(what); },
            [this](const std::string& token) { return is_held(token); }) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // --- What leaves the server ---
  /// `commit_failed`: nobody knows whether the request had its effect.
  void answer_left(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                   bool commit_failed = false);
  /// True while the hand-out under this token is the run's only valid one.
  bool is_held(const std::string& token) const { return lives_.is_held(token); }
  /// The server was told that a valid hand-out reached nobody, and has made a step since.
  void hand_out_undone(const std::string& token);
  /// After a step of the server this call still has no answer.
  void still_waits(const server::Request& request);
  /// After the end of all changes a list or a count is not as it should be.
  void listed_wrongly(const std::string& what, const std::string& how);

  /// Somebody else has found a promise broken.
  void tell(const std::string& what) { fail(what); }

  // --- What clients and workers are told ---
  void start_acknowledged(const std::string& id, const std::string& request_id, const std::string& run_id);
  void outcome_read(const std::string& id, const internal::PolledOutcome& polled);
  void task_received(const internal::ActivityTask& task, TimePoint at);
  void beat_acknowledged(const std::string& token, const Payloads& details, TimePoint sent);
  void completion_acknowledged(const std::string& token, const Payloads& result);
  /// Its worker lives, its last answer was "later", it could still count, and it was not sent again.
  void report_given_up(const std::string& token);

  // --- What activities do ---
  /// The attempt's code runs a step; `told_to_stop` is what its context says at this moment.
  void work_done(const internal::ActivityTask& task, bool told_to_stop);
  /// The attempt's code puts this count into a heartbeat.
  void value_put(const std::string& token, std::uint64_t count);
  /// Its function has failed or stopped: the worker's failure carries what was put up to now, whoever still holds the
  /// attempt's object.
  void function_ended(const std::string& token) { attempts_[token].function_ended = true; }
  /// Then heartbeats of its worker alone count.
  bool has_function_ended(const std::string& token) { return attempts_[token].function_ended; }
  /// Another process does, which was given the token: its failures know of that, those of the worker do not.
  void value_put_elsewhere(const std::string& token, std::uint64_t count);
  /// From now on somebody else may give this attempt details, beside what its worker still has.
  void meddle(const std::string& token);
  /// What its code puts cannot be encoded: who reports has only older details.
  void details_failed(const std::string& token) { attempts_[token].details_failed = true; }
  /// A failure leaves; while the newest value is still being encoded, without waiting for it for ever.
  void failure_sent(const std::string& token, bool is_encoding);
  /// Nothing of a process runs until then: a report need not wait for the newest value.
  void frozen_until(TimePoint at) { frozen_until_ = std::max(frozen_until_, at); }
  /// A worker that has nothing to do any more, or has just stopped: everything it fetched is accounted for.
  void worker_at_rest(const std::string& name, const WorkerStats& stats, std::int64_t received, bool stopped);

  // --- What the server holds, after each of its steps ---
  void look(const server::Engine& engine);
  /// At the end of a run, after the faults have stopped: everything that was accepted is closed.
  void everything_closed();

  void faults_ended() {
    lives_.faults_ended();
    late_.faults_ended();
  }
  /// Every run's possible lives, as far as the server's answers tell them.
  LifeWitness& lives() { return lives_; }
  const LifeWitness& lives() const { return lives_; }
  /// What becomes of attempts that their functions have left to somebody else.
  LateWitness& late() { return late_; }
  /// What workers do, judged by what they were told.
  WorkerWitness& workers() { return workers_; }
  /// What becomes of values that take long to encode, or cannot be.
  CodecWitness& codecs() { return codecs_; }
  /// What operators are told by the SDK's client.
  SteerWitness& steering() { return steering_; }

  const std::vector<std::string>& broken() const { return broken_; }
  std::size_t accepted() const { return requests_.size(); }
  std::size_t outcomes_read() const { return outcomes_.size(); }

 private:
  struct Attempt {
    std::string run_id{}, id{};
    std::int32_t number = 0;
    Nanoseconds heartbeat{0};
    TimePoint lease_end = TimePoint::max();
    std::uint64_t newest_put = 0, newest_put_elsewhere = 0;
    bool details_failed = false, function_ended = false;
  };
  struct Run {
    std::string id{};
    std::uint64_t newest_acknowledged = 0;
    std::int32_t newest_attempt = 0;
    std::optional<server::Phase> closed_as{};
    std::string outcome{};
    std::optional<std::uint64_t> acknowledged_result{};
    bool meddled = false;  ///< reset, or given details by somebody else than its worker
  };
  void fail(const std::string& what);
  Run& run_of(const std::string& run_id, const std::string& id);
  void look_at(const std::string& run_id, const std::string& id, const server::ActivityState& state);
  void failure_accepted(const server::FailedRequest& request);

  World& world_;
  std::map<std::string, Run> runs_{};        ///< by run ID
  std::set<std::string> meddled_unknown_{};  ///< IDs that were meddled with before anybody was told of their run
  std::map<std::pair<std::string, std::string>, std::string> requests_{};  ///< (ID, request ID) → run ID
  std::map<std::string, Attempt> attempts_{};                              ///< by token
  std::map<std::string, std::uint64_t> newest_accepted_{};                 ///< details, by token
  TimePoint frozen_until_{};
  std::map<std::string, std::string> outcomes_{};  ///< by run ID, as clients read them
  std::vector<std::string> broken_{};
  LifeWitness lives_;
  WorkerWitness workers_;
  CodecWitness codecs_;
  SteerWitness steering_;
  LateWitness late_;
};

}  // namespace longbeat::simulation

LONGBEAT_BEGIN
template <>
struct PayloadCodec<simulation::StepsDone> {
  static Payload encode(const simulation::StepsDone& value) {
    Payload payload = internal::make_payload("json/plain", std::to_string(value.count));
    if (!value.attempt.empty()) {
      payload.metadata["attempt"] = value.attempt;
      payload.metadata["part"] = "details";
    }
    return payload;
  }
  static Result<simulation::StepsDone> decode(const Payload& payload) {
    return simulation::StepsDone{std::stoull(payload.data)};
  }
};
LONGBEAT_END
