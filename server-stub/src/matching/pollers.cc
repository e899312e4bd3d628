#include "matching/pollers.h"

#include <algorithm>

namespace longbeat::server {

void Pollers::seen(std::string_view identity, std::string_view worker_key, std::optional<double> rate, Time now) {
  last_seen_ = now;
  auto found = pollers_.find(Key<std::string_view>(identity, worker_key));
  if (found == pollers_.end()) {
    if (pollers_.size() >= kMost) {
      pollers_.erase(std::ranges::min_element(pollers_, {}, [](const auto& entry) { return entry.second.last; }));
    }
    found = pollers_.emplace(Key<std::string>(identity, worker_key), Poller{}).first;
  }
  found->second = {now, rate.value_or(0)};
}

void Pollers::forget_worker(std::string_view worker_key) {
  std::erase_if(pollers_, [&](const auto& entry) { return entry.first.second == worker_key; });
}

std::vector<PollerSeen> Pollers::report(Time now) const {
  std::vector<PollerSeen> report;
  for (const auto& [key, poller] : pollers_) {
    if (now - poller.last > kRemembered) continue;
    if (report.empty() || report.back().identity != key.first) {
      report.push_back({key.first, poller.last, poller.rate});
    } else if (poller.last > report.back().last_access_time) {
      report.back() = {key.first, poller.last, poller.rate};
    }
  }
  std::ranges::stable_sort(report, std::greater<>(), &PollerSeen::last_access_time);
  return report;
}

}  // namespace longbeat::server
