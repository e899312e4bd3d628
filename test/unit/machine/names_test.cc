#include <set>
#include <sstream>

#include "machine/callbacks.h"
#include "unit/machine/states.h"

namespace longbeat::server {
namespace {

template <class Value>
std::string printed(const Value& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

/// What is printed for the values `from` to `to` of an enumeration.
template <class Enumeration>
std::vector<std::string> names(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i <= to; ++i) all.push_back(printed(static_cast<Enumeration>(i)));
  return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("error texts spell names as the protocol does", "[server][machine]") {
  CHECK(names<Phase>(1, 11) == Names{"Scheduled", "Started", "CancelRequested", "PauseRequested", "ResetRequested",
                                     "Paused", "Completed", "Failed", "Canceled", "Terminated", "TimedOut"});
  CHECK(names<RetryState>(0, 7) == Names{"Unspecified", "InProgress", "NonRetryableFailure", "Timeout",
                                         "MaximumAttemptsReached", "RetryPolicyNotSet", "InternalServerError",
                                         "CancelRequested"});
  CHECK(names<TimeoutType>(0, 4) ==
        Names{"Unspecified", "StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"});
  CHECK(names<CallbackPhase>(1, 6) == Names{"Standby", "Scheduled", "BackingOff", "Failed", "Succeeded", "Blocked"});
  SECTION("and say so when a number has none") {
    CHECK(to_string(static_cast<Phase>(99)) == "Unspecified");
    CHECK(to_string(static_cast<RetryState>(99)) == "Unspecified");
    CHECK(to_string(static_cast<TimeoutType>(99)) == "Unspecified");
    CHECK(to_string(static_cast<CallbackPhase>(99)) == "Unspecified");
  }
}

TEST_CASE("callers see fewer states than there are", "[server][machine]") {
  for (const Phase running :
       {Phase::kScheduled, Phase::kStarted, Phase::kCancelRequested, Phase::kPauseRequested, Phase::kResetRequested}) {
    CHECK(public_status(running) == 1);
  }
  CHECK(public_status(Phase::kCompleted) == 2);
  CHECK(public_status(Phase::kFailed) == 3);
  CHECK(public_status(Phase::kCanceled) == 4);
  CHECK(public_status(Phase::kTerminated) == 5);
  CHECK(public_status(Phase::kTimedOut) == 6);
  CHECK(public_status(Phase::kPaused) == 7);
}

TEST_CASE("a failure in a test's output shows all that tells it from another", "[server][machine]") {
  StoredFailure failure{.opaque = "o", .message = "broken", .timeout = TimeoutType::kHeartbeat, .details = "d"};
  failure.identity = "me";
  const std::string shown = printed(failure);
  CHECK_THAT(shown, ContainsSubstring("\"broken\", Heartbeat, opaque \"o\", details \"d\", identity \"me\""));
  CHECK_THAT(shown, !ContainsSubstring("non-retryable"));
  failure.non_retryable = true;
  failure.cause.push_back({.message = "below"});
  CHECK_THAT(printed(failure), ContainsSubstring("non-retryable, cause failure{") && ContainsSubstring("\"below\""));
  CHECK(printed(Text("some text")) == "some text");
}

TEST_CASE("the size of an activity's state counts each thing that can be large", "[server][machine]") {
  ActivityState state = scheduled();
  auto grows_by = [&state, last = state_size_bytes(state)](std::int64_t bytes) mutable {
    const std::int64_t size = state_size_bytes(state);
    CHECK(size - last == bytes);
    last = size;
  };
  const auto change_input = [&state](auto change) {
    auto input = std::make_shared<ActivityInput>(*state.input);
    change(*input);
    state.input = std::move(input);
  };
  CHECK(state_size_bytes(state) == static_cast<std::int64_t>(sizeof(ActivityProgress) + std::string("order-7").size()));
  change_input([](ActivityInput& input) { input.input = std::string(100, 'i'); });
  grows_by(100);
  change_input([](ActivityInput& input) { input.header = "header"; });
  grows_by(6);
  change_input([](ActivityInput& input) { input.type = "type"; });
  grows_by(4);
  change_input([](ActivityInput& input) { input.user_metadata = "metadata"; });
  grows_by(8);
  change_input([](ActivityInput& input) { input.search_attributes = "attributes"; });
  grows_by(10);
  change_input([](ActivityInput& input) { input.links = {"one", "two"}; });
  grows_by(6);
  change_input([](ActivityInput& input) { input.attached = {{"request", {"three", "four"}}}; });
  grows_by(9);
  state.heartbeat_details = "50 %";
  grows_by(4);
  state.callbacks.push_back({.message = "call me"});
  grows_by(7);
  state.last_failure = StoredFailure{.opaque = "opaque", .message = "no"};
  grows_by(8);
  state.outcome = Outcome{.result = "done", .failure = {.opaque = "why"}};
  grows_by(7);
}

}  // namespace longbeat::server
