#include "core/outcome.h"

#include "core/attempt.h"
#include "longbeat/data_converter.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;
using Catch::Matchers::EndsWith;

namespace {

struct DiskFull : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Plain {};

/// Says nothing.
struct Silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

/// One exception around that many causes; the innermost says "0".
[[noreturn]] void throw_chain(int causes) {
  if (causes == 0) throw std::runtime_error("0");
  try {
    throw_chain(causes - 1);
  } catch (...) {
    std::throw_with_nested(std::runtime_error(std::to_string(causes)));
  }
}

template <class Throw>
Failure failure_from(const Throw& thrower) {
  try {
    thrower();
  } catch (...) {
    return failure_of_exception();
  }
  return {};
}

const Failure& failed(const AttemptOutcome& outcome) {
  return std::get<AttemptFailed>(outcome).failure;
}

}  // namespace

TEST_CASE("an exception becomes a failure", "[worker][outcome]") {
  SECTION("with the readable name of its type") {
    const auto failure = failure_from([] { throw DiskFull("no space"); });
    CHECK(failure.kind == FailureKind::kApplication);
    CHECK_THAT(failure.type, ContainsSubstring("DiskFull"));
    CHECK(failure.message == "no space");
    CHECK_FALSE(failure.non_retryable);
  }
  SECTION("with everything an ApplicationError says") {
    const auto failure = failure_from([] {
      throw ApplicationError(
          "bad card",
          {.type = "CardDeclined", .non_retryable = true, .next_retry_delay = 3s, .details = {make_payload("a", "b")}});
    });
    CHECK(failure.type == "CardDeclined");
    CHECK(failure.non_retryable);
    CHECK(failure.next_retry_delay == 3s);
    CHECK(failure.details.size() == 1);
  }
  SECTION("with the chain of its causes") {
    const auto failure = failure_from([] {
      try {
        throw std::runtime_error("disk");
      } catch (...) {
        std::throw_with_nested(ApplicationError("ingest failed", {.type = "Ingest"}));
      }
    });
    CHECK(failure.type == "Ingest");
    REQUIRE(failure.cause);
    CHECK(failure.cause->message == "disk");
    CHECK(failure.cause->type == "std::runtime_error");
    CHECK_FALSE(failure.cause->cause);
  }
  SECTION("with the cause that any class carries") {
    const auto failure = failure_from([] {
      try {
        throw std::runtime_error("the cause");
      } catch (...) {
        std::throw_with_nested(Plain{});
      }
    });
    CHECK_THAT(failure.type, EndsWith("Plain"));
    REQUIRE(failure.cause);
    CHECK(failure.cause->message == "the cause");
  }
  SECTION("with the cause of an error that carries no failure of its own") {
    const auto failure = failure_from([] {
      try {
        throw std::runtime_error("the cause");
      } catch (...) {
        std::throw_with_nested(ResultError(Error{ErrorCode::kUnavailable, "no server"}));
      }
    });
    CHECK(failure.type == "Unavailable");
    REQUIRE(failure.cause);
    CHECK(failure.cause->message == "the cause");
  }
  SECTION("with as many causes as the server keeps, and a mark where there are more") {
    const int causes = GENERATE(21, 75, 76, 200);
    const auto failure = failure_from([&] { throw_chain(causes); });
    int kept = 0;
    const Failure* last = &failure;
    for (; last->cause; last = last->cause.get()) ++kept;
    CHECK(kept == std::min(causes, 76));
    CHECK(last->message == (causes <= 75 ? "0" : "... <causes below this one were dropped>"));
  }
  SECTION("without a pause that is not positive: it counts as not set") {
    const auto delay_of = [](std::chrono::nanoseconds delay) {
      return failure_from([&] { throw ApplicationError("x", {.next_retry_delay = delay}); }).next_retry_delay;
    };
    CHECK_FALSE(delay_of(-1ns));
    CHECK_FALSE(delay_of(0ns));
    CHECK(delay_of(1ns) == 1ns);
  }
  SECTION("with its type when it says nothing") {
    const auto failure = failure_from([] { throw Silent(); });
    CHECK_THAT(failure.type, EndsWith("Silent"));
    CHECK(failure.message == "(what() is null)");
  }
  SECTION("also when it is not a std::exception") {
    const auto failure = failure_from([] { throw 42; });
    CHECK(failure.type == "int");
    CHECK(failure.message == "activity threw an int: 42");
    CHECK(failure_from([] { throw "plain text"; }).message == "plain text");
    CHECK_THAT(failure_from([] { throw std::vector<int>(); }).message, ContainsSubstring("not a std::exception"));
  }
  SECTION("with text that can be sent") {
    CHECK(failure_from([] { throw std::runtime_error("caf\xe9 \xf0\x9f\x8e\x89"); }).message ==
          "caf? \xf0\x9f\x8e\x89");
    CHECK(sendable_text(std::string(1'000'000, 'x')).size() == 20'000);
    CHECK(sendable_text("\xc0\x80\xed\xa0\x80").find('\xed') == std::string::npos);
  }
  SECTION("from a returned error with its code") {
    CHECK(failure_from([] { throw ReturnedError(Error{ErrorCode::kResourceExhausted, "quota"}); }).type ==
          "ResourceExhausted");
  }
}

TEST_CASE("a failure that a program has made itself is reported as what can be sent", "[worker][outcome]") {
  Failure inner;
  inner.message = "inner \xff";
  inner.stack_trace = "at \xe9";
  const auto good = std::make_shared<const Failure>(application_failure("Good", "below"));
  inner.cause = good;
  Failure own;
  own.kind = GENERATE(FailureKind::kGeneric, FailureKind::kApplication);
  own.message = "caf\xe9";
  own.type = "T\xff";
  own.source = "\xff";
  own.next_retry_delay = GENERATE(-1ns, 0ns);
  own.cause = std::make_shared<const Failure>(inner);
  const auto sent = as_application_failure(own);
  CHECK(sent.kind == FailureKind::kApplication);
  CHECK(sent.message == "caf?");
  CHECK(sent.type == "T?");
  CHECK(sent.source == "?");
  CHECK_FALSE(sent.next_retry_delay);
  REQUIRE(sent.cause);
  CHECK(sent.cause->message == "inner ?");
  CHECK(sent.cause->stack_trace == "at ?");
  CHECK(sent.cause->cause == good);  // Nothing is wrong with that one.
  SECTION("also as the cause of another kind") {
    own.kind = FailureKind::kTimeout;
    own.timeout_type = TimeoutType::kHeartbeat;
    const auto around = as_application_failure(own);
    CHECK(around.type == "TimeoutError");
    CHECK(around.cause->message == "caf?");
    CHECK(around.cause->cause->message == "inner ?");
  }
  SECTION("also as the failure of an error") {
    Error error{ErrorCode::kActivityFailed, "e"};
    error.failure = std::make_shared<const Failure>(own);
    const auto of_error = failure_of(error);
    CHECK(of_error.cause->message == "caf?");
    CHECK_FALSE(of_error.cause->next_retry_delay);
  }
  SECTION("also where nothing else is wrong with a cause") {
    Failure hasty = application_failure("Hasty", "in a hurry");
    hasty.next_retry_delay = own.next_retry_delay;
    own.cause = std::make_shared<const Failure>(hasty);
    CHECK_FALSE(as_application_failure(own).cause->next_retry_delay);
  }
  SECTION("and stays what it was where nothing is wrong") {
    own = application_failure("Own", std::string(30'000, 'x'));
    own.message = std::string(30'000, 'x');
    own.next_retry_delay = 1ns;
    own.cause = good;
    CHECK(as_application_failure(own).message == own.message);
    CHECK(as_application_failure(own).next_retry_delay == 1ns);
    CHECK(as_application_failure(own).cause == good);
  }
}

TEST_CASE("an attempt that stopped", "[worker][outcome]") {
  SECTION("is canceled only if asked") {
    CHECK(std::holds_alternative<AttemptCanceled>(outcome_of_stop({StopCause::kCanceled}, false, {})));
    CHECK(std::holds_alternative<AttemptFailed>(outcome_of_stop({}, false, {})));
  }
  SECTION("prefers cancel to reset to pause, whatever came first") {
    CHECK(std::holds_alternative<AttemptCanceled>(
        outcome_of_stop({StopCause::kPaused, StopCause::kCanceled}, false, {})));
    CHECK(failed(outcome_of_stop({StopCause::kPaused, StopCause::kReset}, false, {})).type == "ActivityReset");
  }
  SECTION("for pause, reset and shutdown fails retryably with the standard type") {
    CHECK(failed(outcome_of_stop({StopCause::kPaused}, false, {})).type == "ActivityPause");
    CHECK(failed(outcome_of_stop({StopCause::kShutdown}, false, {})).type == "WorkerShutdown");
    CHECK_FALSE(failed(outcome_of_stop({StopCause::kShutdown}, false, {})).non_retryable);
  }
  SECTION("reports nothing when nothing can count") {
    CHECK(std::holds_alternative<AttemptAbandoned>(
        outcome_of_stop({StopCause::kCanceled, StopCause::kLeaseLost}, true, {})));
  }
}

TEST_CASE("an attempt's flags", "[worker][outcome]") {
  struct FixedClock final : Clock {
    TimePoint time{100s};
    TimePoint now() const override { return time; }
    WallTime wall_now() const override { return WallTime(1h); }
  } clock;
  ActivityTask task;
  task.heartbeat = 10s;
  const auto attempt = std::make_shared<Attempt>(task, "q", DataConverter(), clock, Lease(clock.time, 10s, 1h), 1);
  ActivityContext context(attempt);
  SECTION("are seen by the activity before anything else runs") {
    CHECK_NOTHROW(context.throw_if_stopped());
    CHECK(attempt->stop(StopCause::kPaused, false));
    CHECK_FALSE(attempt->stop(StopCause::kPaused, false));
    CHECK_THROWS_AS(context.throw_if_stopped(), ActivityStopped);
    CHECK_FALSE(context.stop_token().stop_requested());
    attempt->stop_state().request_stop();
    CHECK(context.stop_token().stop_requested());
    CHECK_FALSE(context.lost_token().stop_requested());
  }
  SECTION("tell a lost lease without the loop") {
    clock.time += 9499ms;
    CHECK_FALSE(context.stopped());
    CHECK(context.lease_left() == 501ms);
    clock.time += 1ms;
    CHECK(context.stopped());
    CHECK(attempt->lost());
    CHECK(context.stop_causes() == std::vector{StopCause::kLeaseLost});
  }
  SECTION("do not change after the end") {
    attempt->end();
    CHECK_FALSE(attempt->stop(StopCause::kCanceled, false));
    context.heartbeat(std::monostate());
    CHECK_FALSE(attempt->cell().has_news());
    CHECK(attempt->save_now({}, 1s).error().code == ErrorCode::kLeaseLost);
  }
  SECTION("cut a sleep short") {
    CHECK(context.sleep_for(0s));
    attempt->stop(StopCause::kCanceled, false);
    CHECK_FALSE(context.sleep_for(1h));
  }
}
