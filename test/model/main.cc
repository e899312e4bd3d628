// longbeat-model: more traces than the tests play, or one of them, against an engine on virtual time or a server.
#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "model/compare.h"
#include "model/hunt.h"
#include "model/written.h"

namespace {

using longbeat::model::Case;
using longbeat::model::HuntOptions;

constexpr std::chrono::seconds kBetweenSigns{10};  // Of life: some plays take minutes.

struct Arguments {
  std::uint64_t seeds = 3'000, from = 0, seed = 0;
  std::string file{}, address{};
  std::int64_t tick = 100;
  std::size_t at_once = 60, most = 3;
  bool one = false, written = false, prints = false, temporal = false, as_it_is = false;
};

std::vector<Case> cases_of(const Arguments& arguments) {
  if (arguments.one) return longbeat::model::generated(arguments.seed, 1);
  if (!arguments.file.empty()) {
    std::ifstream in(arguments.file);
    if (!in) throw std::runtime_error("cannot read " + arguments.file);
    std::stringstream text;
    text << in.rdbuf();
    return {{arguments.file, "--trace " + arguments.file, longbeat::model::parse_trace(text.str())}};
  }
  if (!arguments.written) return longbeat::model::generated(arguments.from, arguments.seeds);
  std::vector<Case> cases;
  for (const auto& one : longbeat::model::written_traces()) {
    cases.push_back({std::string(one.name), "--written", longbeat::model::parse_trace(one.trace)});
  }
  return cases;
}

HuntOptions options_of(const Arguments& arguments) {
  HuntOptions options;
  options.most = arguments.most;
  options.shrinks = !arguments.as_it_is;
  if (arguments.address.empty()) return options;
  options.server.emplace();
  options.server->address = arguments.address;
  options.server->tick = std::chrono::milliseconds(arguments.tick);
  options.server->at_once = arguments.at_once;
  options.server->prefix = "model-" + std::to_string(std::random_device{}()) + "-";
  if (arguments.temporal) options.accepted = longbeat::model::accepted_of_temporal();
  return options;
}

int run(const Arguments& arguments) {
  const auto cases = cases_of(arguments);
  if (arguments.prints) {
    for (const Case& one : cases) {
      std::cout << one.name << "\n" << in_full(one.trace, longbeat::model::play(one.trace).answers);
    }
  }
  HuntOptions options = options_of(arguments);
  auto told = std::chrono::steady_clock::now();
  options.on_play = [&told, plays = 0]() mutable {
    ++plays;
    if (std::chrono::steady_clock::now() - told < kBetweenSigns) return;
    told = std::chrono::steady_clock::now();
    std::cerr << "longbeat-model: " << plays << " plays so far\n";
  };
  const auto hunt = longbeat::model::hunt(cases, options);
  for (const auto& once : hunt.seen_once) std::cout << once << "\n";
  for (const auto& found : hunt.found) std::cout << found.text << "\n";
  std::cout << "longbeat-model: " << hunt.traces << " traces, " << hunt.found.size() << " differ";
  if (!arguments.address.empty()) {
    std::cout << "; " << hunt.late << " plays were late, " << hunt.undecided << " traces each time, "
              << hunt.seen_once.size() << " differed once, not again";
  }
  std::cout << "\n";
  return hunt.found.empty() && hunt.undecided == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Plays traces of calls and waits in the pure machine and against a server, and compares step by step.",
               "longbeat-model");
  app.add_option("--seeds", arguments.seeds, "How many seeds to play")->capture_default_str();
  app.add_option("--from", arguments.from, "The first of them")->capture_default_str();
  auto* seed = app.add_option("--seed", arguments.seed, "This one alone");
  app.add_option("--trace", arguments.file, "The trace in this file");
  app.add_flag("--written", arguments.written, "The traces that people wrote");
  app.add_flag("--print", arguments.prints, "Each step with what the model sees");
  app.add_option("--address", arguments.address, "A server, host:port; without it an engine on virtual time");
  app.add_option("--tick", arguments.tick, "Milliseconds of a tick at that server")->capture_default_str();
  app.add_option("--at-once", arguments.at_once, "Traces under way at once at that server")->capture_default_str();
  app.add_flag("--temporal", arguments.temporal, "It is a Temporal server: what is accepted of it is no difference");
  app.add_option("--most", arguments.most, "Tells of so many that differ")->capture_default_str();
  app.add_flag("--as-it-is", arguments.as_it_is, "Do not look for a shorter trace");
  CLI11_PARSE(app, argc, argv);
  arguments.one = seed->count() > 0;
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::cerr << "longbeat-model: " << error.what() << "\n";
    return 2;
  }
}
