#pragma once
#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "rpc/dispatch_table.h"
#include "rpc/wire.h"
#include "support/catch.h"
#include "support/filled_message.h"

/// What the rows of the dispatch table make of messages.
namespace longbeat::test {

inline constexpr const char* kWorkflowService = "/temporal.api.workflowservice.v1.WorkflowService/";
inline constexpr const char* kOperatorService = "/temporal.api.operatorservice.v1.OperatorService/";

const server::Rpc& row(const std::string& method);

/// What the row makes of these bytes; header values are the headers' names.
std::optional<server::Request> decode(const server::Rpc& rpc, const std::string& bytes);

/// What the row's decoder makes of `message`.
template <class OneRequest>
OneRequest decoded(const std::string& method, const google::protobuf::Message& message) {
  auto request = decode(row(method), message.SerializeAsString());
  REQUIRE(request);
  REQUIRE(std::holds_alternative<OneRequest>(*request));
  return std::get<OneRequest>(std::move(*request));
}

/// The same for a filled one.
template <class OneRequest, class Message>
OneRequest decoded(const std::string& method) {
  Message message;
  fill(message);
  return decoded<OneRequest>(method, message);
}

/// What the row's encoder makes of `reply`.
template <class Message>
Message encoded(const std::string& method, server::Reply reply, server::Time now = {}) {
  server::Scratch scratch;
  const grpc::ByteBuffer bytes = row(method).encode({reply, scratch, now});
  Message message;
  REQUIRE(server::parse(bytes, message));
  return message;
}

}  // namespace longbeat::test
