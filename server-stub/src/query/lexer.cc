#include "query/lexer.h"

#include <charconv>
#include <cmath>

namespace longbeat::server::query {
namespace {

constexpr std::size_t kShownBytes = 40;  // Of a token, in an error.

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
  return begins_name(c) || is_digit(c) || c == '.' || c == '$';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '0':
      return '\0';
    default:
      return c;
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  StatusOr<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      auto token = next();
      if (!token) return token.error();
      tokens.push_back(std::move(*token));
      if (tokens.back().kind == Token::Kind::kEnd) return tokens;
    }
  }

 private:
  StatusOr<Token> next() {
    const std::size_t begin = at_;
    if (at_ == text_.size()) return Token{Token::Kind::kEnd, "", 0, 0, {begin, ""}};
    const char c = text_[at_];
    if (begins_name(c)) {
      while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
      return Token{Token::Kind::kName, std::string(text_.substr(begin, at_ - begin)), 0, 0, place(begin)};
    }
    if (c == '\'' || c == '"') return quoted(Token::Kind::kString, "string", true);
    if (c == '`') return quoted(Token::Kind::kQuotedName, "name", false);
    if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && at_ + 1 < text_.size() &&
                        (is_digit(text_[at_ + 1]) || text_[at_ + 1] == '.'))) {
      return number();
    }
    return symbol();
  }

  StatusOr<Token> quoted(Token::Kind kind, const char* what, bool escapes) {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::string value;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (escapes && c == '\\' && at_ + 1 < text_.size()) {
        value += unescaped(text_[++at_]);
      } else if (c != quote) {
        value += c;
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        value += text_[++at_];  // Doubled: stands for itself.
      } else {
        ++at_;
        return Token{kind, std::move(value), 0, 0, place(begin)};
      }
    }
    return refusal(std::string(what) + " without its closing quote", place(begin));
  }

  StatusOr<Token> number() {
    const std::size_t begin = at_;
    bool integral = true;
    if (text_[at_] == '-' || text_[at_] == '+') ++at_;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      const bool exponent = c == 'e' || c == 'E';
      const bool sign = (c == '-' || c == '+') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
      if (!is_digit(c) && c != '.' && !exponent && !sign) break;
      if (!is_digit(c)) integral = false;
    }
    Token token{Token::Kind::kInteger, "", 0, 0, place(begin)};
    std::string_view digits = text_.substr(begin, at_ - begin);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const char* const end = digits.data() + digits.size();
    const bool stuck = at_ < text_.size() && continues_name(text_[at_]);  // "12abc"
    if (integral && !stuck) {
      const auto parsed = std::from_chars(digits.data(), end, token.integer);
      if (parsed.ec == std::errc() && parsed.ptr == end) return token;
    }
    token.kind = Token::Kind::kNumber;
    const auto parsed = std::from_chars(digits.data(), end, token.number);
    if (stuck || parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(token.number)) {
      while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
      return refusal("not a number", place(begin));
    }
    return token;
  }

  StatusOr<Token> symbol() {
    const std::size_t begin = at_;
    for (const std::string_view two : {"!=", "<=", ">=", "<>", "=="}) {
      if (!text_.substr(at_).starts_with(two)) continue;
      at_ += 2;
      const std::string_view meaning = two == "<>" ? "!=" : two == "==" ? "=" : two;
      return Token{Token::Kind::kSymbol, std::string(meaning), 0, 0, place(begin)};
    }
    ++at_;
    if (std::string_view("=<>(),").find(text_[begin]) == std::string_view::npos) {
      return refusal("unexpected character", place(begin));
    }
    return Token{Token::Kind::kSymbol, std::string(1, text_[begin]), 0, 0, place(begin)};
  }

  Place place(std::size_t begin) const {
    const std::size_t size = at_ - begin;
    std::string shown(text_.substr(begin, std::min(size, kShownBytes)));
    if (size > kShownBytes) shown += "...";
    // Goes into a status message, which must be UTF-8 and readable: what is not plain text is left out.
    for (char& c : shown) {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    }
    return {begin, std::move(shown)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

StatusOr<std::vector<Token>> tokens_of(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace longbeat::server::query
