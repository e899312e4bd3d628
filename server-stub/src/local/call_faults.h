#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace longbeat::server {

/// What may happen to a call on purpose.
enum class FaultKind : std::int8_t { kRequestLost, kReplyLost, kDelayed, kFailed };

/// Calls of one worker that this happens to.
struct FaultRule {
  std::string identity{};                ///< empty: of every worker
  std::vector<std::size_t> types{};      ///< of requests, as of_call() gets them
  std::optional<std::uint64_t> times{};  ///< nothing: until they are cleared
  FaultKind kind = FaultKind::kFailed;
  std::chrono::nanoseconds delay{0};  ///< kDelayed
  internal::Status status{};          ///< kFailed
};

/// The rules in force, in the order in which they came. Plain data.
class CallFaults {
 public:
  void add(FaultRule rule) { rules_.push_back(std::move(rule)); }
  void clear() { rules_.clear(); }
  /// What happens to this call; counts it. The first rule that fits.
  std::optional<FaultRule> of_call(std::string_view identity, std::size_t type);

 private:
  std::vector<FaultRule> rules_;
};

}  // namespace longbeat::server
