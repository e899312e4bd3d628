#include "core/poll_policy.h"
#include "core/report_policy.h"
#include "core/slots.h"
#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {
constexpr TimePoint kStart{100s};
StatusOr<> refused(StatusCode code, std::string message = {}) {
  return Status{code, std::move(message), {}};
}
}  // namespace

TEST_CASE("a report", "[worker][report]") {
  ReportPolicy policy(kStart + 1min);
  SECTION("is repeated until it is accepted") {
    CHECK(policy.judge(unavailable("x"), kStart) == ReportAnswer::kRepeat);
    CHECK(policy.judge(StatusOr<>(), kStart) == ReportAnswer::kAccepted);
  }
  SECTION("is stale when the server never knew it") {
    CHECK(policy.judge(not_found("x"), kStart) == ReportAnswer::kStale);
  }
  SECTION("is unknown when an earlier try may have been applied") {
    CHECK(policy.judge(refused(StatusCode::kDeadlineExceeded), kStart) == ReportAnswer::kRepeat);
    CHECK(policy.judge(not_found("x"), kStart) == ReportAnswer::kUnknown);
  }
  SECTION("is not made ambiguous by a limit") {
    CHECK(policy.judge(refused(StatusCode::kResourceExhausted), kStart) == ReportAnswer::kRepeat);
    CHECK(policy.judge(not_found("x"), kStart) == ReportAnswer::kStale);
  }
  SECTION("is given up when it can no longer count") {
    CHECK(policy.judge(unavailable("x"), kStart + 1min) == ReportAnswer::kGivenUp);
  }
  SECTION("is not sent again as it is when the server objects to it") {
    CHECK(policy.judge(invalid_argument("x"), kStart) == ReportAnswer::kRefused);
    CHECK(policy.judge(refused(StatusCode::kResourceExhausted, "grpc: received message larger than max (5 vs. 4)"),
                       kStart) == ReportAnswer::kTooLarge);
  }
}

TEST_CASE("polling", "[worker][poll]") {
  PollPolicy policy;
  Random random(1);
  SECTION("pauses longer with each failure, at most 12 s") {
    auto before = 0ns;
    for (int i = 0; i < 4; ++i) {
      const auto pause = policy.failed(unavailable("x"), kStart, random);
      CHECK(pause > before);
      before = pause;
    }
    for (int i = 0; i < 10; ++i) CHECK(policy.failed(unavailable("x"), kStart, random) <= 12s);
    CHECK_FALSE(policy.hopeless(kStart + 1h));
  }
  SECTION("is hopeless after a minute of refusals only") {
    policy.failed(not_found("namespace"), kStart, random);
    CHECK_FALSE(policy.hopeless(kStart + 59s));
    CHECK(policy.hopeless(kStart + 60s));
    policy.failed(unavailable("x"), kStart + 30s, random);
    CHECK_FALSE(policy.hopeless(kStart + 60s));
  }
}

TEST_CASE("slots", "[worker][slots]") {
  Slots slots(2, 5);
  SECTION("are taken before polling") {
    slots.poll_opened();
    slots.poll_opened();
    CHECK_FALSE(slots.may_poll());
  }
  SECTION("may be overfilled by one answer, and then wait") {
    slots.poll_opened();
    slots.poll_ended();
    for (int i = 0; i < 3; ++i) slots.attempt_started();
    CHECK_FALSE(slots.may_poll());
    slots.attempt_settled();
    CHECK_FALSE(slots.may_poll());
    slots.attempt_settled();
    CHECK(slots.may_poll());
  }
}
