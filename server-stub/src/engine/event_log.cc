#include "engine/event_log.h"

#include "base/random.h"

namespace longbeat::server {
namespace {

/// Names come from outside: a line stays one line, and ends.
void append_quoted(std::string& line, std::string_view text) {
  constexpr std::size_t kShown = 200;
  constexpr char kHex[] = "0123456789abcdef";
  line += '\'';
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      line += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      if (c == '\'' || c == '\\') line += '\\';
      line += c;
    }
  }
  line += text.size() > kShown ? "...'" : "'";
}

}  // namespace

void log_event(std::string_view what, const Namespace* space, const ActivityState& state, std::int32_t attempt) noexcept
    try {
  std::string line = "activity ";
  line += what;
  line += ": namespace=";
  append_quoted(line, space != nullptr ? space->name : "");
  line += " id=";
  append_quoted(line, state.input->activity_id);
  line += " run=" + internal::to_string(state.input->run_id);
  line += " attempt=" + std::to_string(attempt);
  line += " state=";
  line += to_string(state.progress.phase);
  internal::log(internal::LogLevel::kDebug, line);
} catch (const std::exception&) {
  internal::log(internal::LogLevel::kDebug, "activity event without a line: out of memory");
}

}  // namespace longbeat::server
