#include "conformance/operations.h"

// Stock clients still use what is deprecated.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

using namespace longbeat::test;
using Describe = service::DescribeTaskQueueRequest;
using Described = service::DescribeTaskQueueResponse;

namespace {

Describe describe_of(const Conformance& t, enums::TaskQueueType type = enums::TASK_QUEUE_TYPE_ACTIVITY) {
  Describe request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name(t.queue);
  request.set_task_queue_type(type);
  return request;
}

Described described(const Conformance& t, const Describe& request) {
  return ask<Described>(t, "DescribeTaskQueue", request);
}

/// What it says once that fits: a server may count behind.
template <class Fits>
Described described_when(const Conformance& t, const Describe& request, const Fits& fits) {
  Described now;
  CHECK(eventually([&] {
    now = described(t, request);
    return fits(now);
  }));
  return now;
}

}  // namespace

TEST_CASE("a task queue tells who polls it", "[conformance][queue]") {
  Conformance t;
  started(t);
  t.poll();
  const auto now = described(t, describe_of(t));
  REQUIRE(now.pollers_size() == 1);
  CHECK(now.pollers(0).identity() == "conformance-worker");
  CHECK(now.pollers(0).has_last_access_time());
  CHECK_FALSE(now.has_stats());
  CHECK_FALSE(now.has_task_queue_status());
}

TEST_CASE("a task queue tells what waits in it, by priority", "[conformance][queue]") {
  Conformance t;
  started(t, [](auto& r) { r.mutable_priority()->set_priority_key(1); });
  started(t);
  started(t);
  auto request = describe_of(t);
  request.set_report_stats(true);
  const auto now =
      described_when(t, request, [](const auto& told) { return told.stats().approximate_backlog_count() == 3; });
  CHECK(now.stats().has_approximate_backlog_age());
  REQUIRE(now.stats_by_priority_key().contains(1));
  REQUIRE(now.stats_by_priority_key().contains(3));
  CHECK(now.stats_by_priority_key().at(1).approximate_backlog_count() == 1);
  CHECK(now.stats_by_priority_key().at(3).approximate_backlog_count() == 2);
}

TEST_CASE("a task queue answers in the enhanced mode of the command line tool", "[conformance][queue]") {
  Conformance t;
  started(t);
  started(t);
  t.poll();
  auto request = describe_of(t, enums::TASK_QUEUE_TYPE_UNSPECIFIED);
  request.set_api_mode(enums::DESCRIBE_TASK_QUEUE_MODE_ENHANCED);
  for (const auto type :
       {enums::TASK_QUEUE_TYPE_WORKFLOW, enums::TASK_QUEUE_TYPE_ACTIVITY, enums::TASK_QUEUE_TYPE_NEXUS}) {
    request.add_task_queue_types(type);
  }
  request.set_report_pollers(true);
  request.set_report_stats(true);
  const auto activities_in = [](const Described& told) {
    return told.versions_info().at("").types_info().at(enums::TASK_QUEUE_TYPE_ACTIVITY);
  };
  // Temporal's may count the one that has been taken, too.
  const auto now = described_when(t, request, [&](const auto& told) {
    const auto count = activities_in(told).stats().approximate_backlog_count();
    return count == 1 || (!own_server() && count == 2);
  });
  const auto& types = now.versions_info().at("").types_info();
  const auto activities = activities_in(now);
  REQUIRE(activities.pollers_size() == 1);
  CHECK(activities.pollers(0).identity() == "conformance-worker");
  REQUIRE(types.contains(enums::TASK_QUEUE_TYPE_WORKFLOW));
  CHECK(types.at(enums::TASK_QUEUE_TYPE_WORKFLOW).pollers_size() == 0);
}

TEST_CASE("a task queue answers in the legacy mode", "[conformance][queue]") {
  Conformance t;
  started(t);
  auto request = describe_of(t);
  request.set_include_task_queue_status(true);
  const auto now =
      described_when(t, request, [](const auto& told) { return told.task_queue_status().backlog_count_hint() == 1; });
  // Types that are not served are empty, not an error; no type means workflows.
  for (const auto type :
       {enums::TASK_QUEUE_TYPE_UNSPECIFIED, enums::TASK_QUEUE_TYPE_WORKFLOW, enums::TASK_QUEUE_TYPE_NEXUS}) {
    auto other = describe_of(t, type);
    other.set_include_task_queue_status(true);
    other.set_report_stats(true);
    const auto answer = described(t, other);
    CHECK(answer.pollers().empty());
    CHECK(answer.has_task_queue_status());
    CHECK(answer.stats().approximate_backlog_count() == 0);
  }
}

TEST_CASE("a task queue nobody has used is described too", "[conformance][queue]") {
  Conformance t;
  auto request = describe_of(t);
  request.set_report_stats(true);
  request.set_report_config(true);
  const auto now = described(t, request);
  CHECK(now.pollers().empty());
  CHECK(now.stats().approximate_backlog_count() == 0);
}

TEST_CASE("fairness weights are set and unset", "[conformance][queue]") {
  Conformance t;
  service::UpdateTaskQueueConfigRequest request;
  request.set_namespace_("default");
  request.set_task_queue(t.queue);
  request.set_task_queue_type(enums::TASK_QUEUE_TYPE_ACTIVITY);
  (*request.mutable_set_fairness_weight_overrides())["big"] = 5;
  (*request.mutable_set_fairness_weight_overrides())["small"] = 0.5F;
  const auto update = [&] {
    return ask<service::UpdateTaskQueueConfigResponse>(t, "UpdateTaskQueueConfig", request).config();
  };
  CHECK(update().fairness_weight_overrides().at("big") == 5);
  request.clear_set_fairness_weight_overrides();
  request.add_unset_fairness_weight_overrides("big");
  const auto left = update().fairness_weight_overrides();
  CHECK_FALSE(left.contains("big"));
  CHECK(left.at("small") == 0.5F);
}

TEST_CASE("a description of no task queue is refused", "[conformance][queue]") {
  Conformance t;
  auto request = describe_of(t);
  request.mutable_task_queue()->clear_name();
  check_invalid(tell(t, "DescribeTaskQueue", request));
  request.clear_task_queue();
  check_invalid(tell(t, "DescribeTaskQueue", request));
  request = describe_of(t);
  request.clear_namespace_();
  check_invalid(tell(t, "DescribeTaskQueue", request), "Namespace");
}
