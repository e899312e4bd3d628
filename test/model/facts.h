#pragma once
#include <string>
#include <vector>

#include "base/status.h"
#include "model/step.h"

/// How what is seen becomes text: one way for the machine's states and for messages.
namespace longbeat::model {

/// "2.5"; none for zero: "-".
std::string ticks_text(Duration duration, Duration tick);
inline std::string or_none(const std::string& text) {
  return text.empty() ? "-" : text;
}
inline std::string yes_no(bool value) {
  return value ? "yes" : "no";
}

/// What an activity was told to keep to.
struct OptionsSeen {
  Duration s2c{0}, s2s{0}, stc{0}, heartbeat{0};
  Duration initial{0}, interval{0};
  double coefficient = 0;
  int attempts = 0;
};
std::string timeouts_text(const OptionsSeen& seen, Duration tick);
std::string retry_text(const OptionsSeen& seen, Duration tick);

/// What a poll brought.
struct TaskSeen {
  std::string token{}, run{}, details{}, input{}, header{};
  int attempt = 0;
  OptionsSeen options{};
};
std::string to_text(const TaskSeen& seen, Duration tick);

/// A failure with what it was caused by.
struct FailureSeen {
  std::string message{}, source{};
  std::string kind{};  ///< "application(Type, final)", "timeout(Heartbeat, details)" and so on; empty: none of them
  std::vector<FailureSeen> cause{};
};
std::string to_text(const FailureSeen& seen);

/// "NOT_FOUND [NotFoundFailure] activity not found for ID: activity"; IDs that somebody made up are all alike.
std::string refusal_text(internal::StatusCode code, const std::string& detail, const std::string& message);
/// Every UUID becomes "<uuid>".
std::string without_uuids(std::string text);

}  // namespace longbeat::model
