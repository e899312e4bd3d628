#include "model/hunt.h"

#include <algorithm>

#include "model/compare.h"
#include "model/generate.h"
#include "model/shrink.h"

namespace longbeat::model {
namespace {

std::vector<Facts> answers_of_model(const Case& one, Forgets forgets) {
  // Whether a trace proves anything is for the whole model to say: one that forgets may differ there too.
  if (!play(one.trace).certain) throw BadTrace(one.name + ": a step lies too near to a deadline");
  return play(one.trace, forgets).answers;
}

Found tell(const Case& one, const Trace& shortest, const std::vector<Facts>& server, const HuntOptions& options) {
  const auto model = play(shortest, options.forgets).answers;
  const auto difference = compare(shortest, model, server, options.accepted);
  Found found{one.name, shortest, one.name + ": "};
  found.text += difference ? report(shortest, *difference, model, server) : "differs, but not in the shortest trace";
  found.text += "again: longbeat-model " + one.again +
                "\nor with these steps in a file: longbeat-model --trace FILE\n" + to_text(shortest);
  return found;
}

bool differs(const Trace& trace, const std::vector<Facts>& server, const HuntOptions& options) {
  return compare(trace, play(trace, options.forgets).answers, server, options.accepted).has_value();
}

Hunt hunt_engine(const std::vector<Case>& cases, const HuntOptions& options) {
  Hunt hunt;
  const StillDiffers still = [&options](const std::vector<Trace>& tries) {
    std::vector<bool> out;
    for (const Trace& one : tries) out.push_back(differs(one, play_on_engine(one), options));
    return out;
  };
  for (const Case& one : cases) {
    if (hunt.found.size() >= options.most) break;
    ++hunt.traces;
    const auto model = answers_of_model(one, options.forgets);
    if (!compare(one.trace, model, play_on_engine(one.trace), options.accepted)) continue;
    const Trace shortest = options.shrinks ? shrink(one.trace, still) : one.trace;
    hunt.found.push_back(tell(one, shortest, play_on_engine(shortest), options));
  }
  return hunt;
}

/// The step at which they part, if they do.
std::string difference_at(const Trace& trace, const std::vector<Facts>& server, const HuntOptions& options) {
  const auto model = play(trace, options.forgets).answers;
  const auto difference = compare(trace, model, server, options.accepted);
  return difference ? report(trace, *difference, model, server) : "";
}

/// Plays them and counts; which of them differ, with what the server answered.
std::vector<std::optional<std::vector<Facts>>> differing(const std::vector<Trace>& traces,
                                                         const std::vector<std::string>& names,
                                                         const HuntOptions& options, Hunt& hunt) {
  static std::uint64_t runs = 0;
  ServerRun run = *options.server;
  run.prefix += std::to_string(++runs) + "-";  // Nothing is played twice under one name.
  std::vector<std::string> differed(traces.size());
  const auto plays = play_on_server(traces, run, [&](std::size_t at, const std::vector<Facts>& answers) {
    if (options.on_play) options.on_play();
    auto difference = difference_at(traces[at], answers, options);
    const bool agrees = difference.empty();
    if (differed[at].empty()) differed[at] = std::move(difference);
    return agrees;
  });
  std::vector<std::optional<std::vector<Facts>>> out(traces.size());
  for (std::size_t at = 0; at < traces.size(); ++at) {
    hunt.late += static_cast<std::size_t>(plays[at].late);
    if (plays[at].answers.empty()) {
      ++hunt.undecided;
    } else if (differs(traces[at], plays[at].answers, options)) {
      out[at] = plays[at].answers;
    } else if (!differed[at].empty()) {
      hunt.seen_once.push_back(names[at] + " differed once, not again: " + differed[at]);
    }
  }
  return out;
}

Hunt hunt_server(const std::vector<Case>& cases, const HuntOptions& options) {
  Hunt hunt;
  hunt.traces = cases.size();
  std::vector<Trace> traces;
  std::vector<std::string> names;
  for (const Case& one : cases) {
    if (!play(one.trace).certain) throw BadTrace(one.name + ": a step lies too near to a deadline");
    traces.push_back(one.trace);
    names.push_back(one.name);
  }
  const auto answers = differing(traces, names, options, hunt);
  const StillDiffers still = [&options](const std::vector<Trace>& tries) {
    Hunt uncounted;
    std::vector<bool> out;
    for (const auto& one : differing(tries, std::vector<std::string>(tries.size()), options, uncounted))
      out.push_back(one.has_value());
    return out;
  };
  for (std::size_t at = 0; at < cases.size() && hunt.found.size() < options.most; ++at) {
    if (!answers[at]) continue;
    Trace shortest = traces[at];
    auto told = *answers[at];
    if (options.shrinks) {
      const Trace shorter = shrink(shortest, still);
      Hunt uncounted;
      if (auto again = differing({shorter}, {""}, options, uncounted)[0]) {
        shortest = shorter;
        told = std::move(*again);
      }
    }
    hunt.found.push_back(tell(cases[at], shortest, told, options));
  }
  return hunt;
}

}  // namespace

std::vector<Case> generated(std::uint64_t from, std::uint64_t seeds) {
  std::vector<Case> cases;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    cases.push_back({"seed " + std::to_string(seed), "--seed " + std::to_string(seed), generate(seed)});
  }
  return cases;
}

Hunt hunt(const std::vector<Case>& cases, const HuntOptions& options) {
  return options.server ? hunt_server(cases, options) : hunt_engine(cases, options);
}

}  // namespace longbeat::model
