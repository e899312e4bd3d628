#pragma once
#include <grpcpp/support/status.h>

#include <string>

#include "support/wire_client.h"

namespace longbeat::bench {

/// Throws std::invalid_argument unless it is HOST:PORT; an IPv6 address stands in brackets.
void check_address(const std::string& address);

/// What keeps a server from being measured whose answer to a count of activities is `status`; empty when nothing does.
std::string obstacle(const std::string& address, const std::string& namespace_name, const grpc::Status& status);

/// Asks the server who it is and whether it serves standalone activities in the namespace. Returns its version; throws
/// std::runtime_error with one line when it cannot be measured.
std::string meet(test::WireClient& client, const std::string& address, const std::string& namespace_name);

}  // namespace longbeat::bench
