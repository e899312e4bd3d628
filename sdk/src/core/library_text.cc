// What nlohmann::json and protobuf say of values. Both quote: whole texts, keys, numbers, with marks or without. So
// nothing of what they say is believed to be short: known beginnings and ends, in which they never quote, stay as they
// are; of all the rest together remain 40 bytes, and nothing where it is known to be the value.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/one_line.h"
#include "longbeat/data_converter.h"

namespace longbeat::internal {
namespace {

constexpr auto kNowhere = std::string_view::npos;
constexpr std::string_view kJsonException = "[json.exception.";

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 200 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/';
  });
}

/// Where the library's own words begin again, after a place or a key that it quotes; or the end.
std::size_t nlohmann_end(std::string_view kind, std::string_view rest) {
  constexpr std::size_t kOwnMax = 60;
  if (kind.starts_with("type_error.")) {  // Which says nothing of the value after them.
    for (const std::string_view own : {"type must be ", "cannot use ", "invalid UTF-8 byte ", "incomplete UTF-8 "}) {
      const auto at = rest.rfind(own);
      if (at == kNowhere || rest.size() - at > kOwnMax) continue;
      return at > 0 && rest[at - 1] == ' ' ? at - 1 : at;
    }
  }
  constexpr std::string_view kNotFound = "' not found";
  if (kind == "out_of_range.403" && rest.ends_with(kNotFound)) return rest.size() - kNotFound.size();
  return rest.size();
}

/// From "[json.exception." on.
std::string nlohmann_text(std::string_view what) {
  const auto close = what.find("] ");
  const auto kind = close == kNowhere ? "" : what.substr(kJsonException.size(), close - kJsonException.size());
  if (!is_name(kind) || kind.size() > 40) return shown(what);
  const auto rest = what.substr(close + 2);
  std::string text(what.substr(0, close + 2));
  if (kind == "parse_error.101" && rest.starts_with("parse error")) {  // All of it is its own but for the token.
    text += rest.substr(0, rest.find("; last read: "));
  } else {
    const auto end = nlohmann_end(kind, rest);
    text.append(shown(rest.substr(0, end))).append(rest.substr(end));
  }
  return one_line(text, 300);
}

/// Those that protobuf follows with a value.
std::string_view protobuf_reason(std::string_view rest) {
  for (const std::string_view reason :
       {"Invalid time format", "Invalid data type for timestamp", "Invalid data type for duration",
        "Illegal duration format; duration must end with 's'", "Invalid duration format",
        "Duration value exceeds limits", "Timestamp seconds exceeds limit", "Duration seconds exceeds limit",
        "Invalid FieldMask", "Invalid type URL, unknown type", "Invalid type URL", "Missing @type", "Message too deep",
        "Root element must be a message"}) {
    if (rest.starts_with(reason)) return reason;
  }
  return {};
}

/// Up to version 3.21, of a value: "(ts): invalid value Field 'ts', Invalid time format: SECRET for type a.B"
std::string invalid_value(std::string_view place, std::string_view rest) {
  std::string text = shown(place) + ": invalid value";
  constexpr std::string_view kForType = " for type ";
  const auto type = rest.rfind(kForType);
  const bool typed = type != kNowhere && is_name(rest.substr(type + kForType.size()));
  const auto suffix = typed ? rest.substr(type) : std::string_view();
  if (rest.starts_with("Field '")) {
    const auto reason = rest.find("', ");
    rest.remove_prefix(reason == kNowhere ? 0 : reason + 3);
  }
  if (const auto reason = protobuf_reason(rest); !reason.empty()) text.append(" (").append(reason).append(")");
  return text.append(suffix);
}

/// Later ones: "a.B @ ts: string, near 1:7 (offset 6): unexpected character: 'S'"
std::string invalid_json(std::string_view rest) {
  constexpr std::string_view kNear = ", near ", kNearEnd = "): ";
  constexpr std::size_t kBytesMax = 40;
  const auto name = rest.substr(0, rest.find_first_of(" ,:"));
  if (!is_name(name)) return shown(rest);
  rest.remove_prefix(name.size());
  const auto at = rest.find(kNear), end = at == kNowhere ? kNowhere : rest.find(kNearEnd, at);
  if (end == kNowhere) return std::string(name) + shown(rest);
  const auto near = rest.substr(at + kNear.size(), end - at - kNear.size());
  if (near.size() > kBytesMax || near.find_first_not_of("0123456789: (ofset") != kNowhere)
    return std::string(name) + shown(rest);
  return std::string(name) + shown(rest.substr(0, at)) + std::string(kNear) + std::string(near) +
         std::string(kNearEnd) + shown(rest.substr(end + kNearEnd.size()), kBytesMax - std::min(at, kBytesMax));
}

/// Of text that is no JSON protobuf says in a line why, in two more where, with an arrow. Empty for anything else.
std::string_view broken_off(std::string_view rest) {
  const auto line = rest.substr(0, rest.find_first_of("\n'\""));
  if (!rest.ends_with('^') || line.size() > 60) return {};
  for (const std::string_view own : {"Expected ", "Unexpected ", "Closing quote ", "Illegal ", "Invalid escape ",
                                     "Parsing ", "Number exceeds ", "Octal/hex ", "Unable to "}) {
    if (line.starts_with(own)) return line;
  }
  return {};
}

std::string protobuf_reason_shown(std::string_view rest) {
  constexpr std::string_view kInvalidValue = ": invalid value ", kInvalidJson = "invalid JSON in ";
  if (const auto line = broken_off(rest); !line.empty()) return one_line(line);
  if (rest.starts_with(kInvalidJson)) return std::string(kInvalidJson) + invalid_json(rest.substr(kInvalidJson.size()));
  if (const auto at = rest.find(kInvalidValue); at != kNowhere)
    return invalid_value(rest.substr(0, at), rest.substr(at + kInvalidValue.size()));
  const auto begin = rest.starts_with(": ") ? rest.substr(2) : rest;  // Of the whole message the place is empty.
  if (const auto reason = protobuf_reason(begin); !reason.empty()) return std::string(reason);
  return shown(rest.substr(0, rest.find('\n')));
}

}  // namespace

std::string protobuf_text(std::string_view what) {
  for (const std::string_view code : {"INVALID_ARGUMENT:", "INTERNAL:", "NOT_FOUND:", "UNKNOWN:", "OUT_OF_RANGE:"}) {
    if (!what.starts_with(code)) continue;
    what.remove_prefix(code.size());
    if (what.starts_with(' ')) what.remove_prefix(1);
    return std::string(code) + " " + protobuf_reason_shown(what);
  }
  return protobuf_reason_shown(what);
}

std::string foreign_text(std::string_view what) {
  const auto quoted = what.find(kJsonException);
  if (quoted == std::string_view::npos) return one_line(what, 500);
  return one_line(what.substr(0, quoted), 500) + nlohmann_text(what.substr(quoted));
}

}  // namespace longbeat::internal
