// What one namespace may use at once, and that others do not feel it.
#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;
using longbeat::internal::ResourceExhaustedDetail;

namespace {

constexpr std::int32_t kRps = 1, kConcurrent = 2, kStorage = 7, kOfNamespace = 1, kOfSystem = 2;

EngineOptions two_namespaces() {
  EngineOptions options;
  options.namespaces = {"small"};
  return options;
}

/// The limits of "small", which begin with those of all.
RequestLimits& limits_of_small(EngineOptions& options) {
  return options.limits.namespaces.try_emplace("small", options.limits.requests).first->second;
}

template <class OneRequest>
OneRequest in_small(OneRequest request) {
  if constexpr (requires { request.run; }) {
    request.run.namespace_name = "small";
  } else {
    request.namespace_name = "small";
  }
  return request;
}

void check_exhausted(const Status& refusal, const std::string& message, std::int32_t cause, std::int32_t scope) {
  CHECK(refusal.code == StatusCode::kResourceExhausted);
  CHECK(refusal.message == message);
  const auto* detail = std::get_if<ResourceExhaustedDetail>(&refusal.detail);
  REQUIRE(detail != nullptr);
  CHECK(detail->cause == cause);
  CHECK(detail->scope == scope);
}

}  // namespace

TEST_CASE("a failure is cut to what the namespace of its activity keeps, also when the report names none",
          "[server][engine][limits]") {
  EngineOptions options = two_namespaces();
  RequestLimits& small = limits_of_small(options);
  small.payload_bytes_max = 5000;
  small.payload_bytes_warn = 1000;
  small.retained_failure_bytes_max = 500;
  Room room(std::move(options));
  REQUIRE(room.call(in_small(room.start_request())).ok());
  FailedRequest request = room.failed_request(room.call(in_small(room.poll_request())).get<PollTaskReply>().token);
  request.namespace_name = GENERATE("", "small");
  const auto state = [&] { return room.engine->find({"small", "a", ""}); };

  SECTION("a little of one that will be retried") {
    request.failure.assign(501, 'f');
    REQUIRE(room.call(request).ok());
    CHECK(state()->last_failure->message == "Failure exceeds size limit.");
    CHECK(state()->last_failure->cause.at(0).opaque == std::string(500, 'f'));
  }
  SECTION("all of one that fits") {
    request.failure.assign(500, 'f');
    REQUIRE(room.call(request).ok());
    CHECK(state()->last_failure->opaque == request.failure);
  }
  SECTION("more of one that closes, because it is too large for all") {
    request.failure.assign(5001, 'f');
    REQUIRE(room.call(request).get<ReportReply>().failures.size() == 1);
    CHECK(state()->outcome->failure.cause.at(0).opaque == std::string(1000, 'f'));
  }
}

TEST_CASE("a namespace has so many long polls of one kind at once", "[server][engine][limits]") {
  EngineOptions options = two_namespaces();
  limits_of_small(options).polls_per_namespace_max = 2;
  Room room(std::move(options));
  const std::string full = "namespace concurrent poller limit exceeded";

  SECTION("for tasks, until one has run out or got its task") {
    const auto poll = in_small(room.poll_request());
    auto& first = room.call(poll);
    room.call(poll, 10s);
    check_exhausted(room.call(poll).refusal(), full, kConcurrent, kOfNamespace);
    CHECK_FALSE(room.call(room.poll_request()).answered());  // Another namespace waits on.
    CHECK(room.call(in_small(room.start_request())).ok());
    CHECK(first.ok());
    CHECK_FALSE(room.call(poll, 10s).answered());
    check_exhausted(room.call(poll).refusal(), full, kConcurrent, kOfNamespace);
    room.pass(10s);
    CHECK_FALSE(room.call(poll).answered());
  }
  SECTION("for tasks, until a caller has gone") {
    const auto poll = in_small(room.poll_request());
    room.call(poll), room.call(poll);
    room.engine->caller_gone(room.last_call);
    room.step();
    CHECK_FALSE(room.call(poll).answered());
    CHECK(room.call(poll).answered());
  }
  SECTION("for outcomes, until the activity has closed") {
    room.call(in_small(room.start_request()));
    const PollOutcomeRequest wait{{"small", "a", {}}};
    auto& first = room.call(wait);
    room.call(wait);
    check_exhausted(room.call(wait).refusal(), full, kConcurrent, kOfNamespace);
    CHECK_FALSE(room.call(in_small(room.poll_request())).replies > 1);  // Polls for tasks are counted by themselves.
    TerminateRequest terminate;
    terminate.run = {"small", "a", {}};
    CHECK(room.call(terminate).ok());
    CHECK(first.ok());
    room.call(in_small(room.start_request("b")));
    const PollOutcomeRequest other{{"small", "b", {}}};
    CHECK_FALSE(room.call(other).answered());
    CHECK_FALSE(room.call(other).answered());
    CHECK(room.call(other).answered());
  }
  SECTION("for changes") {
    DescribeRequest describe;
    describe.run = {"small", "a", room.call(in_small(room.start_request())).get<StartReply>().run_id};
    describe.long_poll_token = room.call(describe).get<DescribeReply>().long_poll_token;
    CHECK_FALSE(room.call(describe).answered());
    CHECK_FALSE(room.call(describe).answered());
    check_exhausted(room.call(describe).refusal(), full, kConcurrent, kOfNamespace);
  }
}

