#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/accepted.h"
#include "model/model.h"
#include "model/server_run.h"

namespace longbeat::model {

struct Case {
  std::string name{};   ///< "seed 42", or what a written trace is about
  std::string again{};  ///< what to give longbeat-model to see it again
  Trace trace{};
};
/// The traces of so many seeds.
std::vector<Case> generated(std::uint64_t from, std::uint64_t seeds);

/// One trace at which a server and the model part.
struct Found {
  std::string name{};
  Trace shortest{};
  std::string text{};  ///< for people
};

struct Hunt {
  std::size_t traces = 0;
  std::vector<Found> found{};
  // Against a server in real time.
  std::size_t late = 0;       ///< plays that were thrown away, because the machine was too busy
  std::size_t undecided = 0;  ///< traces that were late each time
  /// Differences that did not show again: time as a rule, or something that went wrong once. For people.
  std::vector<std::string> seen_once{};
};

struct HuntOptions {
  Forgets forgets = Forgets::kNothing;
  std::size_t most = 3;  ///< ends after so many that differ
  bool shrinks = true;
  std::optional<ServerRun> server{};  ///< unset: an engine on virtual time
  std::span<const Accepted> accepted{};
  /// Called after each play at the server.
  std::function<void()> on_play{};
};

/// Plays every trace in the model and at the server, step by step. Throws BadTrace when one proves nothing.
Hunt hunt(const std::vector<Case>& cases, const HuntOptions& options);

}  // namespace longbeat::model
