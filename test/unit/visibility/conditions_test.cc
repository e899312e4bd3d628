#include "unit/visibility/projection_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

ActivityRow with(ActivityRow row, const std::string& name, AttributeType type, const std::string& json) {
  row.attributes.push_back({name, type, json});
  return row;
}

}  // namespace

TEST_CASE("a list holds what the query says", "[server][visibility]") {
  ProjectionRoom room;
  ActivityRow other = activity(4);
  other.type = "move";
  other.task_queue = "q2";
  other.execution_time = at(1000);
  room.put(activity(1, 100));
  room.put(activity(2, 90, kFailed));
  room.put(activity(3));
  room.put(other);
  room.put(activity(5, {}, kPaused));

  SECTION("in order: open first, then what closed last, then what started last") {
    CHECK(room.ids("") == "a5 a4 a3 a1 a2");
  }
  SECTION("by ID, run, type, queue") {
    CHECK(room.ids("ActivityId = 'a2'") == "a2");
    CHECK(room.ids("WorkflowId IN ('a2', 'a4')") == "a4 a2");
    CHECK(room.ids("`RunId` = \"run-3\"") == "a3");
    CHECK(room.ids("ActivityType = 'move'") == "a4");
    CHECK(room.ids("ActivityType != 'move' AND TaskQueue = 'q'") == "a5 a3 a1 a2");
    CHECK(room.ids("ActivityType STARTS_WITH 'mo'") == "a4");
    CHECK(room.ids("ActivityType NOT STARTS_WITH 'mo' AND ActivityId > 'a2'") == "a5 a3");
    CHECK(room.ids("ActivityId STARTS_WITH ''") == "a5 a4 a3 a1 a2");
    CHECK(room.ids("ActivityType BETWEEN 'd' AND 'z'") == "a4");
  }
  SECTION("by status, whose names are text") {
    CHECK(room.ids("ExecutionStatus = 'Running'") == "a4 a3");
    CHECK(room.ids("ExecutionStatus = 'Paused'") == "a5");
    CHECK(room.ids("ExecutionStatus != 'Running'") == "a5 a1 a2");
    CHECK(room.ids("ExecutionStatus IN ('Completed', 'Failed')") == "a1 a2");
    CHECK(room.ids("ExecutionStatus NOT IN ('Completed', 'Failed')") == "a5 a4 a3");
    CHECK(room.ids("NOT ExecutionStatus = 'Completed' AND CloseTime IS NOT NULL") == "a2");
    CHECK(room.ids("ExecutionStatus STARTS_WITH 'Pa'") == "a5");
    CHECK(room.ids("ExecutionStatus = 'ACTIVITY_EXECUTION_STATUS_FAILED'") == "a2");
    CHECK(room.ids("ExecutionStatus IS NULL") == "");
  }
  SECTION("by times") {
    CHECK(room.ids("StartTime >= '1970-01-01T00:00:03Z'") == "a5 a4 a3");
    CHECK(room.ids("StartTime BETWEEN '1970-01-01T00:00:02Z' AND '1970-01-01T00:00:03Z'") == "a3 a2");
    CHECK(room.ids("ExecutionTime > '1970-01-01T00:10:00+00:00'") == "a4");
    CHECK(room.ids("CloseTime > '1970-01-01T00:01:30Z'") == "a1");
    CHECK(room.ids("CloseTime <= 90000000000") == "a2");
    CHECK(room.ids("CloseTime IS NULL") == "a5 a4 a3");
    CHECK(room.ids("NOT CloseTime > '1970-01-01T00:01:30Z'") == "a2");
  }
  SECTION("by duration, which open ones do not have") {
    CHECK(room.ids("ExecutionDuration > '90s'") == "a1");
    CHECK(room.ids("ExecutionDuration = '00:01:28'") == "a2");
    CHECK(room.ids("ExecutionDuration < 98000000000") == "a2");
    CHECK(room.ids("ExecutionDuration IS NULL") == "a5 a4 a3");
  }
  SECTION("by numbers") {
    CHECK(room.count("StateTransitionCount = 3 AND HistorySizeBytes >= 100") == 5);
    CHECK(room.count("StateTransitionCount > 2.5") == 5);
    CHECK(room.count("HistorySizeBytes < 100") == 0);
  }
  SECTION("by any of these together") {
    CHECK(room.ids("(ActivityType = 'move' OR ExecutionStatus = 'Failed') AND NOT ActivityId = 'a9'") == "a4 a2");
    CHECK(room.ids("NOT (ActivityType = 'move' OR CloseTime IS NULL)") == "a1 a2");
  }
  SECTION("not what is another namespace's") {
    CHECK(room.try_list("", 10, "", 2).value().rows.empty());
    CHECK(room.try_count("", 2).value().count == 0);
  }
  SECTION("with everything an item shows") {
    ActivityRow row = activity(6, 60);
    row.search_attributes = "bytes";
    room.put(row);
    const ActivityRow shown = room.list("ActivityId = 'a6'").rows.at(0);
    CHECK(shown.row == 6);
    CHECK(shown.run_id == "run-6");
    CHECK(shown.type == "copy");
    CHECK(shown.task_queue == "q");
    CHECK(shown.status == kCompleted);
    CHECK(shown.start_time == at(6));
    CHECK(shown.execution_time == at(6));
    CHECK(shown.close_time == at(60));
    CHECK(shown.state_transition_count == 3);
    CHECK(shown.state_size_bytes == 100);
    CHECK(shown.search_attributes == "bytes");
    CHECK_FALSE(room.list("ActivityId = 'a3'").rows.at(0).close_time);
  }
  SECTION("no longer what was removed") {
    room.remove(3);
    CHECK(room.ids("") == "a5 a4 a1 a2");
  }
}

