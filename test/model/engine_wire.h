#pragma once
#include <map>
#include <memory>

#include "engine/engine.h"
#include "model/wire.h"
#include "rpc/wire.h"

namespace longbeat::model {

/// The engine on virtual time, between the decoders and encoders of the real server: everything of it but sockets,
/// threads and the clock.
class EngineWire final : public Wire {
 public:
  EngineWire();
  ~EngineWire() override;

  CallId call(const std::string& rpc, const google::protobuf::MessageLite& request, std::chrono::milliseconds patience,
              Done done) override;
  void hang_up(CallId call) override;

  /// Handles what has been called and everything that becomes due until then.
  void run_until(server::Time until);
  server::Time now() const { return now_; }

 private:
  class Sink;

  server::Scratch scratch_{};
  server::Time now_{std::chrono::hours(24 * 365 * 50)};
  CallId last_call_ = 0;
  std::map<CallId, std::unique_ptr<Sink>> sinks_;
  std::vector<std::unique_ptr<Sink>> answered_;  ///< gone after the step that they are answered in
  std::string fatal_{};
  std::unique_ptr<server::Engine> engine_;
};

}  // namespace longbeat::model
