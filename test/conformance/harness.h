#pragma once
#include <grpcpp/grpcpp.h>
#include <longbeat/server.h>
#include <temporal/api/errordetails/v1/message.pb.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <chrono>
#include <string>

#include "support/catch.h"
#include "support/raw_client.h"

namespace longbeat::test {

using namespace std::chrono_literals;
namespace service = temporal::api::workflowservice::v1;
namespace enums = temporal::api::enums::v1;
namespace errordetails = temporal::api::errordetails::v1;
using temporal::api::common::v1::Payloads;

/// Address under test: LONGBEAT_TEST_ADDRESS, else a LocalServer of this process, in memory, that lives until its end.
const std::string& address();
/// Whether that server is ours, in this process.
bool own_server();
/// Whether a test goes on: not on somebody else's server, where the test says why not.
bool only_own_server(const std::string& why);
/// What our own server has counted; only with own_server().
LocalServerStats own_stats();
/// Exists besides "default".
inline constexpr const char* kOtherNamespace = "other";

/// Never used before, also not by an earlier run against the same server.
std::string unique(const std::string& prefix);

Payloads text_payloads(const std::string& text);
std::string text_of(const Payloads& payloads);

/// A client with the requests of this suite: every helper fills what a call needs, the caller changes what the test is
/// about.
class Conformance {
 public:
  Conformance() : client(address()) {}

  RawClient client;
  std::string queue = unique("queue");

  /// A valid start of a new activity on `queue`: start-to-close 30 s, one attempt a failure may repeat at once.
  service::StartActivityExecutionRequest start_request() const;
  /// Starts it; the test fails unless that works.
  service::StartActivityExecutionResponse start(const service::StartActivityExecutionRequest& request) const;
  /// Takes the next task; empty token: none came in `timeout`, of which the server waits all but the last second.
  service::PollActivityTaskQueueResponse poll(std::chrono::milliseconds timeout = 10s) const;
  grpc::Status heartbeat(const std::string& token, const std::string& details,
                         service::RecordActivityTaskHeartbeatResponse* response = nullptr) const;
  grpc::Status complete(const std::string& token, const std::string& result) const;
  grpc::Status fail(const std::string& token, const std::string& message, bool non_retryable = false,
                    const std::string& last_details = "") const;
  grpc::Status canceled(const std::string& token, const std::string& details) const;
  grpc::Status cancel(const std::string& activity_id, const std::string& reason,
                      const std::string& request_id = "") const;
  /// With everything included.
  service::DescribeActivityExecutionResponse describe(const std::string& activity_id) const;
  /// Waits until it has closed, for up to 20 s; the test fails when it does not.
  service::PollActivityExecutionResponse outcome(const std::string& activity_id, const std::string& run_id = "") const;
};

}  // namespace longbeat::test
