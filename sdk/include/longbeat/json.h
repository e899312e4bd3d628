#pragma once
/// Adapter: values travel as JSON (encoding json/plain) through nlohmann::json. Include it where activities are
/// declared; types of your own need to_json/from_json, for example by NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE, enums
/// NLOHMANN_JSON_SERIALIZE_ENUM. Its _WITH_DEFAULT form lets members be missing, as other SDKs and older programs leave
/// them out. Containers, std::optional, std::variant, durations and times work without more: see json_types.h.
///
/// A number that does not fit where it goes (-5 or 2.5 into an unsigned, 300 into a std::uint8_t, true into an int) is
/// kUndecodable, although nlohmann::json would let it wrap. A value that is itself a number is compared with its type's
/// range. For members of structs and containers, whose types only their from_json knows, the decoded value is encoded
/// once more and compared with what was sent; this costs about as much as parsing it, and nothing where the JSON has
/// only text, nulls and numbers from 0 to 127. Not seen is a member that from_json reads and to_json does not write.
/// A from_json that wants 2.5 to be 2 or true to be 1 reads them as double or bool and converts, and its to_json writes
/// the same kind; or the type gets a PayloadCodec of its own.
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "longbeat/data_converter.h"
#include "longbeat/json_types.h"

namespace longbeat::internal {

/// A whole number of up to 64 bits and a sign of its own: nlohmann compares -1 and 2^64-1 as equal.
struct WholeNumber {
  bool negative = false;
  std::uint64_t bits = 0;  ///< two's complement

  friend auto operator<=>(const WholeNumber&, const WholeNumber&) = default;  ///< any order
};

/// Nothing for what is not whole, or needs more than 64 bits.
inline std::optional<WholeNumber> whole_number(const nlohmann::json& json) {
  if (json.is_number_unsigned()) return WholeNumber{false, json.get<std::uint64_t>()};
  if (json.is_number_integer()) {
    const auto value = json.get<std::int64_t>();
    return WholeNumber{value < 0, static_cast<std::uint64_t>(value)};
  }
  if (!json.is_number_float()) return std::nullopt;
  const double value = json.get<double>();
  if (value != std::trunc(value) || value < -0x1p63 || value >= 0x1p64) return std::nullopt;
  if (value < 0) return WholeNumber{true, static_cast<std::uint64_t>(static_cast<std::int64_t>(value))};
  return WholeNumber{false, static_cast<std::uint64_t>(value)};
}

/// True when `read` is what an integer of 8, 16, 32 or 64 bits keeps of another number.
inline bool is_wrapped(const WholeNumber& sent, const WholeNumber& read) {
  for (const int width : {8, 16, 32, 64}) {
    const std::uint64_t mask = ~std::uint64_t{0} >> (64 - width);
    const bool fits = read.negative ? (~read.bits & ~(mask >> 1)) == 0 : (read.bits & ~mask) == 0;
    if (fits && ((sent.bits ^ read.bits) & mask) == 0) return sent != read;
  }
  return false;
}

/// True when `read` is what a type too narrow for `sent` may have made of it.
inline bool looks_misread(const nlohmann::json& sent, const nlohmann::json& read) {
  if (!read.is_number()) return false;
  const auto read_whole = whole_number(read);
  if (sent.is_boolean()) return read_whole && *read_whole == WholeNumber{false, sent.get<bool>() ? 1u : 0u};
  if (read.is_number_float())
    return !std::isfinite(read.get<double>()) && (!sent.is_number_float() || std::isfinite(sent.get<double>()));
  const auto sent_whole = whole_number(sent);
  if (sent.is_number_float()) return sent_whole != read_whole;
  return is_wrapped(*sent_whole, *read_whole);
}

/// Looks for a number that a type made into another one, by comparing what was sent with what the decoded value is
/// encoded to. A different number alone proves nothing: from_json may convert, a set puts its elements into order. So
/// each suspicion is tried out: does the type tell this number from the one it seems to have become?
class MisreadNumbers {
 public:
  using Again = nlohmann::json (*)(const nlohmann::json&);  ///< decodes and encodes; may throw

  MisreadNumbers(const nlohmann::json& sent, const nlohmann::json& read, Again again)
      : sent_(sent), read_(read), again_(again) {}

  /// What went wrong, with the place as a JSON pointer; or nothing.
  std::optional<std::string> find() { return find(sent_, &read_, nullptr, 0); }

  /// False when no type can misread it.
  static bool possible(const nlohmann::json& json, int depth = 0) {
    if (json.is_boolean() || json.is_number_float() || depth > kDepthMax) return true;
    if (const auto whole = whole_number(json)) return whole->bits > 127;
    if (json.is_structured()) {
      for (const auto& part : json) {
        if (possible(part, depth + 1)) return true;
      }
    }
    return false;
  }

 private:
  using Pointer = nlohmann::json::json_pointer;
  static constexpr int kDepthMax = 200;  // Deeper than types are; text may be deeper than the stack.
  static constexpr int kTriesMax = 16;   // Each decodes all once more.

