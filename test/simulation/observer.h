#pragma once
#include <functional>
#include <string>

#include "engine/engine.h"

namespace longbeat::simulation {

/// Told that a promise is broken, in one sentence.
using Fail = std::function<void(const std::string& what)>;

/// Sees what the server does, at the moment it does it. A rule of its own for each kind of promise.
class Observer {
 public:
  virtual ~Observer() = default;
  /// In the order in which the server has handled them. `commit_failed`: nobody knows whether it had its effect.
  virtual void answered(const server::Request&, const server::StatusOr<server::Reply>&, bool /*commit_failed*/) {}
  /// A step is over, and this call still waits.
  virtual void still_waits(const server::Request&) {}
  /// After a step whose commit was acknowledged.
  virtual void stepped(const server::Engine&) {}
  /// After a failed commit the last step may be on disk or not.
  virtual void server_died(bool /*commit_failed*/) {}
  /// A new process has read the disk and has not made a step yet.
  virtual void server_up(const server::Engine&) {}
};

/// The namespace that a request names; empty: it names none.
std::string namespace_of(const server::Request& request);
/// Nobody can tell from this answer what became of the request.
bool is_open_question(const server::StatusOr<server::Reply>& reply);
/// A duration as it is sent.
server::RawDuration raw(std::chrono::nanoseconds value);

}  // namespace longbeat::simulation
