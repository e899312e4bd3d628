#include "longbeat/data_converter.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

#include "base/one_line.h"
#include "base/utf8.h"
#include "core/wire_format.h"
#include "longbeat/activity.h"
#include "longbeat/errors.h"

namespace longbeat::internal {
namespace {

std::string without(std::string text, const std::string& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
  return text;
}

/// "json/plain, 16 bytes: {"offset":"two"}"
std::string described(const Payload& payload) {
  const auto encoding = encoding_of(payload);
  const std::string text = encoding.empty() ? "no encoding" : shown(encoding);
  if (payload.data.empty()) return text + ", empty";
  const std::size_t size = payload.data.size();
  return text + ", " + std::to_string(size) + (size == 1 ? " byte: " : " bytes: ") + shown(payload.data);
}

Error wrong_encoding(const Payload& payload, const char* needed) {
  return {ErrorCode::kUndecodable, "its encoding is '" + shown(encoding_of(payload)) + "', needed is '" + needed + "'"};
}

}  // namespace

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> demangled(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         std::free);
  std::string name = status == 0 && demangled ? demangled.get() : type.name();
  name = without(std::move(name), "v0_1::");
  name = without(std::move(name), "__cxx11::");
  // What the compiler calls std::string, nobody wrote.
  static const std::string kString = "std::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  for (auto at = name.find(kString); at != std::string::npos; at = name.find(kString)) {
    name.replace(at, kString.size(), "std::string");
  }
  static const std::string kNested = "std::_Nested_exception<";  // What std::throw_with_nested makes of a type.
  if (name.starts_with(kNested) && name.ends_with('>'))
    name = name.substr(kNested.size(), name.size() - kNested.size() - 1);
  return name;
}

std::string_view encoding_of(const Payload& payload) noexcept {
  const auto found = payload.metadata.find("encoding");
  return found == payload.metadata.end() ? std::string_view() : std::string_view(found->second);
}

bool is_null(const Payload& payload) noexcept {
  const auto encoding = encoding_of(payload);
  return encoding == "binary/null" || (encoding == "json/plain" && payload.data == "null");
}

Payload make_payload(std::string encoding, std::string data) {
  return {{{"encoding", std::move(encoding)}}, std::move(data)};
}

bool is_text(std::string_view bytes) noexcept {
  return is_utf8(bytes);
}

std::string shown(std::string_view data, std::size_t bytes_max) {
  return shown_beginning(data, bytes_max);
}

Error undecodable(const std::type_info& type, const Payload& payload, const std::string& why) {
  const auto mark = payload.metadata.find(kDecodeError);  // It would only say that its encoding is another one.
  return {ErrorCode::kUndecodable, "the payload (" + described(payload) + ") is not a `" + type_name(type) +
                                       "`: " + foreign_text(mark == payload.metadata.end() ? why : mark->second)};
}

Error not_encodable(const std::type_info& type, const std::string& why) {
  return {ErrorCode::kUndecodable, "a `" + type_name(type) + "` cannot be encoded: " + foreign_text(why)};
}

Error wrong_count(std::size_t least, std::size_t most, std::size_t found) {
  const std::string expected = (least == most ? "" : std::to_string(least) + " to ") + std::to_string(most);
  return {ErrorCode::kUndecodable,
          "expected " + expected + (expected == "1" ? " value, found " : " values, found ") + std::to_string(found)};
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

Payload PayloadCodec<std::nullptr_t>::encode(std::nullptr_t) {
  return internal::make_payload("binary/null", "");
}
Result<std::nullptr_t> PayloadCodec<std::nullptr_t>::decode(const Payload& payload) {
  if (internal::encoding_of(payload) != "binary/null") return internal::wrong_encoding(payload, "binary/null");
  return nullptr;
}

Payload PayloadCodec<std::monostate>::encode(std::monostate) {
  return internal::make_payload("binary/null", "");
}
Result<std::monostate> PayloadCodec<std::monostate>::decode(const Payload& payload) {
  if (internal::encoding_of(payload) != "binary/null") return internal::wrong_encoding(payload, "binary/null");
  return std::monostate{};
}

Payload PayloadCodec<std::vector<std::byte>>::encode(const std::vector<std::byte>& value) {
  return internal::make_payload("binary/plain", std::string(reinterpret_cast<const char*>(value.data()), value.size()));
}
Result<std::vector<std::byte>> PayloadCodec<std::vector<std::byte>>::decode(const Payload& payload) {
  if (internal::is_null(payload)) return std::vector<std::byte>();  // As for every container: Go's nil.
  if (internal::encoding_of(payload) != "binary/plain") return internal::wrong_encoding(payload, "binary/plain");
  const auto* begin = reinterpret_cast<const std::byte*>(payload.data.data());
  return std::vector<std::byte>(begin, begin + payload.data.size());
}

Result<> validate_activity_name(std::string_view name) {
  const auto bad = [&](const char* why) {
    return Error{ErrorCode::kInvalidArgument, "activity name '" + std::string(name.substr(0, 100)) + "' " + why};
  };
  if (name.empty()) return bad("is empty");
  if (name.size() > 1000) return bad("has more than 1000 bytes");
  if (name.starts_with("__temporal_")) return bad("is reserved: it begins with __temporal_");
  return {};
}

std::string_view to_string(StopCause cause) noexcept {
  switch (cause) {
    case StopCause::kCanceled:
      return "canceled";
    case StopCause::kReset:
      return "reset";
    case StopCause::kPaused:
      return "paused";
    case StopCause::kShutdown:
      return "shutdown";
    case StopCause::kLeaseLost:
      return "lease lost";
    case StopCause::kNotFound:
      return "not found";
    case StopCause::kTimedOut:
      return "timed out";
    case StopCause::kBrokenDetails:
      return "broken heartbeat details";
    case StopCause::kStalled:
      return "stalled";
  }
  return "unknown";
}

const char* ActivityStopped::what() const noexcept {
  switch (cause_) {
    case StopCause::kCanceled:
      return "activity stopped: canceled";
    case StopCause::kReset:
      return "activity stopped: reset";
    case StopCause::kPaused:
      return "activity stopped: paused";
    case StopCause::kShutdown:
      return "activity stopped: shutdown";
    case StopCause::kLeaseLost:
      return "activity stopped: lease lost";
    case StopCause::kNotFound:
      return "activity stopped: not found";
    case StopCause::kTimedOut:
      return "activity stopped: timed out";
    case StopCause::kBrokenDetails:
      return "activity stopped: broken heartbeat details";
    case StopCause::kStalled:
      return "activity stopped: stalled";
  }
  return "activity stopped";
}

LONGBEAT_END
