#include "model/compare.h"

#include <algorithm>
#include <sstream>

#include "model/engine_wire.h"
#include "model/player.h"

namespace longbeat::model {
namespace {

const Step kLastLook{"look", {}, {}};

const Step& step_at(const Trace& trace, std::size_t at) {
  return at < trace.size() ? trace[at] : kLastLook;
}

const std::string& fact_in(const Facts& facts, const std::string& name) {
  static const std::string kAbsent = "(nothing)";
  const auto found = facts.find(name);
  return found == facts.end() ? kAbsent : found->second;
}

bool is_accepted(const Step& step, const std::string& fact, const std::string& model, const std::string& server,
                 std::span<const Accepted> accepted) {
  return std::ranges::any_of(accepted, [&](const Accepted& one) {
    return (one.act.empty() || one.act == step.act) && one.fact == fact && (one.model.empty() || one.model == model) &&
           (one.server.empty() || one.server == server);
  });
}

}  // namespace

std::optional<Difference> compare(const Trace& trace, const std::vector<Facts>& model, const std::vector<Facts>& server,
                                  std::span<const Accepted> accepted) {
  for (std::size_t at = 0; at < model.size(); ++at) {
    const Facts theirs = at < server.size() ? server[at] : Facts{};
    Facts names = model[at];
    names.insert(theirs.begin(), theirs.end());
    for (const auto& [name, ignored] : names) {
      const std::string& a = fact_in(model[at], name);
      const std::string& b = fact_in(theirs, name);
      if (a != b && !is_accepted(step_at(trace, at), name, a, b, accepted)) return Difference{at, name, a, b};
    }
  }
  return std::nullopt;
}

std::optional<Difference> unexpected(const Trace& trace, const std::vector<Facts>& answers) {
  for (std::size_t at = 0; at < trace.size(); ++at) {
    for (const auto& [name, value] : trace[at].expected) {
      const std::string& shown = fact_in(answers[at], name);
      if (shown != value) return Difference{at, name, value, shown};
    }
  }
  return std::nullopt;
}

std::string report(const Trace& trace, const Difference& difference, const std::vector<Facts>& model,
                   const std::vector<Facts>& server) {
  std::ostringstream out;
  out << "step " << difference.step << " differs in '" << difference.fact << "':\n  model:  " << difference.model
      << "\n  server: " << difference.server << "\nthe trace up to there:\n";
  int tick = 0;
  for (std::size_t at = 0; at <= difference.step; ++at) {
    const Step& step = step_at(trace, at);
    out << "  " << at << " [tick " << tick << "] " << to_text(step) << "\n";
    tick += ticks_of(step);
  }
  const auto print = [&](const char* who, const std::vector<Facts>& answers) {
    out << who << " at step " << difference.step << ":\n";
    if (difference.step >= answers.size()) return;
    for (const auto& [name, value] : answers[difference.step]) out << "  " << name << " = " << value << "\n";
  };
  print("the model", model);
  print("the server", server);
  return out.str();
}

std::string in_full(const Trace& trace, const std::vector<Facts>& answers) {
  std::ostringstream out;
  int tick = 0;
  for (std::size_t at = 0; at < answers.size(); ++at) {
    const Step& step = step_at(trace, at);
    out << at << " [tick " << tick << "] " << to_text(step) << "\n";
    for (const auto& [name, value] : answers[at]) out << "      " << name << " = " << value << "\n";
    tick += ticks_of(step);
  }
  return out.str();
}

std::vector<Facts> play_on_engine(const Trace& trace) {
  constexpr std::uint64_t kTracesPerEngine = 500;
  static thread_local std::uint64_t played = 0;
  static thread_local std::unique_ptr<EngineWire> wire;
  if (!wire || played % kTracesPerEngine == 0) wire = std::make_unique<EngineWire>();
  const std::string prefix = "trace-" + std::to_string(++played) + "-";
  const auto player = std::make_shared<Player>(trace, *wire, Names{prefix, Model::kTick});
  const server::Time begin = wire->now() + Model::kTick;
  while (!player->finished()) {
    const server::Time due = begin + player->due() * Model::kTick;
    wire->run_until(due);
    bool done = false;
    player->step([&done] { done = true; });
    wire->run_until(due);
    if (!done) throw std::runtime_error("a call got no answer: " + to_text(trace));
  }
  player->leave();
  wire->run_until(wire->now() + Model::kTick);
  return player->answers();
}

}  // namespace longbeat::model
