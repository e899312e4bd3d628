#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/service_stub.h"
#include "engine/engine.h"
#include "longbeat/data_converter.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// Progress of a simulated activity: how many steps are done.
struct StepsDone {
  std::uint64_t count = 0;
};

/// The count inside details or a result; 0 for none.
std::uint64_t count_of(const Payloads& payloads);

/// Stands outside and remembers what was promised. Each promise of design and documentation that the run can break is
/// checked as soon as it could be broken; what is found is kept as text, the first is the one to read.
class Witness {
 public:
  explicit Witness(World& world) : world_(world) {}

  // --- What clients and workers are told ---
  void start_acknowledged(const std::string& id, const std::string& request_id, const std::string& run_id);
  void outcome_read(const std::string& id, const internal::PolledOutcome& polled);
  void task_received(const internal::ActivityTask& task, TimePoint at);
  void beat_acknowledged(const std::string& token, const Payloads& details, TimePoint sent);
  void completion_acknowledged(const std::string& token, const Payloads& result);

  // --- What activities do ---
  /// The attempt's code runs a step; `told_to_stop` is what its context says at this moment.
  void work_done(const internal::ActivityTask& task, bool told_to_stop);

  // --- What the server holds, after each of its steps ---
  void look(const server::Engine& engine);
  /// At the end of a run, after the faults have stopped: everything that was accepted is closed.
  void everything_closed(const server::Engine& engine);

  const std::vector<std::string>& broken() const { return broken_; }
  std::size_t accepted() const { return runs_.size(); }
  std::size_t outcomes_read() const { return outcomes_.size(); }

 private:
  struct Attempt {
    std::string run_id{}, id{};
    std::int32_t number = 0;
    Nanoseconds heartbeat{0};
    TimePoint lease_end = TimePoint::max();
    bool beat_acknowledged = false;
  };
  struct Run {
    std::string id{};
    std::uint64_t newest_acknowledged = 0;
    std::int32_t newest_attempt = 0;
    std::optional<server::Phase> closed_as{};
    std::string outcome{};
    std::optional<std::uint64_t> acknowledged_result{};
  };
  void fail(const std::string& what);
  void look_at(const std::string& run_id, Run& run, const server::ActivityState& state);

  World& world_;
  std::map<std::string, Run> runs_{};                                      ///< by run ID
  std::map<std::pair<std::string, std::string>, std::string> requests_{};  ///< (ID, request ID) → run ID
  std::map<std::string, Attempt> attempts_{};                              ///< by token
  std::map<std::string, std::string> outcomes_{};                          ///< by run ID, as clients read them
  std::vector<std::string> broken_{};
};

}  // namespace longbeat::simulation

LONGBEAT_BEGIN
template <>
struct PayloadCodec<simulation::StepsDone> {
  static Payload encode(const simulation::StepsDone& value) {
    return internal::make_payload("json/plain", std::to_string(value.count));
  }
  static Result<simulation::StepsDone> decode(const Payload& payload) {
    return simulation::StepsDone{std::stoull(payload.data)};
  }
};
LONGBEAT_END
