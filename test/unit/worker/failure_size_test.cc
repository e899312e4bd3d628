// Failures that the server or gRPC would not take as they are: what is left of them is still the activity's own.
#include "core/outcome.h"
#include "core/wire_size.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

TEST_CASE("a failure too large", "[worker][report][size]") {
  FakeWorker worker;
  auto& context = worker.begin();
  const auto& sent = worker.stub.failed;
  const bool non_retryable = GENERATE(false, true);
  Failure own = application_failure("Tt", "boom", non_retryable);
  own.next_retry_delay = 3s;
  const auto is_own = [&](const Failure& failure) {
    CHECK(failure.type == "Tt");
    CHECK_THAT(failure.message, StartsWith("boom"));
    CHECK(failure.non_retryable == non_retryable);
    CHECK(failure.next_retry_delay == 3s);
  };
  const auto answer_too_large = [&] {
    worker.stub.failed.back().done(
        Status{StatusCode::kResourceExhausted, "Received message larger than max (5000000 vs. 4194304)", {}});
    worker.loop.run_ready();
  };
  SECTION("stays itself, without its details, and says so") {
    own.details = {make_payload("json/plain", std::string(3000, 'x'))};
    const auto bytes = wire_size(own);
    worker.end(AttemptFailed{own});
    REQUIRE(sent.size() == 1);
    is_own(sent[0].params.failure);
    CHECK(sent[0].params.failure.details.empty());
    CHECK(sent[0].params.failure.message ==
          "boom (without its details: the failure has " + std::to_string(bytes) + " bytes, the server takes 1000)");
    CHECK(worker.machine->stats().failed == 1);
  }
  SECTION("for the details of a cause keeps the cause") {
    Failure cause = application_failure("Inner", "the cause");
    cause.details = {make_payload("json/plain", std::string(3000, 'x'))};
    own.cause = std::make_shared<const Failure>(cause);
    worker.end(AttemptFailed{own});
    REQUIRE(sent.size() == 1);
    is_own(sent[0].params.failure);
    REQUIRE(sent[0].params.failure.cause);
    CHECK(sent[0].params.failure.cause->message == "the cause");
    CHECK(sent[0].params.failure.cause->details.empty());
  }
  SECTION("for its causes keeps those that fit, and a mark") {
    for (int i = 0; i < 9; ++i) {
      Failure cause = application_failure("Inner", std::string(200, 'c'));
      cause.cause = own.cause;
      own.cause = std::make_shared<const Failure>(cause);
    }
    worker.end(AttemptFailed{own});
    REQUIRE(sent.size() == 1);
    is_own(sent[0].params.failure);
    CHECK(wire_size(sent[0].params.failure) <= 1000);
    const Failure* last = &sent[0].params.failure;
    while (last->cause) last = last->cause.get();
    CHECK(last->message == "... <causes below this one were dropped>");
    CHECK(sent[0].params.failure.cause->type == "Inner");
  }
  SECTION("for its message is cut") {
    own.message += std::string(5000, 'm');
    worker.end(AttemptFailed{own});
    REQUIRE(sent.size() == 1);
    is_own(sent[0].params.failure);
    CHECK(wire_size(sent[0].params.failure) <= 1000);
    CHECK(sent[0].params.failure.message.size() > 700);
    CHECK_THAT(sent[0].params.failure.message, ContainsSubstring("the server takes 1000"));
  }
  SECTION("for a message leaves without its details, then without the last heartbeat's, and stays itself") {
    worker.stub.answers_reports = false;
    context.heartbeat(1);
    worker.loop.run_ready();
    context.heartbeat(2);
    own.details = {make_payload("json/plain", std::string(500, 'x'))};
    worker.end(AttemptFailed{own});
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].params.failure.details.size() == 1);
    answer_too_large();
    REQUIRE(sent.size() == 2);
    is_own(sent[1].params.failure);
    CHECK(sent[1].params.failure.details.empty());
    CHECK_THAT(sent[1].params.failure.message, ContainsSubstring("5000000 vs. 4194304"));
    CHECK(text_of(sent[1].params.last_heartbeat_details.value()) == "2");
    answer_too_large();
    REQUIRE(sent.size() == 3);
    is_own(sent[2].params.failure);
    CHECK_FALSE(sent[2].params.last_heartbeat_details.has_value());
    answer_too_large();
    CHECK(sent.size() == 3);
    CHECK(worker.machine->stats().reports_given_up == 1);
    CHECK(worker.machine->stats().slots_used == 0);
  }
}

TEST_CASE("a failure that the server refuses stays the activity's own, without what may be wrong with it",
          "[worker][report]") {
  FakeWorker worker;
  worker.begin();
  worker.stub.answers_reports = false;
  const bool non_retryable = GENERATE(false, true);
  Failure own = application_failure("Tt", "boom", non_retryable);
  own.next_retry_delay = 3s;
  own.cause = std::make_shared<const Failure>(application_failure("Inner", "the cause"));
  worker.end(AttemptFailed{own});
  const auto refuse = [&] {
    worker.stub.failed.back().done(Status{StatusCode::kInvalidArgument, "nope", {}});
    worker.loop.run_ready();
  };
  refuse();
  REQUIRE(worker.stub.failed.size() == 2);
  const auto& failure = worker.stub.failed[1].params.failure;
  CHECK(failure.type == "Tt");
  CHECK(failure.non_retryable == non_retryable);
  CHECK_THAT(failure.message, StartsWith("boom (the server refused the report of ") && EndsWith(" bytes: nope)"));
  CHECK_FALSE(failure.next_retry_delay);
  CHECK_FALSE(failure.cause);
  refuse();
  CHECK(worker.stub.failed.size() == 2);
  CHECK(worker.machine->stats().reports_given_up == 1);
}
