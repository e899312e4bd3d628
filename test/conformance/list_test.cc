#include "conformance/operations.h"

using namespace longbeat::test;
using List = service::ListActivityExecutionsRequest;
using Listed = service::ListActivityExecutionsResponse;
using Count = service::CountActivityExecutionsRequest;
using Counted = service::CountActivityExecutionsResponse;

namespace {

template <class Request>
Request query_of(const std::string& query) {
  Request request;
  request.set_namespace_("default");
  request.set_query(query);
  return request;
}

/// What is listed of this test's own queue.
class OwnQueue : public Conformance {
 public:
  std::string own(const std::string& condition) const {
    return "TaskQueue = '" + queue + "'" + (condition.empty() ? "" : " AND (" + condition + ")");
  }
  Listed list(const std::string& condition = "") const {
    return ask<Listed>(*this, "ListActivityExecutions", query_of<List>(own(condition)));
  }
  std::int64_t count(const std::string& condition = "") const {
    return ask<Counted>(*this, "CountActivityExecutions", query_of<Count>(own(condition))).count();
  }
  /// As late as a list may be.
  bool becomes(std::int64_t expected, const std::string& condition) const {
    return eventually([&] { return count(condition) == expected; }, 4s);
  }
};

}  // namespace

TEST_CASE("a list tells what a description tells", "[conformance][list]") {
  OwnQueue t;
  const std::string id = started(t, [](auto& r) { r.mutable_start_delay()->set_seconds(60); });
  REQUIRE(t.becomes(1, ""));
  const auto open = t.list();
  REQUIRE(open.executions_size() == 1);
  CHECK(open.next_page_token().empty());
  const auto info = t.describe(id).info();
  const auto& item = open.executions(0);
  CHECK(item.activity_id() == id);
  CHECK(item.run_id() == info.run_id());
  CHECK(item.activity_type().name() == "greet");
  CHECK(item.task_queue() == t.queue);
  CHECK(item.status() == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);
  CHECK(item.schedule_time().seconds() == info.schedule_time().seconds());
  CHECK(item.execution_time().seconds() == info.execution_time().seconds());
  CHECK(item.has_search_attributes());
  CHECK_FALSE((item.has_close_time() || item.has_execution_duration()));

  REQUIRE(pause(t, id).ok());
  REQUIRE(t.becomes(1, "ExecutionStatus = 'Paused'"));
  CHECK(t.list().executions(0).status() == enums::ACTIVITY_EXECUTION_STATUS_PAUSED);
  REQUIRE(t.cancel(id, "enough").ok());
  REQUIRE(t.becomes(1, "ExecutionStatus = 'Canceled'"));
  const auto closed = t.list().executions(0);
  CHECK((closed.has_close_time() && closed.has_execution_duration()));
  const auto late = [](const auto& time) { return time.seconds() * 1'000 + time.nanos() / 1'000'000; };
  CHECK(std::abs(late(closed.close_time()) - late(t.describe(id).info().close_time())) <= 1);
}

TEST_CASE("queries select", "[conformance][list]") {
  OwnQueue t;
  const std::string done = started(t);
  REQUIRE(t.complete(t.poll().task_token(), "x").ok());
  const std::string open = started(t, [](auto& r) { r.mutable_activity_type()->set_name("other"); });
  const auto run = t.describe(open).run_id();
  REQUIRE(t.becomes(2, ""));
  REQUIRE(t.becomes(1, "ExecutionStatus = 'Completed'"));
  const std::vector<std::pair<std::string, std::int64_t>> cases{
      {"ActivityId = '" + done + "'", 1},
      {"WorkflowId = '" + done + "'", 1},
      {"RunId = \"" + run + "\"", 1},
      {"ActivityType IN ('greet', 'nothing')", 1},
      {"ActivityType NOT IN ('greet')", 1},
      {"ExecutionStatus != 'Running'", 1},
      {"`ExecutionStatus` = 'Running' OR ExecutionStatus = 'Completed'", 2},
      {"NOT ExecutionStatus = 'Running'", 1},
      {"CloseTime IS NULL", 1},
      {"CloseTime IS NOT NULL", 1},
      {"StartTime > '2020-01-01T00:00:00Z'", 2},
      {"StartTime BETWEEN '2020-01-01T00:00:00Z' AND '2021-01-01T00:00:00Z'", 0},
      {"StartTime < '2020-01-01T00:00:00+02:00'", 0},
      {"ActivityId STARTS_WITH 'activity-'", 2},
      {"ActivityId NOT STARTS_WITH 'activity-'", 0},
      {"ExecutionDuration >= 0", 1},
      {"ExecutionDuration < '1h30m'", 1},
      {"ExecutionDuration < '01:30:00'", 1},
      {"ExecutionTime IS NOT NULL", 2},
      // Temporal's counts nothing before the end, and no bytes at all.
      {"StateTransitionCount > 0", own_server() ? 2 : 1},
      {"HistorySizeBytes > 0", own_server() ? 2 : 0},
  };
  for (const auto& [condition, expected] : cases) {
    CAPTURE(condition);
    CHECK(t.count(condition) == expected);
    CHECK(t.list(condition).executions_size() == expected);
  }
}

TEST_CASE("counts are grouped by status", "[conformance][list]") {
  OwnQueue t;
  started(t);
  REQUIRE(t.complete(t.poll().task_token(), "x").ok());
  started(t);
  started(t);
  REQUIRE(t.becomes(3, ""));
  REQUIRE(t.becomes(1, "ExecutionStatus = 'Completed'"));
  const auto groups =
      ask<Counted>(t, "CountActivityExecutions", query_of<Count>(t.own("") + " GROUP BY ExecutionStatus"));
  CHECK(groups.count() == 3);
  std::map<std::string, std::int64_t> by_status;
  for (const auto& group : groups.groups()) {
    REQUIRE(group.group_values_size() == 1);
    CHECK(group.group_values(0).metadata().at("encoding") == "json/plain");
    CHECK(group.group_values(0).metadata().at("type") == "Keyword");
    by_status[group.group_values(0).data()] = group.count();
  }
  CHECK(by_status == std::map<std::string, std::int64_t>{{"\"Running\"", 2}, {"\"Completed\"", 1}});
}

TEST_CASE("pages follow one another, also while more is written", "[conformance][list]") {
  OwnQueue t;
  std::set<std::string> expected;
  for (int i = 0; i < 7; ++i) expected.insert(started(t));
  REQUIRE(t.becomes(7, ""));
  auto request = query_of<List>(t.own(""));
  request.set_page_size(3);
  std::vector<std::string> seen;
  for (int page = 0; page < 5; ++page) {
    const auto listed = ask<Listed>(t, "ListActivityExecutions", request);
    CHECK(listed.executions_size() <= 3);
    for (const auto& item : listed.executions()) seen.push_back(item.activity_id());
    if (page == 0) started(t);
    request.set_next_page_token(listed.next_page_token());
    if (request.next_page_token().empty()) break;
  }
  CHECK(request.next_page_token().empty());
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == seen.size());
  for (const std::string& id : expected) CHECK(std::count(seen.begin(), seen.end(), id) == 1);
}

