#include "visibility/json_value.h"

#include <charconv>
#include <cmath>

namespace longbeat::server::projection {
namespace {

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<JsonValue> run() {
    JsonValue value;
    value.is_list = take('[');
    if (!value.is_list || !take(']')) {
      do {
        auto one = scalar();
        if (!one) return std::nullopt;
        value.values.push_back(std::move(*one));
      } while (value.is_list && take(','));
      if (value.is_list && !take(']')) return std::nullopt;
    }
    skip_space();
    if (!text_.empty()) return std::nullopt;
    return value;
  }

 private:
  void skip_space() {
    while (!text_.empty() && std::string_view(" \t\r\n").find(text_.front()) != std::string_view::npos) {
      text_.remove_prefix(1);
    }
  }
  bool take(char c) {
    skip_space();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  std::optional<JsonScalar> scalar() {
    skip_space();
    if (take_word("null")) return JsonScalar();
    if (take_word("true")) return JsonScalar(true);
    if (take_word("false")) return JsonScalar(false);
    if (text_.starts_with('"')) return string();
    return number();
  }

  std::optional<JsonScalar> number() {
    const std::size_t size = std::min(text_.find_first_not_of("+-0123456789.eE"), text_.size());
    const char* const begin = text_.data();
    const char* const end = begin + size;
    std::int64_t integer = 0;
    double real = 0;
    JsonScalar value;
    if (const auto parsed = std::from_chars(begin, end, integer); parsed.ec == std::errc() && parsed.ptr == end) {
      value = integer;
    } else if (const auto read = std::from_chars(begin, end, real);
               read.ec == std::errc() && read.ptr == end && std::isfinite(real)) {
      value = real;
    } else {
      return std::nullopt;
    }
    text_.remove_prefix(size);
    return value;
  }

  std::optional<std::uint32_t> hex4() {
    std::uint32_t code = 0;
    if (text_.size() < 4) return std::nullopt;
    const auto parsed = std::from_chars(text_.data(), text_.data() + 4, code, 16);
    if (parsed.ec != std::errc() || parsed.ptr != text_.data() + 4) return std::nullopt;
    text_.remove_prefix(4);
    return code;
  }

  /// After "\u".
  bool unicode(std::string& out) {
    auto code = hex4();
    if (!code || (*code >= 0xdc00 && *code < 0xe000)) return false;
    if (*code >= 0xd800 && *code < 0xdc00) {
      if (!take_word("\\u")) return false;
      const auto low = hex4();
      if (!low || *low < 0xdc00 || *low >= 0xe000) return false;
      code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    }
    append_utf8(*code, out);
    return true;
  }

  std::optional<JsonScalar> string() {
    static constexpr std::string_view kEscapes = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    std::string out;
    text_.remove_prefix(1);
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') return JsonScalar(std::move(out));
      if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (take_word("u")) {
        if (!unicode(out)) return std::nullopt;
        continue;
      }
      const auto escape = text_.empty() ? std::string_view::npos : kEscapes.find(text_.front());
      if (escape == std::string_view::npos) return std::nullopt;
      out += kMeanings[escape];
      text_.remove_prefix(1);
    }
    return std::nullopt;
  }

  std::string_view text_;
};

}  // namespace

std::optional<JsonValue> parse_json(std::string_view text) {
  return Reader(text).run();
}

}  // namespace longbeat::server::projection
