#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "model/step.h"

namespace longbeat::model {

/// How traces are played against a server in real time.
struct ServerRun {
  std::string address{};
  /// A trace that a busy machine made late is played again with twice the tick, so many times.
  std::chrono::milliseconds tick{100};
  int rounds = 4;
  /// Traces under way at once: their waits overlap.
  std::size_t at_once = 60;
  std::size_t connections = 4;
  int times_to_believe = 3;  ///< how often a difference has to show, each time with twice the tick
  std::chrono::milliseconds patience = std::chrono::seconds(10);  ///< until a server that is there has answered
  /// Of all the names that are used; nobody else's.
  std::string prefix{};
};

/// What came of one trace.
struct ServerPlay {
  std::vector<Facts> answers{};  ///< as the server gave them in the round that counts; empty: it was late every time
  int rounds = 0;                ///< that were played
  int late = 0;                  ///< of them, thrown away because a step came too late
};

/// Plays them all. `agrees` judges one play: one that differs counts only when it does so in the next round too, with
/// more time for everything, and again; what is seen last is what is told.
std::vector<ServerPlay> play_on_server(const std::vector<Trace>& traces, const ServerRun& run,
                                       const std::function<bool(std::size_t trace, const std::vector<Facts>&)>& agrees);

}  // namespace longbeat::model
