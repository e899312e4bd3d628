#pragma once
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "longbeat/operator_options.h"
#include "longbeat/result.h"
#include "simulation/observer.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// What a client is told of its calls that steer an activity, judged by what
/// the server has answered to their tries: done is only what the server has
/// done, refused only what it has refused, nothing is given up before its time,
/// and every call is told once. What the server's answers have to do with its
/// state is LifeWitness's to judge.
class SteerWitness {
 public:
  SteerWitness(World& world, Fail fail) : world_(world), fail_(std::move(fail)) {}

  // --- Server ---
  void answered(const server::Request& request, const server::StatusOr<server::Reply>& reply, bool commit_failed);

  // --- The program that steers ---
  using Number = std::size_t;
  /// A call begins whose tries must all say `request`. `may_be_doubled`:
  /// somebody on the way repeats messages.
  Number begun(const server::Request& request, Nanoseconds timeout, bool may_be_doubled);
  void told(Number number, const Result<>& result);
  /// Of an update: the options as they are from now on.
  void told(Number number, const Result<ActivityOptions>& options);

 private:
  struct Call {
    std::string name{};
    TimePoint end{};
    bool told = false;
    bool repeated = false;           ///< until its time is over, while nobody tells
    bool gone_is_done = false;       ///< that there is nothing (any more) may be its own doing
    bool answered_alone = false;     ///< no answer can be to somebody else's
    bool done = false;               ///< the server has said so
    std::set<ErrorCode> refusals{};  ///< what it has said otherwise
    std::vector<std::shared_ptr<const server::ActivityInput>> options{};
  };

  World& world_;
  Fail fail_;
  std::deque<Call> calls_{};
  std::map<std::string, std::vector<Number>> calls_by_name_{};
};

}  // namespace longbeat::simulation
