#include "rpc/convert_server.h"

#include <string>
#include <vector>

#include "rpc/convert_common.h"
#include "rpc/convert_registry.h"
#include "support/catch.h"
#include "support/filled_message.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

/// What `fill` leaves in a timestamp or duration.
constexpr Nanoseconds kFilled = 1s + 2ns;

}  // namespace

TEST_CASE("a namespace's description has what the answer has", "[rpc][convert][namespace]") {
  service_pb::DescribeNamespaceResponse response;
  fill(response);
  SECTION("about itself") {
    const auto info = from_proto(response);
    CHECK(info.name == "name");
    CHECK(info.id == "id");
    CHECK(info.state == 1);
    CHECK(info.description == "description");
    CHECK(info.owner_email == "owner_email");
    CHECK(info.data.at("key") == "value");
    CHECK((info.retention == kFilled));
    CHECK(info.custom_search_attribute_aliases.at("key") == "value");
    CHECK(info.blob_size_limit_error == 1);
  }
  SECTION("about clusters") {
    const auto info = from_proto(response);
    CHECK(info.active_cluster == "active_cluster_name");
    CHECK(info.clusters == Names{"cluster_name"});
    CHECK(info.failover_version == 4);
    CHECK(info.is_global_namespace);
  }
  SECTION("also states that this version does not know") {
    set_enums_to_unknown(response, 77);
    const auto info = from_proto(response);
    CHECK(info.state == 77);
  }
}

TEST_CASE("each capability of a namespace comes back as itself", "[rpc][convert][namespace]") {
  using Capabilities = temporal::api::namespace_::v1::NamespaceInfo::Capabilities;
  const std::vector<std::pair<void (Capabilities::*)(bool), bool NamespaceInfo::*>> pairs = {
      {&Capabilities::set_worker_heartbeats, &NamespaceInfo::worker_heartbeats},
      {&Capabilities::set_worker_poll_complete_on_shutdown, &NamespaceInfo::worker_poll_complete_on_shutdown},
      {&Capabilities::set_worker_commands, &NamespaceInfo::worker_commands},
      {&Capabilities::set_standalone_activities, &NamespaceInfo::standalone_activities},
      {&Capabilities::set_standalone_activity_start_delay, &NamespaceInfo::standalone_activity_start_delay},
      {&Capabilities::set_standalone_activity_operator_commands, &NamespaceInfo::standalone_activity_operator_commands},
      {&Capabilities::set_standalone_activity_batch_operations, &NamespaceInfo::standalone_activity_batch_operations},
      {&Capabilities::set_poller_autoscaling, &NamespaceInfo::poller_autoscaling}};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    service_pb::DescribeNamespaceResponse response;
    (response.mutable_namespace_info()->mutable_capabilities()->*pairs[i].first)(true);
    const auto info = from_proto(response);
    for (std::size_t k = 0; k < pairs.size(); ++k) CHECK(info.*pairs[k].second == (i == k));
  }
}

TEST_CASE("an old server's namespace can do nothing and tells no retention", "[rpc][convert][namespace]") {
  const auto info = from_proto(service_pb::DescribeNamespaceResponse());
  CHECK_FALSE(info.standalone_activities);
  CHECK_FALSE(info.retention);
  CHECK(info.blob_size_limit_error == 0);
}

