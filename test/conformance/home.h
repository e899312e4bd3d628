#pragma once
#include <longbeat/client.h>
#include <longbeat/server.h>

#include <optional>
#include <string>

#include "conformance/harness.h"

namespace longbeat::test {

/// Where one test of the SDK is at home, and nobody else: a server of its own in this process or, with
/// LONGBEAT_TEST_ADDRESS, a namespace of its own on the server there.
class Home {
 public:
  Home() {
    if (own_server()) {
      server_ = LocalServer::start().value();
      return;
    }
    namespace_name_ = unique("home");
    const RawClient raw(address());
    service::RegisterNamespaceRequest request;
    request.set_namespace_(namespace_name_);
    request.mutable_workflow_execution_retention_period()->set_seconds(24 * 3'600);
    service::RegisterNamespaceResponse response;
    const auto status = raw.call("RegisterNamespace", request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
  }

  const std::string& address() const { return server_ ? server_->address() : test::address(); }
  const std::string& namespace_name() const { return namespace_name_; }
  ClientOptions client(std::string identity = "somebody") const {
    return {.address = address(), .namespace_name = namespace_name_, .identity = std::move(identity)};
  }

 private:
  std::optional<LocalServer> server_{};
  std::string namespace_name_ = "default";
};

}  // namespace longbeat::test
