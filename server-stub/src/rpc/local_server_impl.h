#pragma once
#include <atomic>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "longbeat/server.h"
#include "rpc/in_process_server.h"
#include "rpc/server.h"

LONGBEAT_BEGIN

/// One of the two kinds of server, and on a stage what is waited for there.
struct LocalServer::Impl {
  /// Somebody waits until the latest run of an activity is in a state.
  struct StateWatch {
    server::RunRef run{};
    std::function<bool(const server::ActivityState&)> fits{};
    std::atomic<bool> met{false};
  };

  /// Runs `job` on the stage and returns what it returns; nothing when the server has been stopped.
  template <class Job>
  auto on_stage(Job job, bool only_looks = false) -> std::optional<decltype(job())> {
    auto promise = std::make_shared<std::promise<decltype(job())>>();
    auto answer = promise->get_future();
    // It alone holds the promise: so dropping it breaks that.
    auto work = [promise = std::move(promise), job = std::move(job)] { promise->set_value(job()); };
    auto& loop = in_process->loop();
    if (!(only_looks ? loop.post_look(std::move(work)) : loop.post(std::move(work)))) return std::nullopt;
    try {
      return answer.get();
    } catch (const std::future_error&) {  // The stop came first, and dropped it.
      return std::nullopt;
    }
  }
  void look() {
    for (const auto& watch : watches) look(*watch);
  }
  void look(StateWatch& watch) const {
    const server::Engine* engine = in_process->engine();
    const auto state = engine != nullptr ? engine->find(watch.run) : nullptr;
    if (state && watch.fits(*state)) watch.met = true;
  }
  Result<> wait_for_state(std::shared_ptr<StateWatch> watch, const std::string& what, const LocalWaitOptions& options);
  Result<> wait(const std::function<bool()>& met, const std::string& what, const LocalWaitOptions& options);
  LocalServerStats stats();
  /// What the server has done since it had counted so much, for who has waited in vain.
  std::string happened_since(const LocalServerStats& before);
  /// "; it is Scheduled, in attempt 3".
  std::string state_of(const server::RunRef& run);
  Result<> add_fault(const char* operation, const CallFault& which, server::FaultRule rule);
  /// Refuses what only a server on a stage can do.
  Result<> needs_stage(const char* operation) const;

  std::string address{};
  std::unique_ptr<server::Server> on_port{};              ///< kPort
  std::shared_ptr<server::StageThread> stage{};           ///< the other kinds
  std::shared_ptr<server::InProcessServer> in_process{};  ///< the same
  internal::TimePoint started{};                          ///< on its clock
  std::list<std::shared_ptr<StateWatch>> watches{};       ///< on the stage
  LocalServerStats last_stats{};                          ///< of one in process, when it has stopped
  std::atomic<bool> stopped{false};                       ///< waits look at it
};

LONGBEAT_END
