#pragma once
#include <cstdint>
#include <functional>

namespace longbeat::internal {

/// What kind of user code a job runs: kinds do not wait for one another.
enum class CourierJob { kConvert, kStopCallbacks };

/// A small pool for everything beside activity functions that may run user code: converters, codecs, stop callbacks.
/// The loop itself never runs any. Jobs of one kind and key run one at a time, in order. Any thread.
class Courier {
 public:
  virtual ~Courier() = default;
  virtual void post(CourierJob kind, std::uint64_t key, std::function<void()> job) = 0;
};

}  // namespace longbeat::internal
