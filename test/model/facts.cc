#include "model/facts.h"

#include <array>
#include <cstdio>

namespace longbeat::model {
namespace {

std::string number_text(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", number);
  return text.data();
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_uuid_at(const std::string& text, std::size_t at) {
  if (at + 36 > text.size()) return false;
  for (std::size_t i = 0; i < 36; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[at + i] != '-' : !is_hex(text[at + i])) return false;
  }
  return true;
}

}  // namespace

std::string ticks_text(Duration duration, Duration tick) {
  if (duration == Duration(0)) return "-";
  return number_text(static_cast<double>(duration.count()) / static_cast<double>(tick.count()));
}

std::string timeouts_text(const OptionsSeen& seen, Duration tick) {
  return "s2c " + ticks_text(seen.s2c, tick) + ", stc " + ticks_text(seen.stc, tick) + ", heartbeat " +
         ticks_text(seen.heartbeat, tick);
}

std::string retry_text(const OptionsSeen& seen, Duration tick) {
  return ticks_text(seen.initial, tick) + " times " + number_text(seen.coefficient) + ", at most " +
         ticks_text(seen.interval, tick) + ", attempts " + std::to_string(seen.attempts);
}

std::string to_text(const TaskSeen& seen, Duration tick) {
  return seen.token + " of " + seen.run + ", attempt " + std::to_string(seen.attempt) + ", details " +
         or_none(seen.details) + ", input " + or_none(seen.input) + ", header " + or_none(seen.header) + ", " +
         timeouts_text(seen.options, tick) + ", retry " + retry_text(seen.options, tick);
}

std::string to_text(const FailureSeen& seen) {
  std::string text = "'" + seen.message + "'";
  if (!seen.source.empty()) text += " of " + seen.source;
  if (!seen.kind.empty()) text += " " + seen.kind;
  for (const FailureSeen& cause : seen.cause) text += " by " + to_text(cause);
  return text;
}

std::string refusal_text(internal::StatusCode code, const std::string& detail, const std::string& message) {
  return std::string(internal::to_string(code)) + (detail.empty() ? "" : " [" + detail + "]") + " " +
         without_uuids(message);
}

std::string without_uuids(std::string text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_uuid_at(text, at)) text.replace(at, 36, "<uuid>");
  }
  return text;
}

}  // namespace longbeat::model
