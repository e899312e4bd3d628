#include "conformance/operations.h"

// Stock clients still read what is deprecated.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

using namespace longbeat::test;

namespace {

using Beat = temporal::api::worker::v1::WorkerHeartbeat;

/// Workers of one test: their task queue is its own.
class Workers : public Conformance {
 public:
  Beat beat(const std::string& key) const {
    Beat beat;
    beat.set_worker_instance_key(key);
    beat.set_worker_identity("identity of " + key);
    beat.mutable_host_info()->set_host_name("host-1");
    beat.mutable_host_info()->set_process_id("77");
    beat.mutable_host_info()->set_worker_grouping_key("group");
    beat.set_task_queue(queue);
    beat.set_sdk_name("sdk");
    beat.set_sdk_version("1.2.3");
    beat.set_status(enums::WORKER_STATUS_RUNNING);
    beat.mutable_start_time()->set_seconds(1'700'000'000);
    beat.mutable_activity_task_slots_info()->set_current_available_slots(5);
    return beat;
  }
  grpc::Status record(std::initializer_list<Beat> beats) const {
    service::RecordWorkerHeartbeatRequest request;
    request.set_namespace_("default");
    request.set_identity("a process");
    for (const Beat& beat : beats) *request.add_worker_heartbeat() = beat;
    return tell(*this, "RecordWorkerHeartbeat", request);
  }
  std::string own(const std::string& condition) const {
    return "TaskQueue = '" + queue + "'" + (condition.empty() ? "" : " AND " + condition);
  }
  service::ListWorkersResponse list(const std::string& condition = "") const {
    service::ListWorkersRequest request;
    request.set_namespace_("default");
    request.set_query(own(condition));
    return ask<service::ListWorkersResponse>(*this, "ListWorkers", request);
  }
  std::int64_t count(const std::string& query) const {
    service::CountWorkersRequest request;
    request.set_namespace_("default");
    request.set_query(query);
    return ask<service::CountWorkersResponse>(*this, "CountWorkers", request).count();
  }
  grpc::Status describe_worker(const std::string& key, service::DescribeWorkerResponse& response) const {
    service::DescribeWorkerRequest request;
    request.set_namespace_("default");
    request.set_worker_instance_key(key);
    return client.call("DescribeWorker", request, &response);
  }
};

}  // namespace

TEST_CASE("workers are listed by what their heartbeats said", "[conformance][workers]") {
  Workers t;
  const std::string one = unique("worker"), two = unique("worker");
  auto second = t.beat(two);
  second.set_status(enums::WORKER_STATUS_SHUTTING_DOWN);
  second.set_sdk_version("2.0.0");
  REQUIRE(t.record({t.beat(one), second}).ok());

  const auto listed = t.list();
  REQUIRE(listed.workers_size() == 2);
  REQUIRE(listed.workers_info_size() == 2);  // The older form, whole.
  const auto& item = listed.workers(0).worker_instance_key() == one ? listed.workers(0) : listed.workers(1);
  CHECK(item.worker_identity() == "identity of " + one);
  CHECK(item.task_queue() == t.queue);
  CHECK(item.sdk_name() == "sdk");
  CHECK(item.status() == enums::WORKER_STATUS_RUNNING);
  CHECK(item.start_time().seconds() == 1'700'000'000);
  CHECK(item.host_name() == "host-1");
  CHECK(item.worker_grouping_key() == "group");
  CHECK(item.process_id() == "77");

  CHECK(t.list("WorkerStatus = 'Running'").workers_size() == 1);
  CHECK(t.list("Status = 'ShuttingDown'").workers_size() == 1);
  CHECK(t.list("SdkVersion = '2.0.0'").workers(0).worker_instance_key() == two);
  CHECK(t.list("HostName = 'host-1' AND WorkerInstanceKey = '" + one + "'").workers_size() == 1);
  CHECK(t.list("StartTime < '2020-01-01T00:00:00Z'").workers_size() == 0);
  CHECK(t.count(t.own("")) == 2);
  CHECK(t.count(t.own("WorkerStatus = 'Running'")) == 1);

  service::DescribeWorkerResponse described;
  REQUIRE(t.describe_worker(one, described).ok());
  CHECK(described.worker_info().worker_heartbeat().activity_task_slots_info().current_available_slots() == 5);
}

TEST_CASE("workers come in pages", "[conformance][workers]") {
  Workers t;
  for (int i = 0; i < 5; ++i) REQUIRE(t.record({t.beat(unique("worker"))}).ok());
  service::ListWorkersRequest request;
  request.set_namespace_("default");
  request.set_query(t.own(""));
  request.set_page_size(2);
  std::set<std::string> keys;
  int pages = 0;
  do {
    const auto page = ask<service::ListWorkersResponse>(t, "ListWorkers", request);
    CHECK(page.workers_size() <= 2);
    for (const auto& worker : page.workers()) CHECK(keys.insert(worker.worker_instance_key()).second);
    request.set_next_page_token(page.next_page_token());
  } while (!request.next_page_token().empty() && ++pages < 5);
  CHECK(keys.size() == 5);
}

TEST_CASE("a worker that has shut down is told of, or gone", "[conformance][workers]") {
  Workers t;
  const std::string key = unique("worker");
  REQUIRE(t.record({t.beat(key)}).ok());
  service::ShutdownWorkerRequest request;
  request.set_namespace_("default");
  request.set_worker_instance_key(key);
  *request.mutable_worker_heartbeat() = t.beat(key);
  request.mutable_worker_heartbeat()->set_status(enums::WORKER_STATUS_SHUTTING_DOWN);
  REQUIRE(tell(t, "ShutdownWorker", request).ok());
  service::DescribeWorkerResponse described;
  const auto status = t.describe_worker(key, described);
  CHECK((status.error_code() == grpc::StatusCode::NOT_FOUND ||
         described.worker_info().worker_heartbeat().status() != enums::WORKER_STATUS_RUNNING));
}

TEST_CASE("questions about workers that make no sense", "[conformance][workers]") {
  Workers t;
  CHECK(t.count("Nonsense = 'x'") == 0);
  service::DescribeWorkerResponse described;
  check_refused(t.describe_worker("nobody", described), grpc::StatusCode::NOT_FOUND, "Worker nobody not found");
  check_refused(t.describe_worker("", described), grpc::StatusCode::NOT_FOUND, "Worker  not found");
  service::ListWorkersRequest list;
  list.set_namespace_("default");
  list.set_query("((");
  check_invalid(tell(t, "ListWorkers", list));
  list.clear_namespace_();
  check_invalid(tell(t, "ListWorkers", list), "Namespace");
  list = {};
  list.set_namespace_("default");
  list.set_next_page_token("garbage");
  CHECK(tell(t, "ListWorkers", list).error_code() != grpc::StatusCode::INTERNAL);
}