TEST_CASE("a task queue's description", "[rpc][convert][task_queue]") {
  SECTION("is asked for activities, and for what else is wanted") {
    DescribeTaskQueueParams params;
    params.namespace_name = "space";
    params.task_queue = "q";
    auto request = to_proto(params);
    CHECK(request.namespace_() == "space");
    CHECK(request.task_queue().name() == "q");
    CHECK(request.task_queue_type() == temporal::api::enums::v1::TASK_QUEUE_TYPE_ACTIVITY);
    CHECK_FALSE(request.report_stats());
    CHECK_FALSE(request.report_config());
    params.report_stats = true;
    CHECK(to_proto(params).report_stats());
    CHECK_FALSE(to_proto(params).report_config());
    params.report_config = true;
    CHECK(to_proto(params).report_config());
  }
  SECTION("has every field of the answer that is not outdated") {
    service_pb::DescribeTaskQueueResponse response;
    fill(response);
    const auto description = from_proto(response);
    REQUIRE(description.pollers.size() == 1);
    const auto& poller = description.pollers[0];
    CHECK(poller.identity == "identity");
    CHECK((poller.last_access_time == WallTime(kFilled)));
    CHECK(poller.rate_per_second == 3);
    CHECK((poller.deployment == DeploymentVersionFields{"deployment_name", "build_id"}));
    REQUIRE(description.stats.has_value());
    CHECK(description.stats->approximate_backlog_count == 1);
    CHECK(description.stats->approximate_backlog_age == kFilled);
    CHECK(description.stats->tasks_add_rate == 3);
    CHECK(description.stats->tasks_dispatch_rate == 4);
    CHECK(description.stats->rate_limiting_active);
    REQUIRE(description.stats_by_priority_key.size() == 1);
    CHECK(description.stats_by_priority_key.begin()->second.approximate_backlog_count == 1);
    REQUIRE(description.effective_rate_limit.has_value());
    CHECK(description.effective_rate_limit->requests_per_second == 1);
    CHECK(description.effective_rate_limit->source == 1);
    REQUIRE(description.versioning.has_value());
    CHECK((description.versioning->current_version == DeploymentVersionFields{"deployment_name", "build_id"}));
    CHECK((description.versioning->ramping_version == DeploymentVersionFields{"deployment_name", "build_id"}));
    CHECK(description.versioning->ramping_percentage == 3);
    CHECK((description.versioning->update_time == WallTime(kFilled)));
  }
  SECTION("tells who set which rate, and why") {
    service_pb::DescribeTaskQueueResponse response;
    fill(response);
    const auto description = from_proto(response);
    REQUIRE(description.config.has_value());
    for (const auto& limit :
         {description.config->queue_rate_limit, description.config->fairness_keys_rate_limit_default}) {
      REQUIRE(limit.has_value());
      CHECK((limit->requests_per_second == 1.0f));
      CHECK(limit->reason == "reason");
      CHECK(limit->update_identity == "update_identity");
      CHECK((limit->update_time == WallTime(kFilled)));
    }
    CHECK(description.config->fairness_weight_overrides.size() == 1);
  }
  SECTION("leaves unset what was not asked for") {
    const auto description = from_proto(service_pb::DescribeTaskQueueResponse());
    CHECK_FALSE(description.stats);
    CHECK_FALSE(description.config);
    CHECK_FALSE(description.effective_rate_limit);
    CHECK_FALSE(description.versioning);
  }
  SECTION("keeps sources that this version does not know") {
    service_pb::DescribeTaskQueueResponse response;
    fill(response);
    set_enums_to_unknown(response, 77);
    const auto description = from_proto(response);
    CHECK(description.effective_rate_limit->source == 77);
  }
}

TEST_CASE("requests about workers have every field", "[rpc][convert][workers]") {
  const auto list = to_proto(ListWorkersParams{"space", "TaskQueue = 'q'", 5, "token", true});
  CHECK(unset_fields(list) == Names{});
  CHECK(list.namespace_() == "space");
  CHECK(list.query() == "TaskQueue = 'q'");
  CHECK(list.next_page_token() == "token");
  const auto count = to_proto(CountWorkersParams{"space", "TaskQueue = 'q'", true});
  CHECK(unset_fields(count) == Names{});
  CHECK(count.query() == "TaskQueue = 'q'");
  const auto describe = to_proto(DescribeWorkerParams{"space", "key"});
  CHECK(unset_fields(describe) == Names{});
  CHECK(describe.worker_instance_key() == "key");
}

