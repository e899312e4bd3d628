// Failures with more causes than other readers take, and what is kept of failures that are too large.
#include <pthread.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/failure_codec.h"
#include "unit/server_rpc/filled.h"

using namespace longbeat::server;
using namespace longbeat::test;
namespace service = temporal::api::workflowservice::v1;
using temporal::api::failure::v1::Failure;

namespace {

std::string varint(std::size_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  return bytes + static_cast<char>(number);
}

/// One field of a message, as bytes.
std::string field(int number, std::string_view bytes) {
  return varint(static_cast<std::size_t>(number) << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

/// A failure with so many causes, made from the inside without recursion.
std::string failure_bytes(int causes) {
  std::string bytes;
  for (int i = 0; i <= causes; ++i) bytes = field(1, "m") + (i == 0 ? std::string() : field(4, bytes));
  return bytes + field(5, field(1, "Boom"));  // application_failure_info.type
}

/// A report of it; the field `failure` is 2 by token and 5 by ID.
std::string report_bytes(int causes, bool by_id = false) {
  return field(by_id ? 5 : 2, failure_bytes(causes));
}

int causes_of(const Failure& failure) {
  int causes = 0;
  for (const Failure* at = &failure; at->has_cause(); at = &at->cause()) ++causes;
  return causes;
}

Failure failure_of(const std::string& bytes) {
  Failure failure;
  REQUIRE(failure.ParseFromString(bytes));  // As a client with protobuf's usual limit does.
  return failure;
}

FailedRequest failed(const std::string& method, const std::string& bytes) {
  auto request = decode(row(method), bytes);
  REQUIRE(request);
  return std::get<FailedRequest>(std::move(*request));
}

constexpr const char* kByToken = "/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskFailed";
constexpr const char* kById = "/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskFailedById";

}  // namespace

TEST_CASE("a failure keeps all causes that every client can read", "[server][rpc]") {
  const auto request = failed(kByToken, report_bytes(80));
  CHECK(causes_of(failure_of(request.failure)) == 80);
  CHECK(request.failure_type == "Boom");
}

TEST_CASE("a failure with more causes is taken, and the deepest go", "[server][rpc]") {
  const int causes = GENERATE(90, 100, 500, kCausesMax);
  const bool by_id = GENERATE(false, true);
  CAPTURE(causes, by_id);
  const auto request = failed(by_id ? kById : kByToken, report_bytes(causes, by_id));
  CHECK(request.failure_type == "Boom");
  const Failure kept = failure_of(request.failure);
  CHECK(causes_of(kept) == kCausesKept + 1);
  const Failure* last = &kept;
  while (last->has_cause()) last = &last->cause();
  CHECK(last->message() == "... <causes below this one were dropped>");

  // The rest of its way: stored, cut, and inside the answers.
  StoredFailure stored;
  stored.kind = StoredFailure::Kind::kServer;
  stored.cause.emplace_back();
  stored.cause[0].kind = StoredFailure::Kind::kOpaque;
  stored.cause[0].opaque = request.failure;
  Failure out;
  encode_failure(stored, out);
  CHECK(causes_of(out) == kCausesKept + 2);
  CHECK(cut_failure(request.failure, 4096).size() <= 4096);
  auto outcome = std::make_shared<Outcome>();
  outcome->has_failure = true;
  outcome->failure = stored;
  PollOutcomeReply reply;
  reply.outcome = outcome;
  const auto response = encoded<service::PollActivityExecutionResponse>(
      std::string(kWorkflowService) + "PollActivityExecution", Reply(std::move(reply)));
  CHECK(causes_of(response.outcome().failure()) == kCausesKept + 2);
}

TEST_CASE("the most causes there may be need a quarter of a usual thread's stack at most", "[server][rpc]") {
  const auto work = [](void*) -> void* {
    const auto request = decode(row(kByToken), report_bytes(kCausesMax));
    return request ? const_cast<char*>("decoded") : nullptr;
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, 2 * 1024 * 1024) == 0);
  pthread_t thread{};
  REQUIRE(pthread_create(&thread, &attributes, work, nullptr) == 0);
  void* decoded = nullptr;
  pthread_join(thread, &decoded);
  pthread_attr_destroy(&attributes);
  CHECK(decoded != nullptr);
}

TEST_CASE("causes without end are refused, as bytes that nobody can read", "[server][rpc]") {
  for (const int causes : {kCausesMax + kDepthMax + 1, 5000, 20'000}) {
    CHECK_FALSE(decode(row(kByToken), report_bytes(causes)));
    CHECK_FALSE(decode(row(kById), report_bytes(causes, true)));
  }
}

TEST_CASE("a failure is cut to the bytes asked for, and what decides about retries stays", "[server][rpc][limits]") {
  Failure failure;
  failure.set_message(std::string(5000, 'm'));
  failure.mutable_application_failure_info()->set_type("Boom");
  failure.mutable_application_failure_info()->set_non_retryable(true);
  const std::size_t most = GENERATE(256U, 500U, 4096U);
  const std::string cut = cut_failure(to_bytes(failure), most);
  CHECK(cut.size() <= most);
  CHECK(cut.size() > most - 100);
  CHECK(failure_of(cut).application_failure_info().type() == "Boom");
  CHECK(failure_of(cut).application_failure_info().non_retryable());
}
