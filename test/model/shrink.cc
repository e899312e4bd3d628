#include "model/shrink.h"

#include <algorithm>

#include "model/model.h"

namespace longbeat::model {
namespace {

Trace without(const Trace& trace, std::size_t from, std::size_t count) {
  Trace shorter(trace.begin(), trace.begin() + static_cast<std::ptrdiff_t>(from));
  shorter.insert(shorter.end(), trace.begin() + static_cast<std::ptrdiff_t>(std::min(trace.size(), from + count)),
                 trace.end());
  return shorter;
}

/// The first of them that differs still; the trace itself when none does.
bool take_first(Trace& trace, const std::vector<Trace>& tries, const StillDiffers& still_differs) {
  std::vector<Trace> certain;
  std::ranges::copy_if(tries, std::back_inserter(certain), [](const Trace& one) { return play(one).certain; });
  if (certain.empty()) return false;
  const std::vector<bool> differs = still_differs(certain);
  const auto found = std::ranges::find(differs, true);
  if (found == differs.end()) return false;
  trace = certain[static_cast<std::size_t>(found - differs.begin())];
  return true;
}

std::vector<Trace> with_shorter_waits(const Trace& trace) {
  std::vector<Trace> tries;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].act != "wait" || ticks_of(trace[i]) == 1) continue;
    tries.push_back(trace);
    tries.back()[i].with["ticks"] = std::to_string(ticks_of(trace[i]) - 1);
  }
  return tries;
}

}  // namespace

Trace shrink(Trace trace, const StillDiffers& still_differs) {
  for (std::size_t count = std::max<std::size_t>(1, trace.size() / 2); count > 0;) {
    std::vector<Trace> tries;
    for (std::size_t from = 0; from < trace.size(); from += count) tries.push_back(without(trace, from, count));
    if (take_first(trace, tries, still_differs)) continue;
    count /= 2;
  }
  while (take_first(trace, with_shorter_waits(trace), still_differs)) {
  }
  return trace;
}

}  // namespace longbeat::model
