#include <google/rpc/status.pb.h>
#include <temporal/api/errordetails/v1/message.pb.h>

#include <memory>
#include <string>

#include "core/wire_size.h"
#include "longbeat/export.h"
#include "rpc/convert_client.h"
#include "rpc/convert_common.h"
#include "rpc/convert_failure.h"
#include "rpc/convert_status.h"
#include "rpc/convert_worker.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

Payload payload(std::string data) {
  return {{{"encoding", "json/plain"}}, std::move(data)};
}

Failure there_and_back(const Failure& failure) {
  failure_pb::Failure message;
  to_proto(failure, message);
  failure_pb::Failure read;
  REQUIRE(read.ParseFromString(message.SerializeAsString()));
  return from_proto(std::move(read));
}

int causes_of(const Failure& failure) {
  int count = 0;
  for (const Failure* cause = failure.cause.get(); cause != nullptr; cause = cause->cause.get()) ++count;
  return count;
}

template <class Detail>
grpc::Status with_detail(grpc::StatusCode code, const Detail& detail) {
  google::rpc::Status full;
  full.set_code(code);
  full.add_details()->PackFrom(detail);
  return {code, "text", full.SerializeAsString()};
}

}  // namespace

TEST_CASE("a duration travels with seconds and nanoseconds of one sign", "[rpc][convert]") {
  for (const Nanoseconds duration : {0ns, 1ns, 1'500'000'001ns, -1'500'000'001ns, Nanoseconds(Nanoseconds::max())}) {
    const auto message = to_proto(duration);
    CHECK((message.seconds() < 0) == (message.seconds() != 0 && message.nanos() < 0));
    if (duration != Nanoseconds::max()) CHECK(from_proto(message) == duration);
  }
}

