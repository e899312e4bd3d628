#include "local/call_faults.h"

#include <algorithm>

namespace longbeat::server {

std::optional<FaultRule> CallFaults::of_call(std::string_view identity, std::size_t type) {
  const auto rule = std::ranges::find_if(rules_, [&](const FaultRule& each) {
    return (each.identity.empty() || each.identity == identity) && std::ranges::count(each.types, type) > 0;
  });
  if (rule == rules_.end()) return std::nullopt;
  FaultRule found = *rule;
  if (rule->times && --*rule->times == 0) rules_.erase(rule);
  return found;
}

}  // namespace longbeat::server
