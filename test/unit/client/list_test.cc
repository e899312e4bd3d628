#include <ranges>
#include <string>
#include <vector>

#include "client_setup.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;

static_assert(std::ranges::input_range<Rows<ActivitySummary>>);

internal::ActivityPage page(const Texts& ids, std::string next_page_token) {
  internal::ActivityPage made;
  for (const auto& id : ids) {
    ActivityListRow& row = made.rows.emplace_back();
    row.activity_id = id;
    row.status = 3;
    row.search_attributes = {{"Customer", {{{"encoding", "json/plain"}, {"type", "Keyword"}}, "\"c-17\""}}};
  }
  made.next_page_token = std::move(next_page_token);
  return made;
}

}  // namespace

TEST_CASE("a list of activities", "[client][list]") {
  EagerClient setup;
  auto& lists = setup.service.lists;
  Texts ids;
  std::optional<Error> error;
  const auto read = [&](Rows<ActivitySummary> rows) {
    for (const Result<ActivitySummary>& row : rows) {
      if (row) {
        ids.push_back(row->id);
      } else {
        error = row.error();
      }
    }
  };
  SECTION("comes page by page") {
    lists.answers = {page({"a", "b"}, "more"), page({}, "still more"), page({"c"}, "")};
    read(setup.client.list({.query = "ExecutionStatus = 'Failed'", .page_size = 2}));
    CHECK(ids == Texts{"a", "b", "c"});
    CHECK(lists.seen.at(0).query == "ExecutionStatus = 'Failed'");
    CHECK(lists.seen.at(0).page_size == 2);
    CHECK(lists.seen.at(0).next_page_token.empty());
    CHECK(lists.seen.at(1).next_page_token == "more");
    CHECK(lists.seen.at(2).next_page_token == "still more");
  }
  SECTION("asks for no page before it is read, and for none that nobody reads") {
    lists.answers = {page({"a", "b"}, "more"), page({"c"}, "")};
    auto rows = setup.client.list();
    CHECK(lists.seen.empty());
    CHECK(rows.next()->value().id == "a");
    CHECK(rows.next()->value().id == "b");
    CHECK(lists.seen.size() == 1);
  }
  SECTION("may be empty") {
    lists.answers = {page({}, "")};
    read(setup.client.list());
    CHECK(ids.empty());
    CHECK_FALSE(error.has_value());
  }
  SECTION("ends with the error of a page") {
    lists.answers = {page({"a"}, "more"), refused(StatusCode::kResourceExhausted, "slower")};
    read(setup.client.list());
    CHECK(ids == Texts{"a"});
    REQUIRE(error.has_value());
    CHECK(error->code == ErrorCode::kResourceExhausted);
    CHECK(error->message == "list of activities at 127.0.0.1:7233: slower");
  }
  SECTION("shows rows typed") {
    lists.answers = {page({"a"}, "")};
    const auto row = setup.client.list().next()->value();
    CHECK(row.status == ActivityStatus::kFailed);
    CHECK(row.search_attributes.at("Customer") == SearchAttribute("c-17"));
  }
  SECTION("goes by single pages, too") {
    lists.answers = {page({"a"}, "more"), page({"b"}, "")};
    const auto first = setup.client.list_page().value();
    CHECK(first.activities.size() == 1);
    const auto second = setup.client.list_page_async({.next_page_token = first.next_page_token}).get().value();
    CHECK(second.activities.at(0).id == "b");
    CHECK(second.next_page_token.empty());
  }
  SECTION("is refused for a bad page size or query without a call") {
    CHECK(setup.client.list_page({.page_size = 0}).error().code == ErrorCode::kInvalidArgument);
    CHECK(setup.client.list_page({.query = "\xff"}).error().code == ErrorCode::kInvalidArgument);
    CHECK(lists.seen.empty());
  }
}

TEST_CASE("a count", "[client][list]") {
  EagerClient setup;
  const Payload status{{{"encoding", "json/plain"}, {"type", "Keyword"}}, "\"Running\""};
  setup.service.counts.answers = {ActivityCountFields{7, {{Payloads{status}, 4}}}};
  const auto count = setup.client.count({.query = "GROUP BY ExecutionStatus"}).value();
  CHECK(setup.service.counts.seen.at(0).query == "GROUP BY ExecutionStatus");
  CHECK(count.count == 7);
  REQUIRE(count.groups.size() == 1);
  CHECK(count.groups[0].values.at(0) == SearchAttribute("Running"));
  CHECK(count.groups[0].count == 4);
}

