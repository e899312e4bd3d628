#pragma once
#include <grpcpp/channel.h>

#include <memory>
#include <string>

namespace longbeat::internal {

/// A channel of its own to `address` ("host:port"), without encryption. Lazy: connects with the first call.
std::shared_ptr<grpc::Channel> make_channel(const std::string& address);

}  // namespace longbeat::internal
