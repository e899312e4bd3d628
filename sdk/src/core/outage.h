#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"

namespace longbeat::internal {

/// When to tell that a server gives no answer: once that has lasted for kPatience, then at most every kRepeat, and once
/// when it is over. Short outages are nobody's business. Pure.
class Outage {
 public:
  static constexpr std::chrono::nanoseconds kPatience = std::chrono::seconds(3);
  static constexpr std::chrono::nanoseconds kRepeat = std::chrono::seconds(60);

  /// There was no answer between `began` and `now`. Returns for how long by now, when it is time to tell.
  std::optional<std::chrono::nanoseconds> failed(TimePoint began, TimePoint now) {
    if (!since_) since_ = began;
    if (now - *since_ < kPatience || (told_ && now - *told_ < kRepeat)) return std::nullopt;
    told_ = now;
    return now - *since_;
  }
  /// The server has answered. Returns for how long it had not, when that was told.
  std::optional<std::chrono::nanoseconds> over(TimePoint now) {
    std::optional<std::chrono::nanoseconds> lasted;
    if (told_) lasted = now - *since_;
    since_.reset();
    told_.reset();
    return lasted;
  }
  bool told() const { return told_.has_value(); }

 private:
  std::optional<TimePoint> since_{}, told_{};
};

/// How such a line says it: "3 s".
inline std::string seconds_text(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace longbeat::internal
