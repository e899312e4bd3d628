#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/loop.h"
#include "base/status.h"
#include "longbeat/transport.h"

namespace longbeat::internal {

/// Somebody who is at work until this is destroyed: time that jumps waits for it. Any thread.
class Busy {
 public:
  virtual ~Busy() = default;
};

/// A thread of the program waits, until end(): meanwhile time may jump. Any thread.
class TimeWait {
 public:
  virtual ~TimeWait() = default;
  /// What was waited for is there, though its thread may not have seen it yet. May come twice.
  virtual void end() noexcept = 0;
};

/// One running function, at work unless a thread of it waits in here. Any thread.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Returns when it is `until`, or `over()`, which is asked on the calling thread whenever something has happened.
  virtual void pass(TimePoint until, const std::function<bool()>& over) noexcept = 0;
  /// Returns when time has moved or is `until`, and at the latest after some milliseconds of real time.
  virtual void pass_a_step(TimePoint until) noexcept = 0;
  /// Handed to an executor, told again by a thread of it that is at work; has returned, what follows is posted.
  virtual void begins() noexcept = 0;
  virtual void ended() noexcept = 0;
};

/// What time that moves by itself only when everything is idle has to know of a program. Any thread.
class Watch {
 public:
  virtual ~Watch() = default;
  /// `who`, for messages: "a codec".
  virtual std::shared_ptr<Busy> busy(std::string who) = 0;
  virtual std::shared_ptr<TimeWait> wait() = 0;
  virtual std::shared_ptr<Runner> runner(std::string who) = 0;
};

/// One call as bytes.
struct LinkCall {
  std::string method{};  ///< "/package.Service/Method"
  std::string namespace_name{}, client_name{}, client_version{};
  std::string message{};  ///< serialised
  std::chrono::nanoseconds timeout{0};
};

/// One connection of a Transport: a loop of its own and calls over it.
class TransportLink {
 public:
  using Done = std::function<void(StatusOr<std::string>)>;

  virtual ~TransportLink() = default;
  virtual Loop& loop() = 0;
  /// The loop's time, for whoever may outlive it.
  virtual std::shared_ptr<const Clock> clock() = 0;
  /// Null: time is real, and moves by itself.
  virtual std::shared_ptr<Watch> watch() = 0;

  /// `done` runs once, on the loop and not inside this. `id` is the caller's, and is not used twice. Loop thread only.
  virtual void call(std::uint64_t id, LinkCall call, Done done) = 0;
  /// Its `done` runs soon, with CANCELLED unless there is an answer already. Loop thread only.
  virtual void cancel(std::uint64_t id) = 0;
  /// Refuses posts and calls, ends every call under way and drops the timers; nothing runs any more when it returns.
  /// Never on the loop itself.
  virtual void stop() = 0;
};

}  // namespace longbeat::internal

LONGBEAT_BEGIN

class Transport {
 public:
  virtual ~Transport() = default;
  /// Not empty: the server is reached over the network, at this address, and open() is not called.
  virtual std::string address() const { return {}; }
  virtual std::shared_ptr<internal::TransportLink> open() = 0;
};

LONGBEAT_END
