#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>

/// Calls to the outside: completion callbacks over HTTP. Never on the engine's thread.
namespace longbeat::server {

/// One HTTP POST.
struct OutboundCall {
  std::uint64_t ticket = 0;
  std::string url{};
  std::map<std::string, std::string> headers{};
  std::string body{};
};

struct OutboundResult {
  bool delivered = false;
  bool retryable = true;  ///< if not delivered
  std::string message{};  ///< if not delivered: what went wrong
};

class Outbound {
 public:
  /// Called once for each call, on any thread.
  using Sink = std::function<void(std::uint64_t ticket, OutboundResult result)>;
  virtual ~Outbound() = default;
  /// Returns at once. Beyond a limit of calls that wait the result is a retryable failure.
  virtual void send(OutboundCall call) = 0;
};

}  // namespace longbeat::server