  /// One step of the way to a value; becomes a JSON pointer only where something is wrong.
  struct Place {
    const Place* parent = nullptr;
    const std::string* key = nullptr;  ///< null: an element
    std::size_t index = 0;
  };
  static Pointer pointer(const Place* at) {
    if (at == nullptr) return Pointer();
    return at->key != nullptr ? pointer(at->parent) / *at->key : pointer(at->parent) / at->index;
  }

  std::optional<std::string> find(const nlohmann::json& sent, const nlohmann::json* read, const Place* at, int depth) {
    if (depth > kDepthMax) return std::nullopt;
    if (sent.is_object()) {
      for (const auto& [key, part] : sent.items()) {
        const bool has = read != nullptr && read->is_object() && read->contains(key);
        const Place place{at, &key, 0};
        if (auto found = find(part, has ? &read->at(key) : nullptr, &place, depth + 1)) return found;
      }
    } else if (sent.is_array()) {
      for (std::size_t i = 0; i < sent.size(); ++i) {
        const bool has = read != nullptr && read->is_array() && i < read->size();
        const Place place{at, nullptr, i};
        if (auto found = find(sent[i], has ? &(*read)[i] : nullptr, &place, depth + 1)) return found;
      }
    } else if (sent.is_boolean() || sent.is_number()) {
      return judge(sent, read, at);
    }
    return std::nullopt;
  }

  std::optional<std::string> judge(const nlohmann::json& sent, const nlohmann::json* read, const Place* at) {
    if (read != nullptr && looks_misread(sent, *read)) {
      if (is_taken_for(*read, pointer(at))) return text(sent, *read, pointer(at));
    } else if (sent.is_boolean() || (read != nullptr && (read->is_number_float() || same_whole(sent, *read)))) {
      return std::nullopt;
    }
    // It may have moved to another place, as in a set.
    if (!std::exchange(wholes_listed_, true)) list_wholes(read_, 0);
    const auto candidates = cut_from(sent);
    for (const auto& candidate : candidates) {
      if (wholes_.count(candidate) == 0) continue;
      const auto number = candidate.negative ? nlohmann::json(static_cast<std::int64_t>(candidate.bits))
                                             : nlohmann::json(candidate.bits);
      if (is_taken_for(number, pointer(at))) return text(sent, number, pointer(at));
    }
    return std::nullopt;
  }

  static bool same_whole(const nlohmann::json& a, const nlohmann::json& b) {
    const auto whole = whole_number(a);
    return whole && whole == whole_number(b);
  }

  /// The whole numbers that a type may make of this one; none when it is among those that were read.
  std::vector<WholeNumber> cut_from(const nlohmann::json& sent) const {
    const auto whole = whole_number(sent);
    if (!whole) {
      const auto cut = whole_number(sent.is_number_float() ? std::trunc(sent.get<double>()) : 0.0);
      return cut ? std::vector{*cut} : std::vector<WholeNumber>();
    }
    if (wholes_.count(*whole) != 0) return {};
    std::vector<WholeNumber> candidates;
    for (const int width : {8, 16, 32, 64}) {
      const std::uint64_t mask = ~std::uint64_t{0} >> (64 - width), low = whole->bits & mask;
      for (const auto& candidate : {WholeNumber{false, low}, WholeNumber{(low & ~(mask >> 1)) != 0, low | ~mask}}) {
        if (is_wrapped(*whole, candidate)) candidates.push_back(candidate);
      }
    }
    return candidates;
  }

  void list_wholes(const nlohmann::json& json, int depth) {
    if (json.is_number_integer()) wholes_.insert(*whole_number(json));
    if (!json.is_structured() || depth > kDepthMax) return;
    for (const auto& part : json) list_wholes(part, depth + 1);
  }

  /// True when the type makes the same of `number` at this place, but not of its neighbour: so it reads the place.
  bool is_taken_for(const nlohmann::json& number, const Pointer& at) {
    if (++tries_ > kTriesMax || !decodes_alike(number, at)) return false;
    if (number.is_number_float()) return !decodes_alike(0, at);
    if (number.is_number_unsigned()) return !decodes_alike(number.get<std::uint64_t>() ^ 1, at);
    return !decodes_alike(number.get<std::int64_t>() ^ 1, at);
  }

  bool decodes_alike(const nlohmann::json& number, const Pointer& at) const {
    auto changed = sent_;
    changed[at] = number;
    try {
      return again_(changed) == read_;
    } catch (const std::exception&) {
      return false;  // Refused: so it is told apart.
    }
  }

  static std::string text(const nlohmann::json& sent, const nlohmann::json& read, const Pointer& at) {
    return (at.empty() ? "" : shown(at.to_string()) + ": ") + sent.dump() + " does not fit, it would become " +
           (read.is_number_float() ? "infinite" : read.dump());
  }

