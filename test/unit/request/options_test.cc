#include <limits>

#include "request/validate.h"
#include "support/catch.h"

namespace longbeat::server {

using namespace std::chrono_literals;
using Retry = StartRequest::Retry;

TEST_CASE("a duration as sent", "[server][request]") {
  SECTION("is zero when unset and capped at 100 years") {
    CHECK(parse_duration(std::nullopt, "X").value() == 0ns);
    CHECK(parse_duration(RawDuration{1, 500'000'000}, "X").value() == 1500ms);
    CHECK(parse_duration(RawDuration{std::numeric_limits<std::int64_t>::max(), 5}, "X").value() == 24h * 36'500);
  }
  SECTION("is refused by name when it makes no sense") {
    const auto text = [](std::int64_t seconds, std::int32_t nanos) {
      return to_string(parse_duration(RawDuration{seconds, nanos}, "StartDelay").error());
    };
    CHECK(text(-1, 0) == "INVALID_ARGUMENT: invalid StartDelay: negative duration: -1s and 0ns");
    CHECK(text(0, -1) == "INVALID_ARGUMENT: invalid StartDelay: negative duration: 0s and -1ns");
    CHECK(text(1, -1) == "INVALID_ARGUMENT: invalid StartDelay: mixed signs: 1s and -1ns");
    CHECK(text(-1, 1) == "INVALID_ARGUMENT: invalid StartDelay: mixed signs: -1s and 1ns");
    CHECK(text(0, 1'000'000'000) == "INVALID_ARGUMENT: invalid StartDelay: nanos out of range: 0s and 1000000000ns");
  }
}

TEST_CASE("a retry policy", "[server][request]") {
  SECTION("is the default one when missing or empty") {
    CHECK(normalise_retry(std::nullopt).value() == NormalRetry{});
    CHECK(normalise_retry(Retry{}).value() == NormalRetry{});
  }
  SECTION("has a maximum interval of 100 initial ones unless given") {
    CHECK(normalise_retry(Retry{.initial_interval = RawDuration{3, 0}}).value().maximum_interval == 300s);
    CHECK(normalise_retry(Retry{.initial_interval = RawDuration{4'000'000'000, 0}}).value().maximum_interval ==
          24h * 36'500);
  }
  SECTION("keeps what is given") {
    const NormalRetry retry = normalise_retry(Retry{.initial_interval = RawDuration{2, 0},
                                                    .maximum_interval = RawDuration{9, 0},
                                                    .backoff_coefficient = 1.5,
                                                    .maximum_attempts = 4,
                                                    .non_retryable_error_types = {"A", "TemporalTimeout:Heartbeat"}})
                                  .value();
    CHECK(retry == NormalRetry{2s, 1.5, 9s, 4, {"A", "TemporalTimeout:Heartbeat"}});
  }
  SECTION("is refused when its values do not go together") {
    const auto text = [](const Retry& retry) { return normalise_retry(retry).error().message; };
    CHECK_THAT(text({.backoff_coefficient = 0.5}), ContainsSubstring("BackoffCoefficient cannot be less than 1"));
    CHECK_THAT(text({.backoff_coefficient = std::numeric_limits<double>::quiet_NaN()}),
               ContainsSubstring("BackoffCoefficient cannot be less than 1"));
    CHECK_THAT(text({.initial_interval = RawDuration{2, 0}, .maximum_interval = RawDuration{1, 0}}),
               ContainsSubstring("MaximumInterval cannot be less than InitialInterval"));
    CHECK_THAT(text({.maximum_attempts = -1}), ContainsSubstring("MaximumAttempts cannot be negative"));
    CHECK_THAT(text({.initial_interval = RawDuration{-1, 0}}), ContainsSubstring("invalid InitialInterval"));
    CHECK_THAT(text({.non_retryable_error_types = {"TemporalTimeout:Lunch"}}),
               ContainsSubstring("TemporalTimeout:Lunch"));
  }
  SECTION("is not looked at further when there is one attempt only") {
    CHECK(normalise_retry(
              Retry{.maximum_interval = RawDuration{-1, 0}, .backoff_coefficient = 0.5, .maximum_attempts = 1})
              .ok());
  }
}

TEST_CASE("the four timeouts", "[server][request]") {
  const auto normal = [](NormalTimeouts asked) { return normalise_timeouts(asked, "id", "type"); };
  CHECK(normal({.schedule_to_close = 10s}).value() == NormalTimeouts{10s, 10s, 10s, 0s});
  CHECK(normal({.schedule_to_close = 10s, .schedule_to_start = 20s, .start_to_close = 5s, .heartbeat = 7s}).value() ==
        NormalTimeouts{10s, 10s, 5s, 5s});
  CHECK(normal({.start_to_close = 5s}).value() == NormalTimeouts{0s, 0s, 5s, 0s});
  CHECK(normal({.schedule_to_start = 3s, .start_to_close = 5s, .heartbeat = 1s}).value() ==
        NormalTimeouts{0s, 3s, 5s, 1s});
  CHECK(normal({.schedule_to_start = 3s}).error().message ==
        "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId=id "
        "ActivityType=type");
}

}  // namespace longbeat::server