TEST_CASE("custom attributes of all types can be asked for", "[server][visibility]") {
  ProjectionRoom room;
  room.custom = {{"Color", AttributeType::kKeyword},   {"Note", AttributeType::kText},
                 {"Size", AttributeType::kInt},        {"Share", AttributeType::kDouble},
                 {"Ready", AttributeType::kBool},      {"Due", AttributeType::kDatetime},
                 {"Tags", AttributeType::kKeywordList}};
  ActivityRow red = activity(1);
  red = with(std::move(red), "Color", AttributeType::kKeyword, "\"red\"");
  red = with(std::move(red), "Note", AttributeType::kText, "\"The quick, brown fox\"");
  red = with(std::move(red), "Size", AttributeType::kInt, "17");
  red = with(std::move(red), "Share", AttributeType::kDouble, "0.5");
  red = with(std::move(red), "Ready", AttributeType::kBool, "true");
  red = with(std::move(red), "Due", AttributeType::kDatetime, "\"2026-01-01T00:00:00Z\"");
  red = with(std::move(red), "Tags", AttributeType::kKeywordList, R"(["a","b"])");
  room.put(red);
  room.put(with(activity(2), "Color", AttributeType::kKeyword, "\"blue\""));
  room.put(with(activity(3), "Tags", AttributeType::kKeywordList, R"(["c"])"));

  CHECK(room.ids("Color = 'red'") == "a1");
  CHECK(room.ids("Color != 'red'") == "a2");
  CHECK(room.ids("NOT Color = 'red'") == "a2");
  CHECK(room.ids("Color IN ('red', 'blue')") == "a2 a1");
  CHECK(room.ids("Color NOT IN ('red', 'green')") == "a2");
  CHECK(room.ids("Color STARTS_WITH 'b'") == "a2");
  CHECK(room.ids("Color NOT STARTS_WITH 'b'") == "a1");
  CHECK(room.ids("Color BETWEEN 'c' AND 's'") == "a1");
  CHECK(room.ids("Color IS NULL") == "a3");
  CHECK(room.ids("Color IS NOT NULL") == "a2 a1");
  CHECK(room.ids("Note = 'FOX'") == "a1");
  CHECK(room.ids("Note = 'fox dog'") == "a1");
  CHECK(room.ids("Note = 'dog'") == "");
  CHECK(room.ids("Note != 'dog'") == "a1");
  CHECK(room.ids("Note = '...'") == "");
  CHECK(room.ids("Size = 17 AND Size < 18 AND Size > 16.5") == "a1");
  CHECK(room.ids("Share >= 0.5 AND Share < 1") == "a1");
  CHECK(room.ids("Ready = true") == "a1");
  CHECK(room.ids("Ready = false") == "");
  CHECK(room.ids("Due > '2025-12-31T00:00:00Z'") == "a1");
  CHECK(room.ids("Tags = 'a'") == "a1");
  CHECK(room.ids("Tags IN ('b', 'c')") == "a3 a1");
  CHECK(room.ids("Tags != 'a'") == "a3");
  CHECK(room.ids("Tags NOT IN ('a', 'x')") == "a3");
  CHECK(room.ids("NOT Tags = 'c'") == "a1");
  CHECK(room.ids("Tags IS NULL") == "a2");
  CHECK(room.ids("Color = 'red' OR Tags = 'c'") == "a3 a1");
  CHECK(room.count("Color = 'red' AND ExecutionStatus = 'Running'") == 1);

  SECTION("until the activity is removed") {
    room.remove(1);
    CHECK(room.ids("Color IS NOT NULL") == "a2");
    room.put(activity(1));
    CHECK(room.ids("Color = 'red'") == "");
  }
  SECTION("a name of another type now does not find old values") {
    room.custom["Color"] = AttributeType::kInt;
    CHECK(room.ids("Color > 0") == "");
    CHECK(room.ids("Color IS NULL") == "a3 a2 a1");
  }
  SECTION("values of a wrong type are left out") {
    room.put(with(activity(9), "Size", AttributeType::kInt, "\"many\""));
    CHECK(room.ids("Size IS NOT NULL") == "a1");
  }
}

