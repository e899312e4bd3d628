#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "rpc/wire.h"

namespace longbeat::server {

struct LocalInput;

/// A call with several messages, answered without the engine. Belongs to the loop's thread.
class Stream {
 public:
  virtual ~Stream() = default;
  /// The messages that answer one message of the caller; a refusal ends the call.
  virtual StatusOr<std::vector<grpc::ByteBuffer>> on_message(const LocalInput& input) = 0;
  /// Whether the caller may send another one; if not, the call waits until the caller leaves or the server stops.
  virtual bool reads_on() const = 0;
  /// What the caller of a waiting call gets before the server stops.
  virtual std::optional<grpc::ByteBuffer> last_message(Scratch&) { return std::nullopt; }
};

using StreamFactory = std::unique_ptr<Stream> (*)();

// health.cc and reflection.cc
std::unique_ptr<Stream> watch_health();
std::unique_ptr<Stream> reflect();

}  // namespace longbeat::server
