#include "base/random.h"

#include "unit/visibility/projection_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

/// Sentences of the language, most of them sound: each is answered or refused as INVALID_ARGUMENT, never anything else.
TEST_CASE("every query that can be read is answered or refused", "[server][visibility]") {
  static const std::vector<std::string> kFields{"ActivityId",
                                                "RunId",
                                                "ActivityType",
                                                "ExecutionStatus",
                                                "TaskQueue",
                                                "StartTime",
                                                "CloseTime",
                                                "ExecutionDuration",
                                                "StateTransitionCount",
                                                "Color",
                                                "Note",
                                                "Size",
                                                "Share",
                                                "Ready",
                                                "Due",
                                                "Tags",
                                                "Unknown"};
  static const std::vector<std::string> kValues{
      "'a1'",   "'Running'", "'Completed'",         "17",   "-0.5", "true", "'1h'", "'2026-01-01T00:00:00Z'",
      "'\xff'", "''",        "9223372036854775807", "'fox'"};
  ProjectionRoom room;
  room.custom = {{"Color", AttributeType::kKeyword},   {"Note", AttributeType::kText},
                 {"Size", AttributeType::kInt},        {"Share", AttributeType::kDouble},
                 {"Ready", AttributeType::kBool},      {"Due", AttributeType::kDatetime},
                 {"Tags", AttributeType::kKeywordList}};
  for (std::uint64_t row = 1; row <= 30; ++row) {
    ActivityRow one = activity(row, row % 2 == 0 ? std::optional<std::int64_t>(100) : std::nullopt);
    one.attributes.push_back({"Color", AttributeType::kKeyword, "\"red\""});
    one.attributes.push_back({"Tags", AttributeType::kKeywordList, R"(["a1","fox"])"});
    room.put(one);
  }
  longbeat::internal::Random random(7);
  const auto pick = [&](const std::vector<std::string>& from) { return from[random.next() % from.size()]; };
  const auto condition = [&] {
    const std::string field = pick(kFields);
    switch (random.next() % 6) {
      case 0:
        return field + (random.next() % 2 == 0 ? " IN (" : " NOT IN (") + pick(kValues) + "," + pick(kValues) + ")";
      case 1:
        return field + (random.next() % 2 == 0 ? " BETWEEN " : " NOT BETWEEN ") + pick(kValues) + " AND " +
               pick(kValues);
      case 2:
        return field + (random.next() % 2 == 0 ? " IS NULL" : " IS NOT NULL");
      case 3:
        return field + (random.next() % 2 == 0 ? " STARTS_WITH " : " NOT STARTS_WITH ") + pick(kValues);
      default:
        return field + pick({" = ", " != ", " < ", " <= ", " > ", " >= "}) + pick(kValues);
    }
  };
  std::size_t answered = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string query = condition();
    for (std::uint64_t more = random.next() % 4; more > 0; --more) {
      query = (random.next() % 3 == 0 ? "NOT (" : "(") + query + ")" + pick({" AND ", " OR "}) + condition();
    }
    INFO(query);
    const auto page = room.try_list(query, 5);
    if (!page) {
      CHECK(page.error().code == StatusCode::kInvalidArgument);
      CHECK_THAT(page.error().message, ContainsSubstring("at position"));
      continue;
    }
    ++answered;
    // The same through another door.
    const auto all = room.try_list(query, 1000).value();
    CHECK(room.count(query) == static_cast<std::int64_t>(all.rows.size()));
    if (!page->next_page_token.empty()) CHECK(room.try_list(query, 5, page->next_page_token));
  }
  CHECK(answered > 300);
}
