#include "machine/callbacks.h"

#include "unit/machine/states.h"

namespace longbeat::server {
namespace {

constexpr CallbackPhase kCallbackPhases[] = {CallbackPhase::kStandby,    CallbackPhase::kScheduled,
                                             CallbackPhase::kBackingOff, CallbackPhase::kFailed,
                                             CallbackPhase::kSucceeded,  CallbackPhase::kBlocked};

CallbackState due() {
  std::vector<CallbackState> callbacks(1);
  release(callbacks, kStart);
  return callbacks.front();
}

CallbackState callback_in(CallbackPhase phase) {
  CallbackState callback = due();
  switch (phase) {
    case CallbackPhase::kStandby:
      return {};
    case CallbackPhase::kScheduled:
      break;
    case CallbackPhase::kBackingOff:
      transition(callback, DeliveryFailed{"503"}, kStart).value();
      break;
    case CallbackPhase::kFailed:
      transition(callback, DeliveryFailed{"404", false}, kStart).value();
      break;
    case CallbackPhase::kSucceeded:
      transition(callback, DeliverySucceeded{}, kStart).value();
      break;
    case CallbackPhase::kBlocked:
      transition(callback, DeliveryBlocked{"no rule allows it"}, kStart).value();
      break;
  }
  return callback;
}

}  // namespace

TEST_CASE("every callback event in every callback phase", "[server][machine][callbacks]") {
  const auto after = [](CallbackPhase phase, const CallbackEvent& event) {
    CallbackState callback = callback_in(phase);
    CHECK(callback.phase == phase);
    const CallbackState before = callback;
    const auto applied = transition(callback, event, kStart + 1h);
    if (applied) return std::string(to_string(callback.phase));
    CHECK((callback == before));
    return to_string(applied.error());
  };
  for (const CallbackPhase phase : kCallbackPhases) {
    CAPTURE(phase);
    const bool waits = phase == CallbackPhase::kScheduled || phase == CallbackPhase::kBackingOff;
    const std::string refused = "FAILED_PRECONDITION: callback is in state " + std::string(to_string(phase));
    CHECK(after(phase, DeliverySucceeded{}) == (waits ? "Succeeded" : refused));
    CHECK(after(phase, DeliveryFailed{"503"}) == (waits ? "BackingOff" : refused));
    CHECK(after(phase, DeliveryFailed{"404", false}) == (waits ? "Failed" : refused));
    CHECK(after(phase, DeliveryBlocked{"why"}) == (waits ? "Blocked" : refused));
    CHECK(after(phase, DeliveryUnblocked{}) == (phase == CallbackPhase::kBlocked ? "Scheduled" : refused));
  }
}

TEST_CASE("a failed delivery is repeated after twice the time each time, at most an hour",
          "[server][machine][callbacks]") {
  CallbackState callback = due();
  CHECK(due_time(callback) == kStart);
  Time now = kStart;
  for (const Duration wait : {1s, 2s, 4s, 8s}) {
    transition(callback, DeliveryFailed{"503"}, now).value();
    CHECK(due_time(callback) == now + wait);
    CHECK(callback.last_attempt_complete_time == now);
    now += wait;
  }
  CHECK(callback.attempt == 4);
  for (int i = 0; i < 20; ++i) transition(callback, DeliveryFailed{"503"}, now).value();
  CHECK(due_time(callback) == now + 1h);
  CHECK(callback.last_failure == "503");
  CHECK_FALSE(callback.last_failure_final);
}

TEST_CASE("a delivery is given up", "[server][machine][callbacks]") {
  CallbackState callback = due();
  SECTION("when its failure is for good") {
    transition(callback, DeliveryFailed{"404", false}, kStart).value();
    CHECK(callback.last_failure_final);
  }
  SECTION("when its attempts are used up") {
    transition(callback, DeliveryFailed{"503"}, kStart, {.maximum_attempts = 2}).value();
    CHECK(callback.phase == CallbackPhase::kBackingOff);
    transition(callback, DeliveryFailed{"503"}, kStart + 1s, {.maximum_attempts = 2}).value();
  }
  CHECK(callback.phase == CallbackPhase::kFailed);
  CHECK(is_settled(callback));
  CHECK_FALSE(due_time(callback).has_value());
}

TEST_CASE("a delivered callback forgets earlier failures", "[server][machine][callbacks]") {
  CallbackState callback = callback_in(CallbackPhase::kBackingOff);
  transition(callback, DeliverySucceeded{}, kStart + 1s).value();
  CHECK(callback.attempt == 2);
  CHECK(callback.last_failure.empty());
  CHECK(is_settled(callback));
}

TEST_CASE("a blocked callback tells why and waits to be unblocked", "[server][machine][callbacks]") {
  CallbackState callback = callback_in(CallbackPhase::kBlocked);
  CHECK(callback.blocked_reason == "no rule allows it");
  CHECK_FALSE(due_time(callback).has_value());
  CHECK_FALSE(is_settled(callback));
  transition(callback, DeliveryUnblocked{}, kStart + 1h).value();
  CHECK(callback.blocked_reason.empty());
  CHECK(due_time(callback) == kStart + 1h);
}

TEST_CASE("the next due time is the earliest of those that wait", "[server][machine][callbacks]") {
  std::vector<CallbackState> callbacks(3);
  CHECK_FALSE(next_due_time(callbacks).has_value());
  CHECK(release(callbacks, kStart));
  CHECK_FALSE(release(callbacks, kStart + 1s));
  CHECK(next_due_time(callbacks) == kStart);
  transition(callbacks[0], DeliveryFailed{"503"}, kStart).value();
  transition(callbacks[1], DeliveryFailed{"503"}, kStart + 5s).value();
  transition(callbacks[2], DeliverySucceeded{}, kStart).value();
  CHECK(next_due_time(callbacks) == kStart + 1s);
}

}  // namespace longbeat::server
