#include <algorithm>
#include <initializer_list>
#include <utility>

#include "query/lexer.h"

namespace longbeat::server::query {
namespace {

using Kind = Token::Kind;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

const std::initializer_list<std::string_view> kKeywords{
    "and", "or", "not", "in", "between", "is", "null", "starts_with", "true", "false", "group", "order", "by", "limit"};

/// Recursive descent, one function per level: or, and, not, condition.
class Parser {
 public:
  Parser(std::vector<Token> tokens, const Limits& limits) : tokens_(std::move(tokens)), limits_(limits) {}

  StatusOr<Query> run() {
    Query query;
    if (!at_end() && !is_clause()) {
      auto where = disjunction();
      if (!where) return where.error();
      query.where = std::move(*where);
    }
    if (take("group")) {
      if (auto ok = groups(query); !ok) return ok.error();
    }
    if (is("order")) return here("'ORDER BY' clause is not supported");
    if (is("limit")) return here("'LIMIT' clause is not supported");
    if (!at_end()) return here("expected AND, OR or the end of the query");
    return query;
  }

 private:
  const Token& token() const { return tokens_[next_]; }
  bool at_end() const { return token().kind == Kind::kEnd; }
  bool is(std::string_view keyword) const { return token().kind == Kind::kName && lower(token().text) == keyword; }
  bool is_symbol(std::string_view symbol) const { return token().kind == Kind::kSymbol && token().text == symbol; }
  bool is_clause() const { return is("group") || is("order") || is("limit"); }
  bool take(std::string_view keyword) {
    if (!is(keyword)) return false;
    ++next_;
    return true;
  }
  bool take_symbol(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    ++next_;
    return true;
  }
  Status here(const std::string& what) const { return refusal(what, token().place); }

  StatusOr<> groups(Query& query) {
    if (!take("by")) return here("expected BY");
    do {
      auto name = field();
      if (!name) return name.error();
      query.group_by.push_back(std::move(*name));
      if (query.group_by.size() > limits_.conditions_max) return here("too many fields");
    } while (take_symbol(","));
    return {};
  }

  template <class Many, class Part>
  StatusOr<Expression> chain(std::string_view keyword, Part part) {
    auto first = part();
    if (!first || !is(keyword)) return first;
    Many many;
    many.operands.push_back(std::move(*first));
    while (take(keyword)) {
      auto another = part();
      if (!another) return another;
      many.operands.push_back(std::move(*another));
    }
    return Expression{std::move(many)};
  }
  StatusOr<Expression> disjunction() {
    return chain<Or>("or", [this] { return conjunction(); });
  }
  StatusOr<Expression> conjunction() {
    return chain<And>("and", [this] { return negation(); });
  }

  StatusOr<Expression> negation() {
    const bool negated = is("not");
    if (!negated && !is_symbol("(")) return condition();
    if (depth_ == limits_.depth_max) {
      return here("more than " + std::to_string(limits_.depth_max) + " parentheses or NOTs inside each other");
    }
    ++next_;
    ++depth_;
    auto inner = negated ? negation() : disjunction();
    --depth_;
    if (!inner) return inner;
    if (!negated) {
      if (!take_symbol(")")) return here("expected AND, OR or )");
      return inner;
    }
    Not outer;
    outer.operands.push_back(std::move(*inner));
    return Expression{std::move(outer)};
  }

  StatusOr<Expression> condition() {
    if (++conditions_ > limits_.conditions_max) {
      return here("more than " + std::to_string(limits_.conditions_max) + " conditions");
    }
    auto name = field();
    if (!name) return name.error();
    if (token().kind == Kind::kSymbol && !is_symbol("(") && !is_symbol(")") && !is_symbol(",")) {
      return comparison(std::move(*name));
    }
    if (take("is")) {
      const bool negated = take("not");
      if (!take("null")) return here("expected NULL");
      return Expression{NullTest{std::move(*name), negated}};
    }
    const bool negated = take("not");
    if (take("in")) return membership(std::move(*name), negated);
    if (take("between")) return range(std::move(*name), negated);
    if (take("starts_with")) {
      auto prefix = literal();
      if (!prefix) return prefix.error();
      return Expression{Prefix{std::move(*name), negated, std::move(*prefix)}};
    }
    return here(negated ? "expected IN, BETWEEN or STARTS_WITH" : "expected an operator");
  }

  StatusOr<Expression> comparison(Field name) {
    static constexpr std::pair<std::string_view, CompareOp> kOperators[] = {
        {"=", CompareOp::kEqual},        {"!=", CompareOp::kNotEqual}, {"<", CompareOp::kLess},
        {"<=", CompareOp::kLessOrEqual}, {">", CompareOp::kGreater},   {">=", CompareOp::kGreaterOrEqual}};
    const auto* found =
        std::ranges::find(kOperators, std::string_view(token().text), &std::pair<std::string_view, CompareOp>::first);
    ++next_;
    auto value = literal();
    if (!value) return value.error();
    return Expression{Comparison{std::move(name), found->second, std::move(*value)}};
  }

  StatusOr<Expression> membership(Field name, bool negated) {
    if (!take_symbol("(")) return here("expected (");
    Membership in{std::move(name), negated, {}};
    do {
      auto value = literal();
      if (!value) return value.error();
      in.values.push_back(std::move(*value));
    } while (take_symbol(","));
    if (!take_symbol(")")) return here("expected , or )");
    return Expression{std::move(in)};
  }

  StatusOr<Expression> range(Field name, bool negated) {
    auto low = literal();
    if (!low) return low.error();
    if (!take("and")) return here("expected AND");
    auto high = literal();
    if (!high) return high.error();
    return Expression{Range{std::move(name), negated, std::move(*low), std::move(*high)}};
  }

  StatusOr<Field> field() {
    const Token& name = token();
    const bool bare =
        name.kind == Kind::kName && std::ranges::find(kKeywords, std::string_view(lower(name.text))) == kKeywords.end();
    if (!bare && name.kind != Kind::kQuotedName) return here("expected a field name");
    if (name.text.empty()) return here("empty field name");
    ++next_;
    return Field{name.text, name.place};
  }

  StatusOr<Literal> literal() {
    if (++literals_ > limits_.literals_max)
      return here("more than " + std::to_string(limits_.literals_max) + " values");
    Literal value{{}, token().place};
    if (token().kind == Kind::kString) {
      value.value = token().text;
    } else if (token().kind == Kind::kInteger) {
      value.value = token().integer;
    } else if (token().kind == Kind::kNumber) {
      value.value = token().number;
    } else if (is("true") || is("false")) {
      value.value = is("true");
    } else {
      return here("expected a value (a string in quotes, a number, true or false)");
    }
    ++next_;
    return value;
  }

  std::vector<Token> tokens_;
  const Limits& limits_;
  std::size_t next_ = 0;
  std::size_t depth_ = 0, conditions_ = 0, literals_ = 0;
};

}  // namespace

Status refusal(const std::string& what, const Place& place) {
  const std::string near = place.text.empty() ? " (the end)" : " near \"" + place.text + "\"";
  return internal::invalid_argument("invalid query: " + what + " at position " + std::to_string(place.at + 1) + near);
}

StatusOr<Query> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes_max) {
    return internal::invalid_argument("invalid query: it has " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(limits.bytes_max) + " are allowed");
  }
  auto tokens = tokens_of(text);
  if (!tokens) return tokens.error();
  return Parser(std::move(*tokens), limits).run();
}

}  // namespace longbeat::server::query
