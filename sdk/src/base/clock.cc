#include "base/clock.h"

#include <ctime>

namespace longbeat::internal {
namespace {

std::chrono::nanoseconds read(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(read(CLOCK_BOOTTIME)); }
  WallTime wall_now() const override { return WallTime(read(CLOCK_REALTIME)); }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock& clock = *new SystemClock;  // For destructors of a program's globals too.
  return clock;
}

}  // namespace longbeat::internal
