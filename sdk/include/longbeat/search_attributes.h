#pragma once
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "longbeat/export.h"
#include "longbeat/payload.h"
#include "longbeat/timestamp.h"

LONGBEAT_BEGIN

/// Text that queries can search for words; a plain string is a keyword, compared as a whole.
struct SearchText {
  std::string text{};
  friend bool operator==(const SearchText&, const SearchText&) = default;
};

/// One value that list queries can use, of the type under which the namespace registered its name:
///   {{"Customer", "c-17"}, {"Amount", 12.5}, {"Notes", SearchText{"call back on monday"}}}
/// Keyword (std::string), Text (SearchText), Int, Double, Bool, Datetime (Timestamp), KeywordList
/// (std::vector<std::string>); Payload: one that this version cannot read, as it came. An Int has 64 bits and a sign:
/// a greater number throws std::out_of_range.
class SearchAttribute {
 public:
  using Value =
      std::variant<std::string, SearchText, std::int64_t, double, bool, Timestamp, std::vector<std::string>, Payload>;

  SearchAttribute(std::string keyword) : value_(std::move(keyword)) {}                 // NOLINT: implicit on purpose.
  SearchAttribute(const char* keyword) : value_(std::string(keyword)) {}               // NOLINT
  SearchAttribute(SearchText text) : value_(std::move(text)) {}                        // NOLINT
  SearchAttribute(bool value) : value_(value) {}                                       // NOLINT
  SearchAttribute(double value) : value_(value) {}                                     // NOLINT
  SearchAttribute(Timestamp time) : value_(time) {}                                    // NOLINT
  SearchAttribute(std::vector<std::string> keywords) : value_(std::move(keywords)) {}  // NOLINT
  SearchAttribute(Payload payload) : value_(std::move(payload)) {}                     // NOLINT
  template <std::integral Int>
    requires(!std::is_same_v<Int, bool>)
  SearchAttribute(Int value) : value_(static_cast<std::int64_t>(value)) {  // NOLINT
    if constexpr (std::is_unsigned_v<Int>) {
      if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        throw std::out_of_range("longbeat: " + std::to_string(value) + " is too large for an Int search attribute");
    }
  }

  const Value& value() const noexcept { return value_; }
  friend bool operator==(const SearchAttribute&, const SearchAttribute&) = default;

 private:
  Value value_;
};

/// By name.
using SearchAttributes = std::map<std::string, SearchAttribute>;

LONGBEAT_END