TEST_CASE("a list of workers has every field of each", "[rpc][convert][workers]") {
  service_pb::ListWorkersResponse response;
  fill(response);
  set_enums_to_unknown(response, 77);
  const auto page = from_proto(response);
  CHECK(page.next_page_token == "next_page_token");
  REQUIRE(page.workers.size() == 1);
  const auto& worker = page.workers[0];
  CHECK(worker.instance_key == "worker_instance_key");
  CHECK(worker.identity == "worker_identity");
  CHECK(worker.task_queue == "task_queue");
  CHECK(worker.host_name == "host_name");
  CHECK(worker.process_id == "process_id");
  CHECK(worker.process_key == "worker_grouping_key");
  CHECK(worker.sdk_name == "sdk_name");
  CHECK(worker.sdk_version == "sdk_version");
  CHECK(worker.status == 77);
  CHECK((worker.start_time == WallTime(kFilled)));
  CHECK((worker.deployment_version == DeploymentVersionFields{"deployment_name", "build_id"}));
}

TEST_CASE("a count of workers is a number", "[rpc][convert][workers]") {
  service_pb::CountWorkersResponse response;
  response.set_count(3);
  CHECK(from_proto(response) == 3);
}

TEST_CASE("a worker's description has every field of the answer", "[rpc][convert][workers]") {
  service_pb::DescribeWorkerResponse response;
  fill(response);
  SECTION("who it is") {
    const auto worker = from_proto(response);
    CHECK(worker.summary.instance_key == "worker_instance_key");
    CHECK(worker.summary.host_name == "host_name");
    CHECK(worker.summary.process_id == "process_id");
    CHECK(worker.summary.process_key == "worker_grouping_key");
    CHECK(worker.host_cpu_usage == 3);
    CHECK(worker.host_memory_usage == 4);
    CHECK((worker.heartbeat_time == WallTime(kFilled)));
    CHECK((worker.since_last == kFilled));
  }
  SECTION("its slots") {
    const auto worker = from_proto(response);
    for (const auto& slots :
         {worker.activity_slots, worker.local_activity_slots, worker.workflow_slots, worker.nexus_slots}) {
      REQUIRE(slots.has_value());
      CHECK(slots->available == 1);
      CHECK(slots->used == 2);
      CHECK(slots->supplier_kind == "slot_supplier_kind");
      CHECK(slots->processed == 4);
      CHECK(slots->failed == 5);
      CHECK(slots->processed_lately == 6);
      CHECK(slots->failed_lately == 7);
    }
  }
  SECTION("its pollers") {
    const auto worker = from_proto(response);
    for (const auto& pollers : {worker.activity_pollers, worker.workflow_pollers, worker.nexus_pollers}) {
      REQUIRE(pollers.has_value());
      CHECK(pollers->current == 1);
      CHECK((pollers->last_successful_poll_time == WallTime(kFilled)));
      CHECK(pollers->is_autoscaling);
    }
  }
  SECTION("each kind of slots and pollers as itself") {
    response.Clear();
    auto& beat = *response.mutable_worker_info()->mutable_worker_heartbeat();
    beat.mutable_activity_task_slots_info()->set_current_used_slots(1);
    beat.mutable_local_activity_slots_info()->set_current_used_slots(2);
    beat.mutable_workflow_task_slots_info()->set_current_used_slots(3);
    beat.mutable_nexus_task_slots_info()->set_current_used_slots(4);
    beat.mutable_activity_poller_info()->set_current_pollers(5);
    beat.mutable_workflow_poller_info()->set_current_pollers(6);
    beat.mutable_nexus_poller_info()->set_current_pollers(7);
    const auto worker = from_proto(response);
    CHECK(worker.activity_slots->used == 1);
    CHECK(worker.local_activity_slots->used == 2);
    CHECK(worker.workflow_slots->used == 3);
    CHECK(worker.nexus_slots->used == 4);
    CHECK(worker.activity_pollers->current == 5);
    CHECK(worker.workflow_pollers->current == 6);
    CHECK(worker.nexus_pollers->current == 7);
  }
  SECTION("and leaves unset what it does not tell") {
    const auto worker = from_proto(service_pb::DescribeWorkerResponse());
    CHECK_FALSE(worker.activity_slots);
    CHECK_FALSE(worker.activity_pollers);
    CHECK_FALSE(worker.since_last);
    CHECK_FALSE(worker.summary.start_time);
  }
}
