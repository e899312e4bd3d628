#include "rpc/completion.h"

#include <google/protobuf/util/json_util.h>
#include <temporal/api/common/v1/message.pb.h>
#include <temporal/api/failure/v1/message.pb.h>

#include <nlohmann/json.hpp>

#include "rpc/json_text.h"
#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;
using nlohmann::json;
using temporal::api::common::v1::Payload;
using temporal::api::common::v1::Payloads;
using temporal::api::failure::v1::Failure;

namespace {

CallbackState callback(const std::map<std::string, std::string>& headers = {}) {
  temporal::api::common::v1::Callback message;
  message.mutable_nexus()->set_url("http://h:1/path?x=y");
  for (const auto& [name, value] : headers) (*message.mutable_nexus()->mutable_header())[name] = value;
  CallbackState state;
  state.message = message.SerializeAsString();
  state.url = "http://h:1/path?x=y";
  return state;
}

ActivityState closed(Phase phase) {
  ActivityState state;
  ActivityInput input;
  input.schedule_time = Time(1'700'000'000s);
  state.input = std::make_shared<const ActivityInput>(std::move(input));
  state.progress.phase = phase;
  state.progress.close_time = Time(1'700'000'060s + 5ms);
  state.outcome.emplace();
  state.outcome->has_failure = phase != Phase::kCompleted;
  return state;
}

ActivityState completed(const std::map<std::string, std::string>& metadata, const std::string& data) {
  Payloads result;
  Payload& first = *result.add_payloads();
  for (const auto& [name, value] : metadata) (*first.mutable_metadata())[name] = value;
  first.set_data(data);
  result.add_payloads()->set_data("a second one, which Nexus has no place for");
  ActivityState state = closed(Phase::kCompleted);
  state.outcome->result = result.SerializeAsString();
  return state;
}

std::string content_type(const OutboundCall& call) {
  const auto found = call.headers.find("content-type");
  return found == call.headers.end() ? "none" : found->second;
}

}  // namespace

TEST_CASE("the completion of an activity that has succeeded", "[server][rpc][callbacks]") {
  SECTION("is the first payload's data, with state, times and the callback's headers") {
    const auto call = make_completion(completed({{"encoding", "json/plain"}}, "{\"a\":1}"),
                                      callback({{"Nexus-Callback-Token", "secret"}, {"Content-Type", "text/html"}}));
    CHECK(call.url == "http://h:1/path?x=y");
    CHECK(call.body == "{\"a\":1}");
    CHECK(content_type(call) == "application/json");
    CHECK(call.headers.at("nexus-operation-state") == "succeeded");
    CHECK(call.headers.at("nexus-operation-start-time") == "Tue, 14 Nov 2023 22:13:20 GMT");
    CHECK(call.headers.at("nexus-operation-close-time") == "2023-11-14T22:14:20.005Z");
    CHECK(call.headers.at("nexus-callback-token") == "secret");
  }
  SECTION("has no body and no type when there is no result") {
    const auto call = make_completion(closed(Phase::kCompleted), callback());
    CHECK(call.body.empty());
    CHECK(content_type(call) == "none");
  }
  SECTION("names the type that the encoding has in HTTP") {
    CHECK(content_type(make_completion(completed({{"encoding", "binary/plain"}}, "x"), callback())) ==
          "application/octet-stream");
    CHECK(content_type(make_completion(completed({{"encoding", "binary/null"}}, ""), callback())) == "none");
    CHECK(content_type(make_completion(completed({{"encoding", "json/protobuf"}, {"messageType", "a.B"}}, "{}"),
                                       callback())) == "application/json; format=protobuf; message-type=\"a.B\"");
    CHECK(content_type(make_completion(completed({{"encoding", "binary/protobuf"}, {"messageType", "a.B"}}, "x"),
                                       callback())) == "application/x-protobuf; message-type=\"a.B\"");
    CHECK(content_type(make_completion(completed({{"encoding", "unknown/nexus-content"}, {"type", "text/x"}}, "x"),
                                       callback())) == "text/x");
  }
  SECTION("is the whole payload when no type can hold what it says of itself") {
    const auto call =
        make_completion(completed({{"encoding", "binary/encrypted"}, {"key", "k"}}, "secret"), callback());
    CHECK(content_type(call) == "application/x-temporal-payload");
    Payload payload;
    REQUIRE(payload.ParseFromString(call.body));
    CHECK(payload.data() == "secret");
    CHECK(payload.metadata().at("key") == "k");
  }
}

TEST_CASE("the completion of an activity that has not succeeded", "[server][rpc][callbacks]") {
  SECTION("is the worker's failure as Nexus' JSON, texts outside of the details") {
    Failure failure;
    failure.set_message("it said \"no\"");
    failure.set_stack_trace("line 1");
    failure.mutable_application_failure_info()->set_type("Boom");
    failure.mutable_cause()->set_message("the cause");
    failure.mutable_cause()->mutable_application_failure_info()->set_type("Inner");
    ActivityState state = closed(Phase::kFailed);
    state.outcome->failure.kind = StoredFailure::Kind::kOpaque;
    state.outcome->failure.opaque = failure.SerializeAsString();
    const auto call = make_completion(state, callback());
    CHECK(call.headers.at("nexus-operation-state") == "failed");
    CHECK(content_type(call) == "application/json");
    const json body = json::parse(call.body);
    CHECK(body.at("message") == "it said \"no\"");
    CHECK(body.at("stackTrace") == "line 1");
    CHECK(body.at("metadata") == json{{"type", "temporal.api.failure.v1.Failure"}});
    CHECK(body.at("details").at("applicationFailureInfo") == json{{"type", "Boom"}});
    CHECK(body.at("details").count("message") == 0);
    CHECK(body.at("cause").at("message") == "the cause");
    CHECK(body.at("cause").at("details").at("applicationFailureInfo").at("type") == "Inner");
    // A receiver makes the failure from details and texts again.
    Failure back;
    REQUIRE(google::protobuf::util::JsonStringToMessage(body.at("details").dump(), &back).ok());
    CHECK(back.cause().message() == "the cause");
  }
  SECTION("says what is no UTF-8 with a sign in its place, also what only looks like UTF-8") {
    CHECK(json_quoted("a\xff"
                      "b") ==
          "\"a\xef\xbf\xbd"
          "b\"");
    CHECK(json_quoted("\xc3\xa4") == "\"\xc3\xa4\"");
    CHECK(json_quoted("\xc0\xaf") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");                  // An overlong "/".
    CHECK(json_quoted("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // Half of a pair.
  }
  SECTION("is canceled when it was canceled") {
    ActivityState state = closed(Phase::kCanceled);
    state.outcome->failure = {.kind = StoredFailure::Kind::kCanceled, .message = "Activity canceled", .identity = "me"};
    const auto call = make_completion(state, callback());
    CHECK(call.headers.at("nexus-operation-state") == "canceled");
    const json body = json::parse(call.body);
    CHECK(body.at("message") == "Activity canceled");
    CHECK(body.at("details").at("canceledFailureInfo").at("identity") == "me");
  }
  SECTION("is failed when it was terminated") {
    ActivityState state = closed(Phase::kTerminated);
    state.outcome->failure = {.kind = StoredFailure::Kind::kTerminated, .message = "enough", .identity = "me"};
    const auto call = make_completion(state, callback());
    CHECK(call.headers.at("nexus-operation-state") == "failed");
    CHECK(json::parse(call.body).at("details").at("terminatedFailureInfo").at("identity") == "me");
  }
  SECTION("is failed when its time was over") {
    ActivityState state = closed(Phase::kTimedOut);
    state.outcome->failure = {
        .kind = StoredFailure::Kind::kTimeout, .message = "too late", .timeout = TimeoutType::kScheduleToClose};
    const auto call = make_completion(state, callback());
    CHECK(call.headers.at("nexus-operation-state") == "failed");
    CHECK(json::parse(call.body).at("details").at("timeoutFailureInfo").at("timeoutType") ==
          "TIMEOUT_TYPE_SCHEDULE_TO_CLOSE");
  }
  SECTION("has no details when JSON cannot hold them") {
    Failure failure;
    failure.set_message("boom");
    failure.mutable_application_failure_info()->mutable_next_retry_delay()->set_seconds(INT64_MAX);
    ActivityState state = closed(Phase::kFailed);
    state.outcome->failure.kind = StoredFailure::Kind::kOpaque;
    state.outcome->failure.opaque = failure.SerializeAsString();
    CHECK(json::parse(make_completion(state, callback()).body) == json{{"message", "boom"}});
  }
}
