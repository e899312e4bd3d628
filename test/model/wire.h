#pragma once
#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace longbeat::model {

/// Calls of the WorkflowService, whoever answers them: a server behind a connection, or an engine on virtual time.
class Wire {
 public:
  /// Runs exactly once, not inside call().
  using Done = std::function<void(const grpc::Status& status, grpc::ByteBuffer& response)>;
  using CallId = std::uint64_t;

  virtual ~Wire() = default;
  virtual CallId call(const std::string& rpc, const google::protobuf::MessageLite& request,
                      std::chrono::milliseconds patience, Done done) = 0;
  /// The caller goes away; `done` gets CANCELLED. Nothing happens when it has been answered.
  virtual void hang_up(CallId call) = 0;
};

}  // namespace longbeat::model
