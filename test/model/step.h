#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace longbeat::model {

using Duration = std::chrono::nanoseconds;

/// What somebody sees or is told, by name. The same for every server, so it can be compared.
using Facts = std::map<std::string, std::string>;

/// One line of a trace: an act with its arguments, all of them text. Durations are numbers of ticks. What was expected
/// is for traces that people wrote: facts that this step has to show, whoever plays it.
struct Step {
  std::string act{};
  std::map<std::string, std::string> with{};
  Facts expected{};

  bool has(const std::string& name) const { return with.contains(name); }
  /// Empty when it is not there.
  std::string text(const std::string& name) const;
  int number(const std::string& name, int otherwise = 0) const;
  double real(const std::string& name, double otherwise) const;
  /// So many ticks of this length.
  std::optional<Duration> duration(const std::string& name, Duration tick) const;

  friend bool operator==(const Step&, const Step&) = default;
};

using Trace = std::vector<Step>;

/// "fail token=1 kind=application delay=2.5". What is expected follows behind "=>", separated by semicolons.
std::string to_text(const Step& step);
std::string to_text(const Trace& trace);

/// The reverse; empty lines and what follows a '#' are left out. Throws BadTrace, which names the line.
Trace parse_trace(std::string_view text);

struct BadTrace : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How long a step takes: a wait its ticks, everything else one, so that what it brings about has happened by the next.
int ticks_of(const Step& step);

}  // namespace longbeat::model
