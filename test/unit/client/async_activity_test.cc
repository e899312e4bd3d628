// Reports about an attempt from outside its worker: what they say, what refuses them, what is repeated.
#include "longbeat/async_activity.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "client/retrying_stub.h"
#include "client_setup.h"
#include "support/toy_codecs.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

const TaskToken kToken{"token"};
const Status kAway = refused(StatusCode::kUnavailable);
const Status kGone = not_found("activity not found for ID: a");

/// Its calls are repeated, as those of a real connection.
struct RetryingConnection final : Connection {
  EagerLoop eager{};
  FakeService service{eager};
  RetryingStub retrying{eager, service, 1};
  longbeat::test::InlineCourier jobs{};

  Loop& loop() override { return eager; }
  ServiceStub& stub() override { return retrying; }
  Courier& courier() override { return jobs; }
};

struct Room {
  std::shared_ptr<RetryingConnection> connection = std::make_shared<RetryingConnection>();
  FakeService& service = connection->service;
  Client client;

  explicit Room(ClientOptions options = {.identity = "me"})
      : client(EagerClient::make(connection, std::move(options))) {}
  AsyncActivity activity(const AsyncActivityOptions& options = {}) const {
    return client.async_activity(kToken, options);
  }
  const Failure& failed() const { return service.failures.seen.at(0).failure; }
};

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Sees every call, and may change it.
class Spy final : public ClientInterceptor {
 public:
  Result<CallEnded> call(ClientCallParams& params) override {
    seen.push_back(params.operation + " " + params.activity_id);
    if (refuses) return Error{ErrorCode::kPermissionDenied, "not now"};
    if (!params.input.empty()) params.input = {json_payload("\"changed\"")};
    return CallEnded([this](const Result<>& result) { ended.push_back(result ? "ok" : to_string(result.error())); });
  }
  bool refuses = false;
  std::vector<std::string> seen{}, ended{};
};

}  // namespace

TEST_CASE("an outcome reported with a token", "[client][async]") {
  Room room;
  const auto activity = room.activity();
  SECTION("is a result") {
    room.service.completions.answers = {{}};
    REQUIRE(activity.complete("done"));
    const auto& sent = room.service.completions.seen.at(0);
    CHECK(sent.token == "token");
    CHECK(sent.namespace_name == "default");
    CHECK(sent.identity == "me");
    CHECK(sent.result.at(0).data == "\"done\"");
  }
  SECTION("is the end of an activity without a result") {
    room.service.completions.answers = {{}};
    REQUIRE(activity.complete_async().get());
    CHECK(is_null(room.service.completions.seen.at(0).result.at(0)));
  }
  SECTION("is a failure with everything that an ApplicationError says, and with last details") {
    room.service.failures.answers = {{}};
    REQUIRE(activity.fail(ApplicationError("no space", {.type = "Disk", .non_retryable = true, .next_retry_delay = 3s}),
                          17));
    CHECK(room.failed().message == "no space");
    CHECK(room.failed().type == "Disk");
    CHECK(room.failed().non_retryable);
    CHECK(room.failed().next_retry_delay == 3s);
    CHECK(room.service.failures.seen.at(0).last_heartbeat_details.value().at(0).data == "17");
  }
  SECTION("is an exception as it was caught, with its own type and what is nested in it") {
    room.service.failures.answers = {{}};
    try {
      try {
        throw ApplicationError("inner", {.type = "Inner"});
      } catch (...) {
        std::throw_with_nested(Broken("outer"));
      }
    } catch (const std::exception& error) {
      REQUIRE(activity.fail(error));
    }
    CHECK(room.failed().message == "outer");
    CHECK(room.failed().type.find("Broken") != std::string::npos);
    CHECK(room.failed().cause->type == "Inner");
    CHECK_FALSE(room.service.failures.seen.at(0).last_heartbeat_details);
  }
  SECTION("is whatever was caught") {
    room.service.failures.answers = {{}};
    try {
      throw 7;
    } catch (...) {
      REQUIRE(activity.fail_async(std::current_exception()).get());
    }
    CHECK(room.failed().type == "int");
  }
  SECTION("is an error of another call") {
    room.service.failures.answers = {{}};
    REQUIRE(activity.fail(Error{ErrorCode::kUnavailable, "the disk is away"}));
    CHECK(room.failed().type == "Unavailable");
  }
  SECTION("is a failure of another activity, as the cause of one that can be reported") {
    room.service.failures.answers = {{}};
    Failure timeout;
    timeout.kind = FailureKind::kTimeout;
    timeout.timeout_type = TimeoutType::kHeartbeat;
    timeout.message = "silent";
    REQUIRE(activity.fail(timeout));
    CHECK(room.failed().kind == FailureKind::kApplication);
    CHECK(room.failed().type == "TimeoutError");
    CHECK(room.failed().cause->timeout_type == TimeoutType::kHeartbeat);
  }
  SECTION("is a cancellation, with what is left") {
    room.service.cancellations.answers = {{}};
    REQUIRE(activity.report_canceled("half of it"));
    CHECK(room.service.cancellations.seen.at(0).details.at(0).data == "\"half of it\"");
  }
}