TEST_CASE("many rows of one attribute are found as well as few", "[server][visibility]") {
  ProjectionRoom room;
  room.custom = {{"Region", AttributeType::kKeyword}};
  std::vector<ProjectionChange> changes;
  for (std::uint64_t row = 1; row <= 25'000; ++row) {
    changes.push_back(
        {row, with(activity(row), "Region", AttributeType::kKeyword, row % 1000 == 0 ? "\"eu\"" : "\"us\""), false});
  }
  room.visibility->apply(std::move(changes));
  CHECK(room.count("Region = 'eu'") == 25);
  CHECK(room.count("Region = 'us'") == 24'975);
  CHECK(room.list("Region = 'us'", 3).rows.at(0).row == 24'999);
  CHECK(room.list("Region = 'eu'", 3).rows.at(1).row == 24'000);
}

TEST_CASE("count counts, also by status", "[server][visibility]") {
  ProjectionRoom room;
  for (std::uint64_t row = 1; row <= 10; ++row) room.put(activity(row));
  for (std::uint64_t row = 11; row <= 15; ++row) room.put(activity(row, 100));
  room.put(activity(16, 100, kTimedOut));
  CHECK(room.count("") == 16);
  CHECK(room.count("CloseTime IS NULL") == 10);
  using Groups = std::vector<std::pair<std::string, std::int64_t>>;
  const auto grouped = room.try_count("GROUP BY ExecutionStatus").value();
  CHECK(grouped.count == 16);
  CHECK(grouped.groups == Groups{{"Running", 10}, {"Completed", 5}, {"TimedOut", 1}});
  const auto some = room.try_count("ActivityId != 'a16' GROUP BY ExecutionStatus").value();
  CHECK(some.count == 15);
  CHECK(some.groups == Groups{{"Running", 10}, {"Completed", 5}});
  CHECK(room.try_count("").value().groups.empty());

  CHECK(room.try_count("GROUP BY ActivityType").error().message ==
        "invalid query: 'GROUP BY' clause is not supported for search attribute ActivityType at position 10 near "
        "\"ActivityType\"");
  CHECK_THAT(room.try_count("GROUP BY ExecutionStatus, ActivityType").error().message,
             ContainsSubstring("supports only a single field"));
  CHECK_THAT(room.refused("GROUP BY ExecutionStatus"),
             ContainsSubstring("'GROUP BY' clause is not supported in a list"));
}

TEST_CASE("a wrong query is refused with the place of the fault", "[server][visibility]") {
  ProjectionRoom room;
  room.custom = {{"Note", AttributeType::kText},        {"Ready", AttributeType::kBool},
                 {"Tags", AttributeType::kKeywordList}, {"Size", AttributeType::kInt},
                 {"Share", AttributeType::kDouble},     {"Due", AttributeType::kDatetime}};
  CHECK(room.refused("Foo = 1") == "invalid query: unknown field 'Foo' at position 1 near \"Foo\"");
  CHECK(room.refused("RunId = 'x' AND Foo IS NULL") ==
        "invalid query: unknown field 'Foo' at position 17 near \"Foo\"");
  CHECK(room.refused("activityid = 'x'") ==
        "invalid query: unknown field 'activityid' at position 1 near \"activityid\"");
  CHECK(room.refused("ActivityId = 17") ==
        "invalid query: field 'ActivityId' needs a text in quotes at position 14 near \"17\"");
  CHECK(room.refused("ExecutionStatus = 'Runing'") ==
        "invalid query: invalid value for search attribute ExecutionStatus: no status is called that at position 19 "
        "near \"'Runing'\"");
  CHECK_THAT(room.refused("ExecutionStatus = 1"), ContainsSubstring("needs the name of a status in quotes"));
  CHECK_THAT(room.refused("StartTime > 'yesterday'"), ContainsSubstring("needs a time as in"));
  CHECK_THAT(room.refused("CloseTime > true"), ContainsSubstring("needs a time as in"));
  CHECK_THAT(room.refused("ExecutionDuration > 'long'"), ContainsSubstring("needs a duration as in"));
  CHECK_THAT(room.refused("StateTransitionCount = 'x'"), ContainsSubstring("needs an integer"));
  CHECK_THAT(room.refused("StartTime STARTS_WITH '2026'"), ContainsSubstring("STARTS_WITH needs a Keyword"));
  CHECK_THAT(room.refused("ExecutionDuration STARTS_WITH '1'"), ContainsSubstring("STARTS_WITH needs a Keyword"));
  CHECK_THAT(room.refused("Note > 'a'"), ContainsSubstring("operator not supported for Text search attribute 'Note'"));
  CHECK_THAT(room.refused("Note IN ('a')"), ContainsSubstring("operator not supported for Text"));
  CHECK_THAT(room.refused("Tags STARTS_WITH 'a'"), ContainsSubstring("operator not supported for KeywordList"));
  CHECK_THAT(room.refused("Ready > true"), ContainsSubstring("operator not supported for Bool"));
  CHECK_THAT(room.refused("Ready = 'true'"), ContainsSubstring("needs true or false"));
  CHECK_THAT(room.refused("Size = 'x'"), ContainsSubstring("needs an integer"));
  CHECK_THAT(room.refused("Share = 'x'"), ContainsSubstring("needs a number"));
  CHECK_THAT(room.refused("Due = 'x'"), ContainsSubstring("needs a time as in"));
  CHECK_THAT(room.refused("ORDER BY StartTime"), ContainsSubstring("'ORDER BY' clause is not supported"));
  CHECK(room.try_count("Foo = 1").error().code == StatusCode::kInvalidArgument);
}

TEST_CASE("no text of a query becomes part of the SQL", "[server][visibility]") {
  ProjectionRoom room;
  room.custom = {{"x' OR 1=1 --", AttributeType::kKeyword}, {"a\"; DROP TABLE activity; --", AttributeType::kInt}};
  room.put(activity(1));
  CHECK(room.ids("ActivityId = 'x'' OR 1=1 --'") == "");
  CHECK(room.ids("`x' OR 1=1 --` = 'y'") == "");
  CHECK(room.ids("`a\"; DROP TABLE activity; --` = 1") == "");
  CHECK(room.ids("ActivityType STARTS_WITH '%'") == "");
  CHECK(room.ids("") == "a1");
}

TEST_CASE("the largest query that is read can be answered", "[server][visibility]") {
  ProjectionRoom room;
  room.custom = {{"Color", AttributeType::kKeyword}};
  room.put(activity(1));
  std::string many = "ActivityId = 'a1'";
  for (int i = 1; i < 500; ++i) many += i % 2 == 0 ? " OR Color != 'x'" : " OR ActivityId = 'b'";
  CHECK(room.ids(many) == "a1");
  CHECK(room.ids("NOT (" + many + ")") == "");
  std::string list = "ActivityId IN ('a1'";
  for (int i = 1; i < 5'000; ++i) list += ",'b'";
  CHECK(room.ids(list + ")") == "a1");
}
