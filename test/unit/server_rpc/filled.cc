#include "unit/server_rpc/filled.h"

namespace longbeat::test {

const server::Rpc& row(const std::string& method) {
  const server::Rpc* rpc = server::find_rpc(method);
  INFO(method);
  REQUIRE(rpc != nullptr);
  return *rpc;
}

std::optional<server::Request> decode(const server::Rpc& rpc, const std::string& bytes) {
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer buffer(&slice, 1);
  server::Scratch scratch;
  const std::function<std::string(const char*)> header = [](const char* name) { return std::string(name); };
  return rpc.decode({buffer, scratch, header});
}

}  // namespace longbeat::test
