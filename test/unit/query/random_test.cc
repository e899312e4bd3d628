#include "base/random.h"

#include "query/matches.h"
#include "support/catch.h"

using namespace longbeat::server::query;

/// Pieces of queries in any order: most are wrong, none may do harm, and every error names a place.
TEST_CASE("no text makes the parser stumble", "[server][query]") {
  static const std::vector<std::string> kPieces{"A",
                                                "Name",
                                                "=",
                                                "!=",
                                                "<",
                                                ">=",
                                                "<>",
                                                "IN",
                                                "NOT",
                                                "BETWEEN",
                                                "AND",
                                                "OR",
                                                "IS",
                                                "NULL",
                                                "(",
                                                ")",
                                                ",",
                                                "'x'",
                                                "\"",
                                                "'",
                                                "`",
                                                "`b`",
                                                "17",
                                                "-1.5",
                                                "true",
                                                "STARTS_WITH",
                                                "GROUP",
                                                "BY",
                                                "ORDER",
                                                "\\",
                                                "1e999",
                                                "-",
                                                "%",
                                                "\n",
                                                "\t",
                                                "\xff",
                                                "9999999999999999999999",
                                                "''",
                                                "1h30m",
                                                "2026-01-01T00:00:00Z",
                                                ".",
                                                "é",
                                                "=="};
  longbeat::internal::Random random(20260101);
  std::size_t accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    const std::uint64_t pieces = random.next() % 12;
    for (std::uint64_t i = 0; i < pieces; ++i) {
      text += kPieces[random.next() % kPieces.size()];
      if (random.next() % 3 != 0) text += " ";
    }
    if (random.next() % 8 == 0 && !text.empty()) text[random.next() % text.size()] = static_cast<char>(random.next());
    const auto query = parse(text);
    if (!query) {
      INFO(text);
      CHECK_THAT(query.error().message, ContainsSubstring("at position"));
      continue;
    }
    ++accepted;
    if (query->where) {
      matches(*query->where, [&](const std::string&) { return Value(static_cast<std::int64_t>(random.next())); });
    }
  }
  CHECK(accepted > 100);
}