TEST_CASE("the limit of waiting calls of all namespaces is the server's", "[server][engine][limits]") {
  EngineOptions options = two_namespaces();
  options.limits.parked_calls_max = 1;
  Room room(std::move(options));
  room.call(room.poll_request());
  check_exhausted(room.call(in_small(room.poll_request())).refusal(), "limit of waiting calls reached: 1", kConcurrent,
                  kOfSystem);
}

TEST_CASE("a namespace has so many open activities", "[server][engine][limits]") {
  EngineOptions options = two_namespaces();
  limits_of_small(options).open_activities_per_namespace_max = 2;
  Room room(std::move(options));
  const auto start = [&](const std::string& id) -> CollectingSink& {
    return room.call(in_small(room.start_request(id)));
  };
  CHECK(start("a").ok());
  CHECK(start("b").ok());
  const std::string full = "limit of open activities of namespace small reached: 2";
  check_exhausted(start("c").refusal(), full, kStorage, kOfNamespace);
  CHECK(start("b").ok());  // A repeated start finds its run.
  CHECK(room.start("c").started);
  room.crash_and_reopen();
  check_exhausted(start("c").refusal(), full, kStorage, kOfNamespace);
  DeleteRequest remove;
  remove.run = {"small", "a", {}};
  CHECK(room.call(remove).ok());
  CHECK(start("c").ok());
  check_exhausted(start("d").refusal(), full, kStorage, kOfNamespace);
}

TEST_CASE("a namespace has so many calls a second", "[server][engine][limits]") {
  EngineOptions options = two_namespaces();
  limits_of_small(options).requests_per_second = 3;
  Room room(std::move(options));
  const DescribeNamespaceRequest ask{"small", {}};
  const auto ok = [&] { return room.call(ask).ok(); };
  const std::string spent = "namespace rate limit exceeded";

  SECTION("a second's worth of them at once, then one after the other") {
    CHECK((ok() && ok() && ok()));
    check_exhausted(room.call(ask).refusal(), spent, kRps, kOfNamespace);
    room.pass(334ms);
    CHECK(ok());
    CHECK_FALSE(ok());
    room.pass(10s);
    CHECK((ok() && ok() && ok()));
    CHECK_FALSE(ok());
  }
  SECTION("whatever they ask for, and refused before anything else is looked at") {
    CHECK(room.call(in_small(room.start_request())).ok());
    room.call(in_small(room.poll_request()));
    CHECK(room.call(PollOutcomeRequest{{"small", "unknown", {}}}).refusal().code == StatusCode::kNotFound);
    check_exhausted(room.call(in_small(room.start_request(""))).refusal(), spent, kRps, kOfNamespace);
  }
  SECTION("while others have none") {
    for (int i = 0; i < 10; ++i) CHECK(room.call(DescribeNamespaceRequest{"default", {}}).ok());
    CHECK(room.call(DescribeNamespaceRequest{"unknown", {}}).refusal().code == StatusCode::kNotFound);
  }
}

TEST_CASE("a namespace has so many lists and counts a second, next to other calls", "[server][engine][limits]") {
  EngineOptions options;
  options.limits.requests.visibility_requests_per_second = 1;
  Room room(std::move(options));
  const ListWorkflowsRequest list{"default"};
  CHECK(room.call(list).ok());
  check_exhausted(room.call(list).refusal(), "namespace rate limit exceeded", kRps, kOfNamespace);
  CHECK(room.call(CountActivitiesRequest{"default", {}}).refusal().code == StatusCode::kResourceExhausted);
  CHECK(room.start().started);
  room.pass(1s);
  CHECK(room.call(list).ok());
}

TEST_CASE("limits of one namespace hold for what its workers report", "[server][engine][limits]") {
  EngineOptions options = two_namespaces();
  limits_of_small(options).id_bytes_max = 50;
  Room room(std::move(options));
  room.call(in_small(room.start_request()));
  auto poll = in_small(room.poll_request());
  poll.identity = std::string(51, 'w');
  CHECK(room.call(poll).refusal().code == StatusCode::kInvalidArgument);
  poll.identity = std::string(50, 'w');
  const std::string token = room.call(poll).get<PollTaskReply>().token;
  CHECK(room.call(HeartbeatRequest{"small", token, std::string(51, 'w'), {}}).refusal().code ==
        StatusCode::kInvalidArgument);
  CHECK(room.call(HeartbeatRequest{"small", token, std::string(50, 'w'), {}}).ok());
}

TEST_CASE("a retention given at the start replaces the stored one", "[server][engine][limits]") {
  const auto retention_of = [](Room& room, const std::string& name) {
    return room.call(DescribeNamespaceRequest{name, {}}).get<NamespaceReply>().space.retention;
  };
  EngineOptions options = two_namespaces();
  options.retentions = {{"small", 5h}, {"unknown", 1h}};
  Room room(std::move(options));
  CHECK(retention_of(room, "small") == 5h);
  CHECK(retention_of(room, "default") == 72h);
  UpdateNamespaceRequest update;
  update.namespace_name = "small";
  update.retention = RawDuration{7200, 0};
  CHECK(room.call(update).ok());
  CHECK(retention_of(room, "small") == 2h);
  room.crash_and_reopen();
  CHECK(retention_of(room, "small") == 5h);
}
