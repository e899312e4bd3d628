#pragma once
#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "core/credentials.h"

namespace longbeat::internal {

/// A channel of its own to `address` ("host:port"), encrypted where the credentials say so. Lazy: connects with the
/// first call. The API key is not the channel's: each call carries it.
std::shared_ptr<grpc::Channel> make_channel(const std::string& address, const Credentials& credentials = {});

}  // namespace longbeat::internal
