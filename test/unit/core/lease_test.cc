#include "core/lease.h"

#include "core/shutdown.h"
#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {
constexpr TimePoint kStart{100s};
}

TEST_CASE("a lease", "[worker][lease]") {
  SECTION("ends one heartbeat timeout after its start, and asks to stop a margin earlier") {
    const Lease lease(kStart, 10s, 1h);
    CHECK(lease.expiry() == kStart + 10s);
    CHECK(lease.stop_at() == kStart + 9500ms);
    CHECK_FALSE(lease.ends_by_limit());
  }
  SECTION("keeps at least 20 ms of margin") {
    CHECK(Lease(kStart, 100ms, 1h).stop_at() == kStart + 80ms);
  }
  SECTION("is moved by an acknowledgement from the time of the send, never back") {
    Lease lease(kStart, 10s, 1h);
    lease.acknowledged(kStart + 4s);
    CHECK(lease.expiry() == kStart + 14s);
    lease.acknowledged(kStart + 2s);
    CHECK(lease.expiry() == kStart + 14s);
  }
  SECTION("never outlives the attempt's own time") {
    Lease lease(kStart, 10s, 12s);
    lease.acknowledged(kStart + 11s);
    CHECK(lease.expiry() == kStart + 12s);
    CHECK(lease.ends_by_limit());
  }
  SECTION("is the attempt's time without a heartbeat timeout") {
    Lease lease(kStart, 0s, 1h);
    lease.acknowledged(kStart + 5s);
    CHECK(lease.expiry() == kStart + 1h);
    CHECK(lease.stop_at() == kStart + 1h - 1s);
  }
  SECTION("without any limit never ends") {
    CHECK(Lease(kStart, 0s, 0s).stop_at() == TimePoint::max());
    CHECK(Lease(kStart, TimePoint::duration::max(), 0s).expiry() == TimePoint::max());
  }
}

TEST_CASE("a shutdown plan", "[worker][shutdown]") {
  SECTION("gives the grace, then time to stop, then time for the last reports") {
    const auto plan = ShutdownPlan::make(kStart, 10s, 15s);
    CHECK(plan.stop_at == kStart + 10s);
    CHECK(plan.force_at == kStart + 14s);
    CHECK(plan.end_at == kStart + 15s);
  }
  SECTION("cuts a grace that does not fit") {
    const auto plan = ShutdownPlan::make(kStart, 1h, 10s);
    CHECK(plan.stop_at == kStart + 7s);
    CHECK(plan.force_at == kStart + 9s);
  }
  SECTION("takes zero and less as now") {
    CHECK(ShutdownPlan::make(kStart, -1s, -1s).end_at == kStart);
  }
  SECTION("cuts times that no clock can hold") {
    const auto plan = ShutdownPlan::make(kStart, std::chrono::nanoseconds::max(), std::chrono::nanoseconds::max());
    CHECK(plan.end_at == kStart + ShutdownPlan::kLongest);
    CHECK(plan.stop_at > kStart + ShutdownPlan::kLongest - 1min);
  }
  SECTION("ends with another at the sooner of each moment") {
    const auto plan = ShutdownPlan::make(kStart, 10s, 15s).sooner(ShutdownPlan::make(kStart + 1s, 1s, 20s));
    CHECK(plan.stop_at == kStart + 2s);
    CHECK(plan.end_at == kStart + 15s);
  }
}