TEST_CASE("reports by ID name the activity and its workflow", "[client][async]") {
  Room room;
  SECTION("a standalone one") {
    const auto activity = room.client.async_activity({.activity_id = "a", .run_id = "r"});
    room.service.completions_by_id.answers = {{}};
    room.service.heartbeats_by_id.answers = {HeartbeatFlags{true, false, true}};
    const auto reply = activity.save_now(3).value();
    CHECK(reply.cancel_requested);
    CHECK_FALSE(reply.activity_paused);
    CHECK(reply.activity_reset);
    REQUIRE(activity.complete(1));
    const auto& sent = room.service.completions_by_id.seen.at(0);
    CHECK(sent.target.activity_id == "a");
    CHECK(sent.target.run_id == "r");
    CHECK(sent.target.workflow_id.empty());
    CHECK(sent.identity == "me");
    CHECK(room.service.heartbeats_by_id.seen.at(0).details.at(0).data == "3");
  }
  SECTION("one of a workflow") {
    room.service.failures_by_id.answers = {{}};
    room.service.cancellations_by_id.answers = {{}};
    const ActivityById id{.activity_id = "5", .run_id = "r", .workflow_id = "w"};
    REQUIRE(room.client.async_activity(id).fail(Broken("x"), 4));
    CHECK(room.service.failures_by_id.seen.at(0).target.workflow_id == "w");
    CHECK(room.service.failures_by_id.seen.at(0).last_heartbeat_details.value().at(0).data == "4");
    REQUIRE(room.client.async_activity(id).report_canceled());
    CHECK(room.service.cancellations_by_id.seen.at(0).target.activity_id == "5");
  }
}