  const nlohmann::json& sent_;
  const nlohmann::json& read_;
  Again again_;
  int tries_ = 0;
  bool wholes_listed_ = false;
  std::set<WholeNumber> wholes_{};
};

/// Why this JSON is no T, for a T that is a number; or nothing.
template <class T>
std::optional<std::string> number_misfit(const nlohmann::json& json) {
  using Limits = std::numeric_limits<T>;
  if (json.is_boolean()) return json.dump() + " is a boolean, not a number";
  if (!json.is_number()) return std::nullopt;  // nlohmann says so.
  if constexpr (std::is_integral_v<T>) {
    constexpr auto kLeast = static_cast<std::int64_t>(Limits::min());
    constexpr auto kMost = static_cast<std::uint64_t>(Limits::max());
    if (json.is_number_float() && json.get<double>() != std::trunc(json.get<double>()))
      return json.dump() + " is not a whole number";
    const auto whole = whole_number(json);
    if (whole && (whole->negative ? static_cast<std::int64_t>(whole->bits) >= kLeast : whole->bits <= kMost))
      return std::nullopt;
    return json.dump() + " is not between " + std::to_string(kLeast) + " and " + std::to_string(kMost);
  } else {
    const double value = json.get<double>();
    if (!(std::abs(value) > static_cast<long double>(Limits::max()))) return std::nullopt;
    return json.dump() + " is beyond the largest, " + nlohmann::json(Limits::max()).dump();
  }
}

/// nlohmann copies and writes a value by recursion: text of a few hundred kilobytes could overflow the stack.
inline constexpr std::size_t kJsonDepthMax = 5'000;
inline constexpr const char* kNestedTooDeeply = "its JSON is nested more than 5000 deep";

inline bool is_nested_too_deeply(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      in_string = !in_string;
    } else if (in_string) {
      if (c == '\\') ++i;
    } else if (c == '[' || c == '{') {
      if (++depth > kJsonDepthMax) return true;
    } else if (depth > 0 && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return false;
}

inline bool is_nested_too_deeply(const nlohmann::json& json) {
  std::vector<std::pair<nlohmann::json::const_iterator, nlohmann::json::const_iterator>> open;
  if (json.is_structured()) open.emplace_back(json.begin(), json.end());
  while (!open.empty()) {
    auto& [at, end] = open.back();
    if (at == end) {
      open.pop_back();
      continue;
    }
    const auto& part = *at++;
    if (!part.is_structured()) continue;
    if (open.size() == kJsonDepthMax) return true;
    open.emplace_back(part.begin(), part.end());
  }
  return false;
}

/// What others could not read is not written.
inline Payload payload_of_json(const nlohmann::json& json) {
  if (is_nested_too_deeply(json)) throw std::invalid_argument(kNestedTooDeeply);
  return make_payload("json/plain", json.dump());
}

template <class T>
Result<T> from_json_text(const nlohmann::json& json) {
  if constexpr (std::is_same_v<T, nlohmann::json>) {
    return Result<T>(json);
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    return json.template get<T>();
  } else if constexpr (std::is_arithmetic_v<T>) {
    if (auto why = number_misfit<T>(json)) return Error{ErrorCode::kUndecodable, *std::move(why)};
    return json.template get<T>();
  } else {
    auto value = json.template get<T>();
    if (!MisreadNumbers::possible(json)) return value;
    std::optional<nlohmann::json> read;
    try {
      read = nlohmann::json(value);
    } catch (const std::exception&) {
      return value;  // Of a type that reads what it would not write: there is nothing to compare.
    }
    const auto again = [](const nlohmann::json& changed) { return nlohmann::json(changed.template get<T>()); };
    if (auto why = MisreadNumbers(json, *read, again).find()) return Error{ErrorCode::kUndecodable, *std::move(why)};
    return value;
  }
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

template <class T>
  requires internal::JsonConvertible<T>
struct PayloadCodec<T> {
  static Payload encode(const T& value) {
    if constexpr (std::is_floating_point_v<T>) {
      // nlohmann would write null.
      if (!std::isfinite(value)) throw std::invalid_argument(std::to_string(value) + " is no number in JSON");
    }
    if constexpr (std::is_same_v<T, nlohmann::json>) {
      return internal::payload_of_json(value);
    } else {
      return internal::payload_of_json(nlohmann::json(value));
    }
  }
  static Result<T> decode(const Payload& payload) {
    const auto encoding = internal::encoding_of(payload);
    const bool null = encoding == "binary/null";  // What other SDKs send for null.
    if (!null && encoding != "json/plain") {
      return Error{ErrorCode::kUndecodable,
                   "its encoding is '" + internal::shown(encoding) + "', needed is 'json/plain'"};
    }
    if (!null && internal::is_nested_too_deeply(std::string_view(payload.data)))
      return Error{ErrorCode::kUndecodable, internal::kNestedTooDeeply};
    return internal::from_json_text<T>(null ? nlohmann::json() : nlohmann::json::parse(payload.data));
  }
};

LONGBEAT_END
