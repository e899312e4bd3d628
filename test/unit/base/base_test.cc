#include <set>
#include <sstream>

#include "base/backoff.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/random.h"
#include "base/status.h"
#include "longbeat/failure.h"
#include "longbeat/result.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using namespace longbeat::internal;
using longbeat::Error;
using longbeat::ErrorCode;
using longbeat::Failure;
using longbeat::FailureKind;
using longbeat::Result;
using longbeat::ResultError;

TEST_CASE("a result", "[base][result]") {
  SECTION("holds a value") {
    Result<int> result = 7;
    REQUIRE(result);
    CHECK(*result == 7);
    CHECK(result.value() == 7);
    CHECK(result.value_or(1) == 7);
  }
  SECTION("holds an error, and value() throws it with its text") {
    Result<int> result = Error{ErrorCode::kNotFound, "no activity 'a'"};
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::kNotFound);
    CHECK(result.value_or(1) == 1);
    CHECK_THROWS_AS(result.value(), ResultError);
    CHECK_THROWS_WITH(result.value(), "NotFound: no activity 'a'");
  }
  SECTION("of nothing is fine by default") {
    Result<> result;
    CHECK(result.ok());
    CHECK_NOTHROW(result.value());
  }
  SECTION("moves what can only be moved") {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
    CHECK(*std::move(result).value() == 3);
  }
  SECTION("with a protocol status keeps code, text and detail") {
    StatusOr<int> refused = not_found("activity not found for ID: a");
    CHECK(refused.error() == Status{StatusCode::kNotFound, "activity not found for ID: a", NotFoundDetail{}});
    CHECK_THROWS_AS(refused.value(), std::logic_error);
  }
}

TEST_CASE("every code has a name", "[base][result]") {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kActivityTimedOut); ++code) {
    CHECK(to_string(static_cast<ErrorCode>(code)) != "Unknown");
  }
  CHECK(to_string(StatusCode::kResourceExhausted) == "RESOURCE_EXHAUSTED");
  std::ostringstream out;
  out << invalid_argument("activity ID is required");
  CHECK(out.str() == "INVALID_ARGUMENT: activity ID is required");
}

TEST_CASE("a failure prints its chain of causes in one line", "[base][failure]") {
  Failure disk;
  disk.kind = FailureKind::kApplication;
  disk.type = "Disk";
  disk.message = "no space";
  Failure outer;
  outer.kind = FailureKind::kTimeout;
  outer.timeout_type = longbeat::TimeoutType::kHeartbeat;
  outer.message = "activity Heartbeat timeout";
  outer.cause = std::make_shared<Failure>(disk);
  CHECK(to_string(outer) ==
        "TimeoutError(Heartbeat): activity Heartbeat timeout: caused by: ApplicationError(Disk): no space");
}

TEST_CASE("the random generator is ours", "[base][random]") {
  SECTION("a seed means the same numbers everywhere") {
    Random random(1);
    CHECK(random.next() == 0x910a2dec89025cc1ULL);
    CHECK(random.next() == 0xbeeb8da1658eec67ULL);
  }
  SECTION("bounded numbers stay below their bound") {
    Random random(2);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1'000; ++i) seen.insert(random.below(7));
    CHECK(seen.size() == 7);
    CHECK(*seen.rbegin() == 6);
    CHECK(random.below(0) == 0);
  }
}

TEST_CASE("UUIDs", "[base][random]") {
  Random random(3);
  const Uuid uuid = make_uuid(random);
  const std::string text = to_string(uuid);
  SECTION("are of version 4 and survive text") {
    REQUIRE(text.size() == 36);
    CHECK(text[14] == '4');
    CHECK(std::string("89ab").find(text[19]) != std::string::npos);
    Uuid back{};
    CHECK(parse_uuid(text, back));
    CHECK(back == uuid);
  }
  SECTION("are refused when malformed") {
    Uuid out{};
    for (const auto* bad : {"", "x", "00000000-0000-0000-0000-00000000000", "00000000-0000-0000-0000-00000000000g",
                            "00000000 0000-0000-0000-000000000000", "000000000-000-0000-0000-000000000000"}) {
      CAPTURE(bad);
      CHECK_FALSE(parse_uuid(bad, out));
    }
  }
}

TEST_CASE("backoff", "[base][backoff]") {
  Random random(4);
  SECTION("grows to its maximum and starts again after a reset") {
    Backoff backoff({.initial = 100ms, .growth_percent = 200, .maximum = 350ms, .jitter_percent = 0});
    CHECK(backoff.next(random) == 100ms);
    CHECK(backoff.next(random) == 200ms);
    CHECK(backoff.next(random) == 350ms);
    CHECK(backoff.next(random) == 350ms);
    backoff.reset();
    CHECK(backoff.next(random) == 100ms);
  }
  SECTION("varies by its jitter and no further") {
    Backoff backoff({.initial = 100ms, .growth_percent = 100, .maximum = 100ms, .jitter_percent = 20});
    for (int i = 0; i < 200; ++i) {
      const auto pause = backoff.next(random);
      CHECK(pause >= 80ms);
      CHECK(pause < 120ms);
    }
  }
}

TEST_CASE("a log sink that throws loses its line and nothing else", "[base][log]") {
  const auto before = lost_log_lines();
  set_log_sink([](const LogRecord&) { throw 42; });
  log(LogLevel::kError, "gone");
  std::string seen;
  set_log_sink([&](const LogRecord& record) { seen = record.message; });
  log(LogLevel::kError, "kept");
  set_log_sink({});
  CHECK(lost_log_lines() == before + 1);
  CHECK(seen == "kept");
}
