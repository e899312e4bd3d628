#include "client/retrying_stub.h"

#include <optional>

#include "fake_service.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

struct Setup {
  ManualLoop loop{};
  FakeService service{loop};
  int retries = 0;
  RetryingStub stub{loop, service, 1, [this] { ++retries; }};
  std::optional<StatusOr<StartedActivity>> answer{};

  CallId start(Nanoseconds timeout = 10s) {
    StartActivityParams params;
    params.request_id = "request-1";
    return stub.start_activity(std::move(params), timeout, [this](StatusOr<StartedActivity> got) {
      REQUIRE_FALSE(answer.has_value());
      answer.emplace(std::move(got));
    });
  }
};

}  // namespace

TEST_CASE("a call that the server cannot answer", "[client][retry]") {
  Setup setup;
  SECTION("is sent again with the same request ID until it is answered") {
    setup.service.starts = {refused(StatusCode::kUnavailable), refused(StatusCode::kUnavailable),
                            StartedActivity{"run", true}};
    setup.start();
    setup.loop.run_for(2s);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->value().run_id == "run");
    REQUIRE(setup.service.seen_starts.size() == 3);
    CHECK(setup.service.seen_starts[2].request_id == "request-1");
    CHECK(setup.retries == 2);
  }
  SECTION("waits about 100 ms at first and longer each time") {
    setup.service.starts = {refused(StatusCode::kUnavailable), refused(StatusCode::kUnavailable), StartedActivity{}};
    setup.start();
    setup.loop.run_for(2s);
    const auto& sent = setup.service.sent_at;
    REQUIRE(sent.size() == 3);
    CHECK(sent[1] - sent[0] >= 81ms);
    CHECK(sent[1] - sent[0] <= 121ms);
    CHECK(sent[2] - sent[1] >= 137ms);
    CHECK(sent[2] - sent[1] <= 205ms);
  }
  SECTION("waits about a second when the server has no room") {
    setup.service.starts = {refused(StatusCode::kResourceExhausted), StartedActivity{}};
    setup.start();
    setup.loop.run_for(2s);
    const auto& sent = setup.service.sent_at;
    REQUIRE(sent.size() == 2);
    CHECK(sent[1] - sent[0] >= 801ms);
    CHECK(sent[1] - sent[0] <= 1201ms);
  }
  SECTION("is repeated for as long as its own timeout lasts while the server is away") {
    for (int i = 0; i < 15; ++i) setup.service.starts.push_back(refused(StatusCode::kUnavailable));
    setup.service.starts.push_back(StartedActivity{"run", true});
    setup.start(2min);
    setup.loop.run_for(2min);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->ok());
    CHECK(setup.service.seen_starts.size() == 16);
  }
  SECTION("is given up after ten tries with the last refusal, when it need not pass") {
    for (int i = 0; i < 20; ++i)
      setup.service.starts.push_back(refused(StatusCode::kInternal, "try " + std::to_string(i)));
    setup.start(10min);
    setup.loop.run_for(10min);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().message == "try 9");
    CHECK(setup.service.seen_starts.size() == 10);
  }
  SECTION("is given up when the next try would come after the call's own timeout") {
    for (int i = 0; i < 20; ++i) setup.service.starts.push_back(refused(StatusCode::kUnavailable));
    const auto began = setup.loop.now();
    setup.start(1s);
    setup.loop.run_for(1s);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kUnavailable);
    CHECK(setup.service.sent_at.back() < began + 1s);
  }
  SECTION("leaves each try only what is left of the whole") {
    setup.service.starts = {refused(StatusCode::kUnavailable)};
    setup.start(1s);
    setup.loop.run_for(2s);
    REQUIRE(setup.service.timeouts.size() == 2);
    CHECK(setup.service.timeouts[0] == 1s);
    CHECK(setup.service.timeouts[1] < 921ms);
    CHECK(setup.answer->error().code == StatusCode::kDeadlineExceeded);
  }
}

TEST_CASE("a call that would be refused again", "[client][retry]") {
  const auto status = GENERATE(refused(StatusCode::kInvalidArgument), refused(StatusCode::kNotFound),
                               refused(StatusCode::kAlreadyExists), refused(StatusCode::kDeadlineExceeded),
                               refused(StatusCode::kUnimplemented), refused(StatusCode::kPermissionDenied),
                               refused(StatusCode::kResourceExhausted, "Received message larger than max (9 vs. 4)"));
  Setup setup;
  setup.service.starts = {status, StartedActivity{}};
  setup.start();
  setup.loop.run_for(1min);
  REQUIRE(setup.answer.has_value());
  CHECK(setup.answer->error() == status);
  CHECK(setup.service.seen_starts.size() == 1);
}

TEST_CASE("a canceled call", "[client][retry]") {
  Setup setup;
  SECTION("ends during a try") {
    const auto call = setup.start();
    setup.loop.run_for(1ms);
    setup.stub.cancel(call);
    CHECK_FALSE(setup.answer.has_value());
    setup.loop.run_ready();
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kCancelled);
    CHECK(setup.service.hanging() == 0);
  }
  SECTION("ends between two tries, without another one") {
    setup.service.starts = {refused(StatusCode::kUnavailable), StartedActivity{}};
    const auto call = setup.start();
    setup.loop.run_for(5ms);
    setup.stub.cancel(call);
    setup.stub.cancel(call);
    setup.loop.run_for(1min);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kCancelled);
    CHECK(setup.service.seen_starts.size() == 1);
  }
  SECTION("is ignored when it has ended") {
    setup.service.starts = {StartedActivity{"run", true}};
    const auto call = setup.start();
    setup.loop.run_for(5ms);
    setup.stub.cancel(call);
    setup.loop.run_for(1min);
    CHECK(setup.answer->ok());
  }
}

TEST_CASE("a heartbeat is never repeated by the stub", "[client][retry]") {
  Setup setup;
  setup.service.heartbeats = {refused(StatusCode::kUnavailable)};
  std::optional<Status> got;
  setup.stub.record_heartbeat({}, 1s, [&](StatusOr<HeartbeatFlags> answer) { got = answer.error(); });
  setup.loop.run_for(1min);
  REQUIRE(got.has_value());
  CHECK(got->code == StatusCode::kUnavailable);
  CHECK(setup.service.sent_at.size() == 1);
}
