// What went wrong, told to people and to programs: in full, and what is found in a chain of causes.
#include <memory>
#include <string>

#include "longbeat/data_converter.h"
#include "longbeat/failure.h"
#include "longbeat/json.h"
#include "longbeat/result.h"
#include "support/catch.h"

using namespace longbeat;
using namespace std::chrono_literals;

namespace {

Payload json(std::string text) {
  return internal::make_payload("json/plain", std::move(text));
}

/// A disk is full, because a quota is, because a server said so.
Failure disk_failure() {
  Failure server;
  server.kind = FailureKind::kServer;
  server.message = "out of order";
  Failure quota;
  quota.kind = FailureKind::kApplication;
  quota.type = "Quota";
  quota.message = "no more for\nthis tenant";
  quota.non_retryable = true;
  quota.stack_trace = "at quota.cc:7\n\tat disk.cc:3\x1b[31m";
  quota.cause = std::make_shared<const Failure>(server);
  Failure disk;
  disk.kind = FailureKind::kApplication;
  disk.type = "Disk";
  disk.message = "no space";
  disk.source = "longbeat";
  disk.next_retry_delay = 1500ms;
  disk.details = {json(R"({"path":"/var"})"), internal::make_payload("binary/encrypted", std::string(12, '\0')),
                  internal::make_payload("binary/null", "")};
  disk.cause = std::make_shared<const Failure>(quota);
  return disk;
}

}  // namespace

TEST_CASE("a failure in full has a line for everything that is known", "[core][errors]") {
  CHECK(in_full(disk_failure()) ==
        "ApplicationError(Disk): no space\n"
        "  retryable\n"
        "  next retry delay: 1500 ms\n"
        "  source: longbeat\n"
        "  details:\n"
        "    - {\"path\":\"/var\"}\n"
        "    - binary/encrypted, 12 bytes\n"
        "    - null\n"
        "  caused by: ApplicationError(Quota): no more for\\nthis tenant\n"
        "    not retryable\n"
        "    stack trace:\n"
        "      at quota.cc:7\n"
        "      \tat disk.cc:3\\x1b[31m\n"
        "    caused by: ServerError: out of order\n"
        "      retryable");
}

TEST_CASE("a failure that says little is one line", "[core][errors]") {
  Failure failure;
  failure.message = "why";
  CHECK(in_full(failure) == "Error: why");
  CHECK(in_full(Failure{}) == "Error");
}

TEST_CASE("an error in full has its code, the run in the way and its failure", "[core][errors]") {
  SECTION("without a failure") {
    CHECK(in_full(Error{ErrorCode::kNotFound, "no such run", {}, {}}) == "NotFound: no such run");
  }
  SECTION("of a start whose ID is taken") {
    CHECK(in_full(Error{ErrorCode::kAlreadyStarted, "taken", {}, "run-7"}) == "AlreadyStarted: taken\n  run ID: run-7");
  }
  SECTION("of a timeout, with the last heartbeat details") {
    Failure timeout;
    timeout.kind = FailureKind::kTimeout;
    timeout.timeout_type = TimeoutType::kHeartbeat;
    timeout.message = "activity heartbeat timeout";
    timeout.details = {json("17")};
    const Error error{ErrorCode::kActivityTimedOut, "activity 'a'", std::make_shared<const Failure>(timeout), {}};
    CHECK(in_full(error) ==
          "ActivityTimedOut: activity 'a'\n"
          "  failure: TimeoutError(Heartbeat): activity heartbeat timeout\n"
          "    last heartbeat details: 17");
    CHECK(to_string(error) == "ActivityTimedOut: activity 'a'");
  }
  SECTION("of a cancellation, with who asked for it") {
    Failure canceled;
    canceled.kind = FailureKind::kCanceled;
    canceled.message = "Activity canceled";
    canceled.identity = "operator";
    const Error error{ErrorCode::kActivityCanceled, "activity 'a'", std::make_shared<const Failure>(canceled), {}};
    CHECK(in_full(error).find("    identity: operator") != std::string::npos);
  }
}

TEST_CASE("what would disturb a terminal or fill it is not printed as it is", "[core][errors]") {
  Failure failure;
  failure.kind = FailureKind::kApplication;
  failure.message = std::string("bell \x07, broken \xff, whole ") + "\xc3\xa9";
  failure.details = {json("\"" + std::string(10'000, 'x') + "\"")};
  const auto text = in_full(failure);
  CHECK(text.find("bell \\x07, broken \\xff, whole \xc3\xa9") != std::string::npos);
  CHECK(text.find("... (10002 bytes)") != std::string::npos);
  CHECK(text.size() < 1'000);
  Failure wordy;
  wordy.message = std::string(3'000, 'm') + "END";
  wordy.stack_trace = std::string(3'000, 's') + "END";
  CHECK(in_full(wordy).find("mEND") != std::string::npos);
  CHECK(in_full(wordy).find("sEND") != std::string::npos);
  failure.details = Payloads(50, json("1"));
  CHECK(in_full(failure).find("- and 40 more") != std::string::npos);
}

TEST_CASE("a chain of causes that is far too long is cut", "[core][errors]") {
  auto failure = std::make_shared<const Failure>();
  for (int i = 0; i < 1'000; ++i) {
    Failure next;
    next.cause = failure;
    failure = std::make_shared<const Failure>(std::move(next));
  }
  const auto text = in_full(*failure);
  CHECK(text.find("caused by: more") != std::string::npos);
  CHECK(text.size() < 50'000);
}

TEST_CASE("a chain of causes can be searched", "[core][errors]") {
  const Failure failure = disk_failure();
  CHECK(failure.find(FailureKind::kApplication) == &failure);
  CHECK(failure.find(FailureKind::kServer)->message == "out of order");
  CHECK(failure.find(FailureKind::kTimeout) == nullptr);
  CHECK(failure.find("Quota")->non_retryable);
  CHECK(failure.find("Disk") == &failure);
  CHECK(failure.find("Memory") == nullptr);
  CHECK(failure.root_cause().kind == FailureKind::kServer);
  CHECK(&failure.root_cause().root_cause() == &failure.root_cause());
}

TEST_CASE("the details of a failure can be read as values", "[core][errors]") {
  const DataConverter converter;
  Failure failure;
  CHECK(converter.details<int>(failure).value() == std::nullopt);
  failure.details = {json("17"), json("\"more\"")};
  CHECK(converter.details<int>(failure).value() == 17);
  CHECK(converter.details<std::string>(failure).error().code == ErrorCode::kUndecodable);
}
