#pragma once
#include <chrono>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "longbeat/held_details.h"

namespace longbeat::internal {

/// What a test puts between an attempt and the world: it sees each heartbeat as it is called, and lets time pass where
/// the activity waits. Called on whatever thread the activity calls its context.
class AttemptProbe {
 public:
  virtual ~AttemptProbe() = default;

  /// What a heartbeat calls first. The value returned takes the given one's place.
  virtual std::unique_ptr<DetailsValue> calling(std::unique_ptr<DetailsValue> value) noexcept = 0;
  virtual void repeating() noexcept = 0;
  virtual void failing(const char* why) noexcept = 0;
  virtual void saving(const Payloads& details) noexcept = 0;
  /// What it calls last.
  virtual void called() noexcept = 0;

  /// Lets time pass until it is `until` or until `over()`; may return earlier when nothing is going to happen by
  /// itself.
  virtual void pass(TimePoint until, const std::function<bool()>& over) noexcept = 0;

  /// The function has been handed to an executor, and again on its thread; has returned, and its outcome is posted.
  virtual void begins() noexcept {}
  virtual void returned() noexcept {}
  /// It has begun to listen for stops; the loop has been told, and tells it what came before.
  virtual void listens() noexcept {}

  // --- Waits for something of the activity's own, under a lock of its own ---
  virtual void begin_wait() noexcept = 0;
  /// Lets time pass too, from the second call of a wait on. How long to wait, in real time, before the next look.
  virtual std::chrono::nanoseconds slice(TimePoint until) noexcept = 0;
};

}  // namespace longbeat::internal