TEST_CASE("a report that cannot be sent says why", "[client][async]") {
  Room room;
  SECTION("an empty token") {
    const auto error = room.client.async_activity(TaskToken{}).complete().error();
    CHECK(error.code == ErrorCode::kInvalidArgument);
    CHECK(error.message == "TaskToken.bytes is empty, but required");
  }
  SECTION("an ID that is none") {
    const auto refusal = [&](ActivityById id) {
      return room.client.async_activity(std::move(id)).save_now(1).error().message;
    };
    CHECK(refusal({.run_id = "r"}) == "ActivityById.activity_id is empty, but required");
    CHECK(refusal({.activity_id = "a", .run_id = "\xff"}).starts_with("ActivityById.run_id"));
    CHECK(refusal({.activity_id = "a", .workflow_id = std::string(1001, 'w')}).starts_with("ActivityById.workflow_id"));
  }
  SECTION("a value that cannot be encoded, after which another one can be reported") {
    const auto activity = room.activity();
    CHECK(activity.complete(std::string("\xff")).error().code == ErrorCode::kUndecodable);
    CHECK(activity.fail(Broken("x"), std::string("\xff")).error().code == ErrorCode::kUndecodable);
    room.service.completions.answers = {{}};
    CHECK(activity.complete("text"));
  }
  SECTION("a result, details, last details that are too large") {
    NamespaceInfo info;
    info.blob_size_limit_error = 20'000;
    room.service.namespaces.answers = {info};
    const auto activity = room.activity();
    const std::string large(30'000, 'x');
    const auto error = activity.complete(large).error();
    CHECK(error.code == ErrorCode::kInvalidArgument);
    CHECK(error.message.find("result has 30") != std::string::npos);
    CHECK(activity.save_now(large).error().code == ErrorCode::kInvalidArgument);
    CHECK(activity.fail(Broken("x"), large).error().message.find("last_details") != std::string::npos);
  }
  SECTION("no time") {
    const auto activity = room.activity({.call = {.timeout = 0s}});
    CHECK(activity.complete().error().code == ErrorCode::kDeadlineExceeded);
  }
  CHECK(room.service.failures.seen.empty());
  CHECK(room.service.seen_heartbeats.empty());
}

TEST_CASE("a failure that is too large goes without its details, and says so", "[client][async]") {
  Room room;
  NamespaceInfo info;
  info.blob_size_limit_error = 20'000;
  room.service.namespaces.answers = {info};
  room.service.failures.answers = {{}};
  const Payloads details{json_payload("\"" + std::string(30'000, 'x') + "\"")};
  REQUIRE(room.activity().fail(ApplicationError("no space", {.type = "Disk", .details = details})));
  CHECK(room.failed().type == "Disk");
  CHECK(room.failed().details.empty());
  CHECK(room.failed().message.find("20000") != std::string::npos);
}

TEST_CASE("only one outcome counts", "[client][async]") {
  Room room;
  const auto activity = room.activity();
  SECTION("a second one is refused here, by copies too") {
    room.service.completions.answers = {{}};
    REQUIRE(activity.complete(1));
    const AsyncActivity copy = activity;
    CHECK(copy.complete(1).error().code == ErrorCode::kFailedPrecondition);
    CHECK(activity.fail(Broken("x")).error().code == ErrorCode::kFailedPrecondition);
    CHECK(room.service.completions.seen.size() == 1);
  }
  SECTION("one that was refused may be followed by another") {
    room.service.cancellations.answers = {refused(StatusCode::kInvalidArgument)};
    room.service.completions.answers = {{}};
    CHECK(activity.report_canceled().error().code == ErrorCode::kInvalidArgument);
    CHECK(activity.complete(1));
  }
  SECTION("the server says when the attempt is over") {
    room.service.completions.answers = {kGone};
    CHECK(activity.complete(1).error().code == ErrorCode::kNotFound);
    CHECK(activity.stop_causes() == std::vector{StopCause::kNotFound});
    CHECK(activity.stopped());
    CHECK(activity.stop_token().stop_requested());
  }
}

TEST_CASE("an outcome that could not even begin may be followed by another", "[client][async]") {
  Room room;
  const auto activity = room.activity();
  room.connection->eager.pretends_to_be_the_loop = true;
  CHECK(activity.complete(1).error().message.find("event loop") != std::string::npos);
  room.connection->eager.pretends_to_be_the_loop = false;
  room.service.completions.answers = {{}};
  CHECK(activity.complete(1));
}

TEST_CASE("a report is repeated while the server cannot answer", "[client][async][retry]") {
  Room room;
  SECTION("with a token, where a repetition that finds nothing is a success") {
    room.service.completions.answers = {kAway, kAway, kGone};
    CHECK(room.activity().complete(1));
    CHECK(room.service.completions.seen.size() == 3);
    CHECK(room.service.completions.seen.at(2).result.at(0).data == "1");
  }
  SECTION("also when the caller repeats it, after a call that nobody could tell the end of") {
    const auto activity = room.activity({.call = {.timeout = 1s}});
    CHECK(activity.complete(1).error().code == ErrorCode::kDeadlineExceeded);
    room.service.failures.answers = {kGone};
    CHECK(activity.fail(Broken("something else")).error().code == ErrorCode::kNotFound);
    room.service.completions.answers = {kGone};
    CHECK(activity.complete(1));
  }
  SECTION("by ID of a run, where nobody can tell whose doing it was") {
    room.service.completions_by_id.answers = {kAway, kGone};
    const auto activity = room.client.async_activity({.activity_id = "a", .run_id = "r"});
    CHECK(activity.complete(1).error().code == ErrorCode::kNotFound);
    CHECK(room.service.completions_by_id.seen.size() == 2);
  }
  SECTION("but not a failure by ID, which the next attempt might get") {
    room.service.failures_by_id.answers = {kAway, {}};
    const auto activity = room.client.async_activity({.activity_id = "a", .run_id = "r"});
    CHECK(activity.fail(Broken("x")).error().code == ErrorCode::kUnavailable);
    CHECK(room.service.failures_by_id.seen.size() == 1);
  }
  SECTION("up to the timeout of the call") {
    for (int i = 0; i < 100; ++i) room.service.completions.answers.emplace_back(kAway);
    const auto activity = room.activity({.call = {.timeout = 1s}});
    CHECK(activity.complete(1).error().code == ErrorCode::kUnavailable);
    CHECK(room.service.completions.seen.size() < 10);
  }
}

TEST_CASE("codecs, hidden texts and interceptors see reports", "[client][async][codec]") {
  const auto codec = std::make_shared<Reversing>();
  const auto spy = std::make_shared<Spy>();
  SECTION("codecs all payloads, and texts where they are hidden") {
    Room room({.codecs = {codec}, .encode_common_attributes = true});
    room.service.failures.answers = {{}};
    room.service.completions.answers = {{}};
    REQUIRE(room.activity().fail(ApplicationError("secret", {.details = {json_payload("1")}}), 2));
    CHECK(room.failed().message == "Encoded failure");
    CHECK(encoding_of(room.failed().details.at(0)) == "binary/reversed");
    CHECK(encoding_of(room.service.failures.seen.at(0).last_heartbeat_details.value().at(0)) == "binary/reversed");
    REQUIRE(room.activity().complete(3));
    CHECK(encoding_of(room.service.completions.seen.at(0).result.at(0)) == "binary/reversed");
    codec->when_encoding = Reversing::Mood::kThrows;
    CHECK(room.activity().complete(3).error().code == ErrorCode::kUndecodable);
  }
  SECTION("interceptors each call, which they may change or refuse") {
    Room room({.interceptors = {spy}});
    room.service.completions.answers = {{}};
    room.service.heartbeats_by_id.answers = {HeartbeatFlags{}};
    REQUIRE(room.activity().complete(1));
    REQUIRE(room.client.async_activity({.activity_id = "a"}).save_now(1));
    CHECK(spy->seen == std::vector<std::string>{"RespondActivityTaskCompleted ", "RecordActivityTaskHeartbeatById a"});
    CHECK(spy->ended == std::vector<std::string>{"ok", "ok"});
    CHECK(room.service.completions.seen.at(0).result.at(0).data == "\"changed\"");
    spy->refuses = true;
    const auto activity = room.activity();
    CHECK(activity.complete(1).error().code == ErrorCode::kPermissionDenied);
    spy->refuses = false;
    room.service.completions.answers = {{}};
    CHECK(activity.complete(1));
  }
}
