#include "model/step.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

namespace longbeat::model {
namespace {

using Names = std::set<std::string, std::less<>>;

const Names kOptions{"s2c",   "s2s",     "stc",         "heartbeat", "start_delay",
                     "queue", "initial", "coefficient", "interval",  "attempts"};

Names with_options(Names names) {
  names.insert(kOptions.begin(), kOptions.end());
  return names;
}

/// Each act and what may stand behind it. docs/simulation.md lists them for people.
const std::map<std::string, Names, std::less<>>& acts() {
  static const std::map<std::string, Names, std::less<>> kActs{
      {"wait", {"ticks"}},
      {"look", {}},
      {"start", with_options({"request", "conflict", "reuse", "listed", "input"})},
      {"poll", {"queue"}},
      {"hang_up", {}},
      {"heartbeat", {"token", "by_id", "details"}},
      {"complete", {"token", "by_id", "result"}},
      {"fail", {"token", "by_id", "kind", "type", "delay", "details", "message"}},
      {"canceled", {"token", "by_id", "details"}},
      {"cancel", {"run", "request", "reason"}},
      {"terminate", {"run", "request", "reason"}},
      {"pause", {"run", "request", "reason"}},
      {"unpause", {"run", "request"}},
      {"reset", {"run", "request", "keep_paused", "restore", "clear_details"}},
      {"update", with_options({"run", "request", "mask", "restore"})},
      {"delete", {"run"}},
      {"await", {"run"}},
      {"watch", {}},
  };
  return kActs;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

/// "name=value", or "name" alone: yes.
std::pair<std::string, std::string> pair_of(const std::string& word) {
  const auto equals = word.find('=');
  if (equals == std::string::npos) return {trimmed(word), "yes"};
  return {trimmed(word.substr(0, equals)), trimmed(word.substr(equals + 1))};
}

Facts parse_facts(const std::string& text) {
  Facts facts;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ';');) facts.insert(pair_of(one));
  return facts;
}

Step parse_step(const std::string& line) {
  const auto arrow = line.find("=>");
  Step step;
  if (arrow != std::string::npos) step.expected = parse_facts(line.substr(arrow + 2));
  std::istringstream in(line.substr(0, arrow));
  in >> step.act;
  const auto act = acts().find(step.act);
  if (act == acts().end()) throw BadTrace("there is no act '" + step.act + "' in '" + line + "'");
  for (std::string word; in >> word;) {
    const auto argument = pair_of(word);
    if (!act->second.contains(argument.first)) {
      throw BadTrace("'" + step.act + "' takes no '" + argument.first + "' in '" + line + "'");
    }
    step.with.insert(argument);
  }
  return step;
}

}  // namespace

std::string Step::text(const std::string& name) const {
  const auto found = with.find(name);
  return found == with.end() ? std::string() : found->second;
}

int Step::number(const std::string& name, int otherwise) const {
  return has(name) ? static_cast<int>(real(name, 0)) : otherwise;
}

double Step::real(const std::string& name, double otherwise) const {
  if (!has(name)) return otherwise;
  std::istringstream in(text(name));
  in.imbue(std::locale::classic());
  double value = 0;
  if (!(in >> value)) throw BadTrace(act + ": " + name + "=" + text(name) + " is no number");
  return value;
}

std::optional<Duration> Step::duration(const std::string& name, Duration tick) const {
  if (!has(name)) return std::nullopt;
  return Duration(std::llround(real(name, 0) * static_cast<double>(tick.count())));
}

std::string to_text(const Step& step) {
  std::string line = step.act;
  for (const auto& [name, value] : step.with) line += " " + name + (value == "yes" ? "" : "=" + value);
  const char* before = " => ";
  for (const auto& [name, value] : step.expected) {
    line += before + name + "=" + value;
    before = "; ";
  }
  return line;
}

std::string to_text(const Trace& trace) {
  std::string text;
  for (const Step& step : trace) text += to_text(step) + "\n";
  return text;
}

Trace parse_trace(std::string_view text) {
  Trace trace;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    const std::string step = trimmed(line.substr(0, line.find('#')));
    if (!step.empty()) trace.push_back(parse_step(step));
  }
  return trace;
}

int ticks_of(const Step& step) {
  return step.act == "wait" ? std::max(1, step.number("ticks", 1)) : 1;
}

}  // namespace longbeat::model