TEST_CASE("a duration beyond 64 bits of nanoseconds is cut, not wrapped", "[rpc][convert]") {
  google::protobuf::Duration message;
  message.set_seconds(315'576'000'000);
  CHECK(from_proto(message) == Nanoseconds::max());
  message.set_seconds(-315'576'000'000);
  CHECK(from_proto(message) == Nanoseconds::min());
}

TEST_CASE("a failure comes back as it went", "[rpc][convert][failure]") {
  SECTION("of an application, with its chain of causes") {
    Failure failure{
        .kind = FailureKind::kApplication, .message = "no space", .source = "longbeat", .stack_trace = "at"};
    failure.type = "Disk";
    failure.non_retryable = true;
    failure.details = {payload("1"), payload("2")};
    failure.next_retry_delay = 0ns;
    failure.cause =
        std::make_shared<const Failure>(Failure{.kind = FailureKind::kServer, .message = "io", .non_retryable = true});
    const auto read = there_and_back(failure);
    CHECK(read.kind == FailureKind::kApplication);
    CHECK(to_string(read) == to_string(failure));
    CHECK(read.source == "longbeat");
    CHECK(read.stack_trace == "at");
    CHECK(read.non_retryable);
    CHECK(read.details == failure.details);
    CHECK(read.next_retry_delay == 0ns);
    REQUIRE(read.cause != nullptr);
    CHECK(read.cause->kind == FailureKind::kServer);
    CHECK(read.cause->non_retryable);
  }
  SECTION("of a timeout, with its last heartbeat details") {
    Failure failure{.kind = FailureKind::kTimeout, .message = "late"};
    failure.timeout_type = TimeoutType::kHeartbeat;
    failure.details = {payload("17")};
    const auto read = there_and_back(failure);
    CHECK(read.timeout_type == TimeoutType::kHeartbeat);
    CHECK(read.details == failure.details);
  }
  SECTION("with what hides its message") {
    Failure failure{.kind = FailureKind::kApplication, .message = "Encoded failure"};
    failure.encoded_attributes = payload("secret");
    failure.cause = std::make_shared<const Failure>(failure);
    const auto read = there_and_back(failure);
    CHECK((read.encoded_attributes == payload("secret")));
    REQUIRE(read.cause != nullptr);
    CHECK((read.cause->encoded_attributes == payload("secret")));
    CHECK_FALSE(there_and_back({.message = "plain"}).encoded_attributes);
  }
  SECTION("of every other kind") {
    for (const auto kind :
         {FailureKind::kGeneric, FailureKind::kCanceled, FailureKind::kTerminated, FailureKind::kActivity}) {
      CHECK(there_and_back({.kind = kind, .message = "m"}).kind == kind);
    }
    CHECK(there_and_back({.kind = FailureKind::kTerminated, .identity = "admin"}).identity == "admin");
  }
  SECTION("cut where receivers would refuse its depth") {
    Failure failure{.message = "0"};
    for (int i = 1; i <= 500; ++i)
      failure = Failure{.message = std::to_string(i), .cause = std::make_shared<const Failure>(failure)};
    const auto read = there_and_back(failure);
    CHECK(read.message == "500");
    CHECK(causes_of(read) == 76);
    const Failure* last = &read;
    while (last->cause) last = last->cause.get();
    CHECK(last->message == "... <causes below this one were dropped>");
  }
}

TEST_CASE("a refusal's detail is understood", "[rpc][convert][errors]") {
  temporal::api::errordetails::v1::ActivityExecutionAlreadyStartedFailure started;
  started.set_run_id("run-0");
  started.set_start_request_id("r");
  SECTION("when it is known") {
    const auto status = from_grpc(with_detail(grpc::StatusCode::ALREADY_EXISTS, started));
    CHECK(status == Status{StatusCode::kAlreadyExists, "text", AlreadyStartedDetail{"r", "run-0"}});
    const auto none =
        from_grpc(with_detail(grpc::StatusCode::NOT_FOUND, temporal::api::errordetails::v1::NotFoundFailure()));
    CHECK(none == not_found("text"));
  }
  SECTION("and otherwise leaves code and text") {
    CHECK(from_grpc({grpc::StatusCode::INTERNAL, "text", "garbage"}) == internal_error("text"));
    CHECK(from_grpc({grpc::StatusCode::DO_NOT_USE, "text"}).code == StatusCode::kUnknown);
    const auto other = with_detail(grpc::StatusCode::INTERNAL, google::protobuf::Duration());
    CHECK(from_grpc(other) == internal_error("text"));
  }
}

TEST_CASE("a poll's answer", "[rpc][convert]") {
  service_pb::PollActivityTaskQueueResponse response;
  SECTION("without a token is no task") {
    CHECK(from_proto(std::move(response)).empty());
  }
  SECTION("with a token is one task") {
    response.set_task_token("t");
    response.set_activity_id("a");
    response.set_attempt(3);
    response.mutable_heartbeat_timeout()->set_seconds(5);
    to_proto(Payloads{payload("17")}, *response.mutable_heartbeat_details());
    const auto tasks = from_proto(std::move(response));
    REQUIRE(tasks.size() == 1);
    CHECK(tasks[0].attempt == 3);
    CHECK(tasks[0].heartbeat == 5s);
    CHECK(tasks[0].heartbeat_details == Payloads{payload("17")});
  }
}

TEST_CASE("an outcome that is not there yet is none", "[rpc][convert]") {
  service_pb::PollActivityExecutionResponse response;
  response.set_run_id("run");
  CHECK_FALSE(from_proto(service_pb::PollActivityExecutionResponse(response)).outcome.has_value());
  response.mutable_outcome();
  CHECK_FALSE(from_proto(service_pb::PollActivityExecutionResponse(response)).outcome.has_value());
  response.mutable_outcome()->mutable_result();
  CHECK(from_proto(std::move(response)).outcome->result == Payloads());
}

TEST_CASE("unset options do not travel", "[rpc][convert]") {
  StartActivityParams params;
  params.activity_id = "a";
  params.start_to_close = 1min;
  const auto request = to_proto(std::move(params));
  CHECK(request.has_start_to_close_timeout());
  CHECK_FALSE(request.has_schedule_to_close_timeout());
  CHECK_FALSE(request.has_retry_policy());
  CHECK_FALSE(request.has_input());
  CHECK_FALSE(request.has_user_metadata());
  CHECK_FALSE(request.has_priority());
  CHECK_FALSE(request.has_header());
  CHECK_FALSE(request.has_search_attributes());
}

TEST_CASE("what a worker tells about itself", "[rpc][convert]") {
  WorkerHeartbeatFields fields;
  fields.instance_key = "key";
  fields.identity = "me";
  fields.host_name = "host";
  fields.process_id = "77";
  fields.process_key = "process";
  fields.task_queue = "q";
  fields.status = WorkerStatus::kShuttingDown;
  fields.start_time = WallTime(1500ms);
  fields.heartbeat_time = WallTime(61s);
  fields.since_last = 60s;
  fields.slots_free = 3;
  fields.slots_used = 1;
  fields.processed = 10;
  fields.failed = 2;
  fields.processed_lately = 4;
  fields.failed_lately = 1;
  fields.polls_open = 3;
  SECTION("travels in its heartbeats") {
    fields.last_poll_with_task = WallTime(7s);
    const auto request = to_proto(WorkerHeartbeatParams{"space", "me", fields});
    CHECK(request.namespace_() == "space");
    CHECK(request.identity() == "me");
    REQUIRE(request.worker_heartbeat_size() == 1);
    const auto& beat = request.worker_heartbeat(0);
    CHECK(beat.worker_instance_key() == "key");
    CHECK(beat.worker_identity() == "me");
    CHECK(beat.host_info().host_name() == "host");
    CHECK(beat.host_info().process_id() == "77");
    CHECK(beat.host_info().worker_grouping_key() == "process");
    CHECK(beat.task_queue() == "q");
    CHECK(beat.sdk_name() == "longbeat-cpp");
    CHECK(beat.sdk_version() == LONGBEAT_VERSION);
    CHECK(beat.status() == temporal::api::enums::v1::WORKER_STATUS_SHUTTING_DOWN);
    CHECK(beat.start_time().seconds() == 1);
    CHECK(beat.start_time().nanos() == 500'000'000);
    CHECK(beat.heartbeat_time().seconds() == 61);
    CHECK(beat.elapsed_since_last_heartbeat().seconds() == 60);
    const auto& slots = beat.activity_task_slots_info();
    CHECK(slots.current_available_slots() == 3);
    CHECK(slots.current_used_slots() == 1);
    CHECK(slots.slot_supplier_kind() == "Fixed");
    CHECK(slots.total_processed_tasks() == 10);
    CHECK(slots.total_failed_tasks() == 2);
    CHECK(slots.last_interval_processed_tasks() == 4);
    CHECK(slots.last_interval_failure_tasks() == 1);
    CHECK(beat.activity_poller_info().current_pollers() == 3);
    CHECK(beat.activity_poller_info().last_successful_poll_time().seconds() == 7);
    CHECK_FALSE(beat.has_workflow_task_slots_info());
  }
  SECTION("travels with its end, where the server takes heartbeats") {
    ShutdownWorkerParams params{"space", "me", "q", "key", "graceful shutdown", std::nullopt};
    CHECK_FALSE(to_proto(params).has_worker_heartbeat());
    params.heartbeat = fields;
    const auto request = to_proto(params);
    CHECK(request.namespace_() == "space");
    CHECK(request.identity() == "me");
    CHECK(request.task_queue() == "q");
    CHECK(request.worker_instance_key() == "key");
    CHECK(request.reason() == "graceful shutdown");
    CHECK(request.sticky_task_queue().empty());
    REQUIRE(request.task_queue_types_size() == 1);
    CHECK(request.task_queue_types(0) == temporal::api::enums::v1::TASK_QUEUE_TYPE_ACTIVITY);
    CHECK(request.worker_heartbeat().worker_instance_key() == "key");
    CHECK_FALSE(request.worker_heartbeat().activity_poller_info().has_last_successful_poll_time());
  }
}

TEST_CASE("the size told before sending is the size sent", "[rpc][convert][size]") {
  SECTION("of payloads") {
    for (const std::size_t bytes : {0u, 1u, 104u, 105u, 127u, 128u, 16'383u, 16'384u, 2'097'151u, 2'097'152u}) {
      Payloads payloads{payload(std::string(bytes, 'x')), {{{"", ""}, {"key", std::string(bytes, 'y')}}, ""}, {}};
      common_pb::Payloads message;
      to_proto(payloads, message);
      CHECK(wire_size(payloads) == message.ByteSizeLong());
    }
    CHECK(wire_size(Payloads()) == 0);
  }
  SECTION("of failures") {
    auto cause = std::make_shared<Failure>();
    for (const auto kind :
         {FailureKind::kGeneric, FailureKind::kApplication, FailureKind::kTimeout, FailureKind::kCanceled,
          FailureKind::kTerminated, FailureKind::kServer, FailureKind::kActivity, FailureKind::kOther}) {
      Failure failure;
      failure.kind = kind;
      for (const bool full : {false, true}) {
        if (full) {
          failure.message = std::string(300, 'm');
          failure.source = "longbeat";
          failure.stack_trace = std::string(20'000, 's');
          failure.type = "Type";
          failure.non_retryable = true;
          failure.details = {payload("1"), payload(std::string(200, '2'))};
          failure.next_retry_delay = -1'500'000'001ns;
          failure.timeout_type = TimeoutType::kHeartbeat;
          failure.identity = "me";
          failure.encoded_attributes = payload(std::string(150, 'e'));
          failure.cause = cause;
        }
        failure_pb::Failure message;
        to_proto(failure, message);
        CHECK(wire_size(failure) == message.ByteSizeLong());
      }
      cause = std::make_shared<Failure>(failure);
    }
  }
  SECTION("of failures with more causes than are sent") {
    Failure failure;
    for (int i = 0; i < 90; ++i) {
      failure.cause = std::make_shared<const Failure>(failure);
      failure.message = std::string(static_cast<std::size_t>(i), 'x');
    }
    failure_pb::Failure message;
    to_proto(failure, message);
    CHECK(wire_size(failure) == message.ByteSizeLong());
  }
}
