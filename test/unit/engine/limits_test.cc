#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;
using longbeat::internal::ResourceExhaustedDetail;

namespace {

EngineOptions small() {
  EngineOptions options;
  options.limits.requests.payload_bytes_max = 5000;
  options.limits.open_activities_max = 2;
  options.limits.parked_calls_max = 2;
  return options;
}

}  // namespace

TEST_CASE("the limit of open activities refuses the next start until one has closed", "[server][engine][limits]") {
  Room room(small());
  room.start("a"), room.start("b");
  const Status refusal = room.call(room.start_request("c")).refusal();
  CHECK(refusal.code == StatusCode::kResourceExhausted);
  CHECK(std::holds_alternative<ResourceExhaustedDetail>(refusal.detail));
  room.complete(room.poll().token);
  CHECK(room.start("c").started);
}

TEST_CASE("the limit of memory refuses the next start until something has closed", "[server][engine][limits]") {
  EngineOptions options;
  options.limits.open_bytes_max = 100'000;
  Room room(std::move(options));
  StartRequest large = room.start_request("a");
  large.input = std::string(60'000, 'i');
  room.call(large);
  const std::string token = room.poll().token;
  const auto with_input = room.engine->stats().open_bytes;
  CHECK(with_input > 60'000);
  CHECK(room.beat(token, std::string(50'000, 'd')).ok());  // What runs goes on.
  CHECK(room.engine->stats().open_bytes > with_input + 49'000);
  room.crash_and_reopen();
  CHECK(room.engine->stats().open_bytes > with_input + 49'000);

  const Status refusal = room.call(room.start_request("b")).refusal();
  CHECK(refusal.code == StatusCode::kResourceExhausted);
  CHECK(std::get<ResourceExhaustedDetail>(refusal.detail).cause == 7);
  CHECK(std::get<ResourceExhaustedDetail>(refusal.detail).scope == 2);
  CHECK_FALSE(room.start("a").started);  // A repeated start finds its run all the same.
  CHECK(room.complete(token).ok());
  CHECK(room.engine->stats().open_bytes == 0);
  CHECK(room.start("b").started);
}

TEST_CASE("the limit of parked calls refuses the next poll and wait", "[server][engine][limits]") {
  Room room(small());
  room.call(room.poll_request()), room.call(room.poll_request());
  const Status refusal = room.call(room.poll_request()).refusal();
  CHECK(refusal.code == StatusCode::kResourceExhausted);
  CHECK(refusal.message == "limit of waiting calls reached: 2");
  CHECK(std::get<ResourceExhaustedDetail>(refusal.detail).cause == 2);
  CHECK(std::get<ResourceExhaustedDetail>(refusal.detail).scope == 2);
}

TEST_CASE("a report beyond the payload limit", "[server][engine][limits]") {
  Room room(small());
  room.start();
  const std::string token = room.poll().token;
  const std::string large(5001, 'x');

  SECTION("as heartbeat details fails the activity and tells the worker to stop") {
    CHECK(room.beat(token, large).get<HeartbeatReply>().cancel_requested);
    CHECK(room.outcome().outcome->failure.message == "Heartbeat details exceed size limit.");
  }
  SECTION("as result fails the activity, and the report itself succeeds") {
    CHECK(room.complete(token, large).ok());
    CHECK(room.outcome().outcome->failure.message == "Complete result exceeds size limit.");
    CHECK(room.state()->progress.phase == Phase::kFailed);
  }
  SECTION("as failure closes with a server failure that is also returned") {
    const ReportReply reply = room.fail(token, large).get<ReportReply>();
    REQUIRE(reply.failures.size() == 1);
    CHECK(reply.failures[0].message == "Failure exceeds size limit.");
    CHECK(reply.failures[0].cause.at(0).opaque == std::string(5000, 'x'));  // payload_bytes_max, less than the other.
    CHECK(room.state()->progress.phase == Phase::kFailed);
  }
  SECTION("as last details of a failure drops those and keeps the older ones") {
    room.beat(token, "half");
    FailedRequest request = room.failed_request(token);
    request.has_last_heartbeat_details = true;
    request.last_heartbeat_details = large;
    const ReportReply reply = room.call(request).get<ReportReply>();
    REQUIRE(reply.failures.size() == 1);
    CHECK(reply.failures[0].message == "Heartbeat details exceed size limit.");
    CHECK(room.state()->heartbeat_details == "half");
    CHECK(room.state()->progress.attempt == 2);
  }
  SECTION("that is just as large as the limit is kept") {
    CHECK(room.beat(token, std::string(5000, 'x')).ok());
  }
}

TEST_CASE("a failure that will be retried is kept in its short form, with the whole as it came when final",
          "[server][engine][limits]") {
  Room room;
  StartRequest start = room.start_request();
  start.retry = StartRequest::Retry{};
  start.retry->maximum_attempts = 2;
  room.call(start);
  FailedRequest request = room.failed_request(room.poll().token, std::string(4500, 'f'));
  room.call(request);
  CHECK(room.state()->last_failure->message == "Failure exceeds size limit.");
  CHECK(room.state()->last_failure->cause.at(0).opaque == std::string(4096, 'f'));
  room.pass(1s);
  request.token = room.poll().token;
  room.call(request);
  CHECK(room.outcome().outcome->failure.opaque == std::string(4500, 'f'));
}

TEST_CASE("a failure by token must be an application failure", "[server][engine][limits]") {
  Room room;
  room.start();
  FailedRequest request = room.failed_request(room.poll().token);
  request.failure_info = 6;
  CHECK(room.call(request).refusal().message == "Failure must have ApplicationFailureInfo.");
  request.failure_info = 0;
  request.has_failure = false;
  request.failure.clear();
  CHECK(room.call(request).ok());
  CHECK(room.state()->progress.attempt == 2);
}