TEST_CASE("what the server tells of itself", "[client][server]") {
  EagerClient setup;
  auto& service = setup.service;
  SECTION("of a task queue") {
    internal::TaskQueueDescription from;
    from.pollers = {PollerFields{"w1", {}, 2.5, {}}};
    from.stats = TaskQueueStatsFields{12, 3s, 1.0F, 2.0F, true};
    from.stats_by_priority_key = {{3, TaskQueueStatsFields{12}}};
    from.effective_rate_limit = EffectiveRateLimitFields{5.0F, 2};
    service.task_queues.answers = {from, from};
    const auto shown = setup.client.describe_task_queue("billing").value();
    CHECK(shown.pollers.at(0).identity == "w1");
    CHECK(shown.stats->approximate_backlog_count == 12);
    CHECK(shown.stats->rate_limiting_active);
    CHECK(shown.stats_by_priority_key.at(3).approximate_backlog_count == 12);
    CHECK(shown.effective_rate_limit->source == RateLimitSource::kWorker);
    CHECK(service.task_queues.seen.at(0).type == kActivityTaskQueue);
    CHECK(service.task_queues.seen.at(0).report_stats);
    CHECK_FALSE(service.task_queues.seen.at(0).report_config);
    CHECK(setup.client.describe_task_queue("billing", {.report_config = true}).ok());
    CHECK(service.task_queues.seen.at(1).report_config);
    CHECK(setup.client.describe_task_queue("").error().code == ErrorCode::kInvalidArgument);
  }
  SECTION("of its workers") {
    WorkerSummaryFields one;
    one.instance_key = "key-1";
    one.status = 2;
    service.worker_lists.answers = {WorkerPage{{one}, "more"}, WorkerPage{{one}, ""}};
    std::size_t rows = 0;
    for (const Result<WorkerSummary>& worker : setup.client.list_workers({.query = "TaskQueue = 'q'"})) {
      CHECK(worker.value().worker_instance_key == "key-1");
      CHECK(to_string(worker->status) == "ShuttingDown");
      ++rows;
    }
    CHECK(rows == 2);
    service.worker_counts.answers = {StatusOr<std::int64_t>(9)};
    CHECK(setup.client.count_workers().value() == 9);
  }
  SECTION("of one worker") {
    internal::WorkerDescription from;
    from.summary.instance_key = "key-1";
    from.activity_slots = WorkerSlotsFields{7, 3, "Fixed", 100, 2, 10, 1};
    service.workers.answers = {from, refused(StatusCode::kNotFound, "Worker key-2 not found")};
    const auto shown = setup.client.describe_worker("key-1").value();
    CHECK(shown.summary.worker_instance_key == "key-1");
    CHECK(shown.activity_slots->used == 3);
    CHECK(shown.activity_slots->last_interval_failed == 1);
    CHECK_FALSE(shown.workflow_slots.has_value());
    const auto error = setup.client.describe_worker("key-2").error();
    CHECK(error.code == ErrorCode::kNotFound);
    CHECK(error.message == "describe of worker 'key-2' at 127.0.0.1:7233: Worker key-2 not found");
  }
  SECTION("of a namespace: the client's own, or another one") {
    NamespaceInfo from;
    from.name = "default";
    from.state = 1;
    from.standalone_activity_operator_commands = true;
    from.blob_size_limit_error = 2097152;
    from.retention = 24h;
    service.namespaces.answers = {from, from};
    const auto shown = setup.client.describe_namespace().value();
    CHECK(shown.state == NamespaceStatus::kRegistered);
    CHECK(shown.standalone_activity_operator_commands);
    CHECK(shown.blob_size_limit_error == 2097152);
    CHECK(shown.retention == 24h);
    CHECK(setup.client.describe_namespace({.namespace_name = "other"}).ok());
    CHECK(service.namespaces.seen == Texts{"default", "other"});
  }
  SECTION("not of a namespace whose name cannot stand in a header, which would end this process") {
    for (const char* name : {"caf\xc3\xa9", "two words", "line\n"}) {
      CAPTURE(name);
      const auto error = setup.client.describe_namespace({.namespace_name = name}).error();
      CHECK(error.code == ErrorCode::kInvalidArgument);
      CHECK_THAT(error.message, ContainsSubstring("must be printable ASCII without spaces"));
    }
    CHECK(service.namespaces.seen.empty());
  }
}
