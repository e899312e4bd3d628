#include "simulation/shrink.h"

#include <algorithm>
#include <charconv>
#include <exception>

namespace longbeat::simulation {
namespace {

/// What kind of promise it is: the words without numbers, up to what differs from run to run.
std::string kind_of(const std::string& broken) {
  std::string kind;
  for (const char c : broken.substr(0, broken.find('('))) {
    if (c < '0' || c > '9') kind += c;
  }
  return kind;
}

/// One run to be made shorter.
class Shrinking {
 public:
  Shrinking(std::uint64_t seed, const Plan& plan, std::size_t runs_max) : seed_(seed), runs_max_(runs_max) {
    best_ = {plan, verdict_of(seed, plan), 1};
    kind_ = kind_of(best_.verdict.broken);
    if (is_broken()) drop_what_came_after();
  }
  bool is_broken() const { return !best_.verdict.broken.empty(); }
  const Shrunk& best() const { return best_; }

  std::vector<std::size_t> kept() const {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < best_.verdict.happenings.size(); ++i) {
      if (!best_.plan.dropped.contains(i)) kept.push_back(i);
    }
    return kept;
  }

  /// Tries once to do without each piece of so many; true when something could go.
  bool drop_pieces(std::size_t size) {
    const auto before = kept();
    bool shorter = false;
    for (std::size_t from = 0; from < before.size() && best_.runs < runs_max_; from += size) {
      Plan plan = best_.plan;
      const std::size_t until = std::min(from + size, before.size());
      plan.dropped.insert(before.begin() + static_cast<std::ptrdiff_t>(from),
                          before.begin() + static_cast<std::ptrdiff_t>(until));
      if (plan.dropped.size() > best_.plan.dropped.size()) shorter |= is_better(plan);
    }
    return shorter;
  }
  bool has_time() const { return best_.runs < runs_max_; }

 private:
  bool is_better(const Plan& plan) {
    ++best_.runs;
    auto verdict = verdict_of(seed_, plan);
    if (verdict.broken.empty() || kind_of(verdict.broken) != kind_) return false;
    best_.plan = plan;
    best_.verdict = std::move(verdict);
    drop_what_came_after();
    return true;
  }

  /// Had no part in it, so the run stays the same.
  void drop_what_came_after() {
    for (std::size_t i = 0; i < best_.verdict.happenings.size(); ++i) {
      if (best_.verdict.happenings[i].at > best_.verdict.at) best_.plan.dropped.insert(i);
    }
  }

  std::uint64_t seed_;
  std::size_t runs_max_;
  std::string kind_{};
  Shrunk best_{};
};

}  // namespace

Verdict verdict_of(std::uint64_t seed, const Plan& plan) {
  Simulation run(seed, plan);
  Verdict verdict;
  try {
    run.run();
    if (!run.witness().broken().empty()) verdict.broken = run.witness().broken().front();
  } catch (const std::exception& error) {
    verdict.broken = std::string("exception: ") + error.what();
  }
  verdict.at = run.world().now();
  verdict.hash = run.world().trace_hash();
  verdict.happenings = run.happenings();
  return verdict;
}

std::optional<Shrunk> shrink(std::uint64_t seed, const Plan& plan, std::size_t runs_max) {
  Shrinking shrinking(seed, plan, runs_max);
  if (!shrinking.is_broken()) return std::nullopt;
  for (std::size_t size = (shrinking.kept().size() + 1) / 2; size > 1; size = (size + 1) / 2) {
    shrinking.drop_pieces(size);
    if (size == 2) break;
  }
  while (shrinking.has_time() && shrinking.drop_pieces(1)) {
  }
  return shrinking.best();
}

std::string to_text(const std::set<std::size_t>& numbers) {
  std::string text;
  for (auto at = numbers.begin(); at != numbers.end();) {
    const std::size_t first = *at;
    std::size_t last = first;
    while (++at != numbers.end() && *at == last + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(first);
    if (last > first) text += "-" + std::to_string(last);
  }
  return text;
}

std::optional<std::set<std::size_t>> numbers_of(std::string_view text) {
  constexpr std::size_t kMost = 100'000;  // No run has as many.
  std::set<std::size_t> numbers;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    std::size_t first = 0;
    const char* const end = part.data() + part.size();
    auto read = std::from_chars(part.data(), end, first);
    std::size_t last = first;
    if (read.ec == std::errc() && read.ptr != end && *read.ptr == '-') {
      read = std::from_chars(read.ptr + 1, end, last);
    }
    if (read.ec != std::errc() || read.ptr != end || last < first || last > kMost) return std::nullopt;
    for (std::size_t number = first; number <= last; ++number) numbers.insert(number);
  }
  return numbers;
}

}  // namespace longbeat::simulation
