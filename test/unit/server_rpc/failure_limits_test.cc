// What is kept of a failure that is too large, by the limits of the namespace that the report names.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/dispatch_table.h"
#include "rpc/wire.h"
#include "support/catch.h"

using namespace longbeat::server;
namespace service = temporal::api::workflowservice::v1;

namespace {

/// Decodes a report of a failure with a message of this size, in this namespace.
template <class Message>
FailedRequest failed(const std::string& method, const std::string& namespace_name, std::size_t message_bytes) {
  Message message;
  message.set_namespace_(namespace_name);
  message.mutable_failure()->set_message(std::string(message_bytes, 'm'));
  message.mutable_failure()->mutable_application_failure_info()->set_type("Boom");
  const auto bytes = to_byte_buffer(message);
  Scratch scratch;
  const std::function<std::string(const char*)> header = [](const char*) { return std::string(); };
  const std::function<const RequestLimits&(const std::string&)> limits =
      [](const std::string& name) -> const RequestLimits& {
    static const RequestLimits standard, small = [] {
      RequestLimits own;
      own.payload_bytes_max = 5000;
      own.payload_bytes_warn = 1000;
      own.retained_failure_bytes_max = 500;
      return own;
    }();
    return name == "small" ? small : standard;
  };
  const Rpc* rpc = find_rpc("/temporal.api.workflowservice.v1.WorkflowService/" + method);
  REQUIRE(rpc != nullptr);
  auto request = rpc->decode({bytes, scratch, header, &limits});
  REQUIRE(request);
  return std::get<FailedRequest>(*request);
}

template <class Message>
void check_cuts(const std::string& method) {
  CHECK(failed<Message>(method, "default", 4000).truncated_failure.empty());
  const auto usual = failed<Message>(method, "default", 5000).truncated_failure.size();
  CHECK(usual <= 4096);
  CHECK(usual > 3900);

  CHECK(failed<Message>(method, "small", 400).truncated_failure.empty());
  const auto retained = failed<Message>(method, "small", 4000).truncated_failure.size();
  CHECK(retained <= 500);
  CHECK(retained > 400);
  const auto closing = failed<Message>(method, "small", 6000).truncated_failure.size();
  CHECK(closing <= 1000);
  CHECK(closing > 900);
}

}  // namespace

TEST_CASE("a failure is cut to what its namespace keeps of it: little for a retry, more when it is too large for all",
          "[server][rpc][limits]") {
  SECTION("by token") {
    check_cuts<service::RespondActivityTaskFailedRequest>("RespondActivityTaskFailed");
  }
  SECTION("by ID") {
    check_cuts<service::RespondActivityTaskFailedByIdRequest>("RespondActivityTaskFailedById");
  }
}
