#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace longbeat::internal {

/// For lines whose number others decide: one at once, then at most one in kPause, which tells how many there were
/// meanwhile. Not thread-safe.
template <class Time>
class LinePace {
 public:
  static constexpr std::chrono::seconds kPause{10};
  /// Is the next one written? To spare the making of its text.
  bool is_due(Time now) const { return !last_ || now - *last_ >= kPause; }
  /// What the line ends with that is written now; nothing: it is only counted.
  std::optional<std::string> note(Time now) {
    if (!is_due(now)) {
      ++unwritten_;
      return std::nullopt;
    }
    last_ = now;
    const std::uint64_t before = std::exchange(unwritten_, 0);
    return before == 0 ? "" : "; " + std::to_string(before) + " more like it since the last line";
  }

 private:
  std::optional<Time> last_{};
  std::uint64_t unwritten_ = 0;
};

}  // namespace longbeat::internal