TEST_CASE("what is open is listed first, then what closed last", "[conformance][list]") {
  OwnQueue t;
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(started(t));
    if (i < 2) REQUIRE(t.complete(t.poll().task_token(), "x").ok());
  }
  REQUIRE(t.becomes(2, "CloseTime IS NOT NULL"));
  REQUIRE(t.becomes(3, ""));
  const auto listed = t.list();
  REQUIRE(listed.executions_size() == 3);
  CHECK(listed.executions(0).activity_id() == ids[2]);
  CHECK(listed.executions(1).activity_id() == ids[1]);
  CHECK(listed.executions(2).activity_id() == ids[0]);
}

TEST_CASE("what cannot be meant is refused", "[conformance][list]") {
  if (!only_own_server("Temporal's finds nothing, ignores it, or asks to try again")) return;
  Conformance t;
  check_invalid(tell(t, "CountActivityExecutions", query_of<Count>("ExecutionStatus = 'Sleeping'")));
  check_invalid(tell(t, "ListActivityExecutions", query_of<List>("ExecutionStatus = 'Sleeping'")));
  check_invalid(tell(t, "ListActivityExecutions", query_of<List>("GROUP BY ExecutionStatus")));
  auto request = query_of<List>("");
  request.set_next_page_token("garbage");
  check_invalid(tell(t, "ListActivityExecutions", request));
}

TEST_CASE("queries that make no sense are refused", "[conformance][list]") {
  Conformance t;
  for (const char* query :
       {"Nonsense = 1", "((", "ActivityId", "ActivityId = ", "ActivityId = 'x", "StartTime = 'yesterday'",
        "ActivityId = 'x' ORDER BY StartTime", "ActivityId = 'x' LIMIT 3", "1 = 1", "StateTransitionCount = 'many'",
        "DROP TABLE activities", "ActivityId = 'x' GROUP BY TaskQueue"}) {
    CAPTURE(query);
    check_invalid(tell(t, "CountActivityExecutions", query_of<Count>(query)));
    check_invalid(tell(t, "ListActivityExecutions", query_of<List>(query)));
  }
  check_invalid(tell(t, "CountActivityExecutions", query_of<Count>("GROUP BY TaskQueue")),
                "'GROUP BY' clause is not supported for search attribute");
  auto request = query_of<List>("");
  request.clear_namespace_();
  check_invalid(tell(t, "ListActivityExecutions", request), "Namespace");
  // A page size out of range is the largest.
  for (const int size : {-1, 0, 1'000'000}) {
    request = query_of<List>("ActivityId = 'nothing'");
    request.set_page_size(size);
    CHECK(tell(t, "ListActivityExecutions", request).ok());
  }
}
