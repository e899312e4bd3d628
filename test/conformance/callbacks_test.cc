// A server of its own, because callbacks are off unless a namespace allows them.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "rpc/server.h"
#include "support/catch.h"
#include "support/http_target.h"
#include "support/raw_client.h"
#include "support/temporary_directory.h"

using namespace std::chrono_literals;
using namespace longbeat::test;
namespace service = temporal::api::workflowservice::v1;
namespace enums = temporal::api::enums::v1;
using longbeat::server::Server;
using longbeat::server::ServerOptions;

namespace {

/// One server with callbacks to this machine, and a client.
struct House {
  explicit House(std::string database = {}) : server(options(std::move(database))), client(address()) {}
  static ServerOptions options(std::string database) {
    ServerOptions options;
    options.database = std::move(database);
    options.limits.requests.callbacks_enabled = true;
    options.limits.requests.callback_addresses = {"http://127.0.0.1:*"};
    options.limits.callback_retry_initial = 200ms;
    return options;
  }
  std::string address() {
    const auto port = server.start();
    if (!port) FAIL(port.error().message);
    return "127.0.0.1:" + std::to_string(*port);
  }

  service::StartActivityExecutionRequest start_request(const std::string& id, const std::string& url) const {
    service::StartActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(id);
    request.set_request_id("request of " + id);
    request.mutable_activity_type()->set_name("copy");
    request.mutable_task_queue()->set_name("q");
    request.mutable_start_to_close_timeout()->set_seconds(30);
    auto& nexus = *request.add_completion_callbacks()->mutable_nexus();
    nexus.set_url(url);
    (*nexus.mutable_header())["Nexus-Callback-Token"] = "token of " + id;
    return request;
  }
  void start(const std::string& id, const std::string& url) const {
    service::StartActivityExecutionResponse response;
    const auto status = client.call("StartActivityExecution", start_request(id, url), &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
  }
  /// Takes the next task and completes it with one JSON payload.
  void complete(const std::string& json) const {
    service::PollActivityTaskQueueRequest poll;
    poll.set_namespace_("default");
    poll.mutable_task_queue()->set_name("q");
    service::PollActivityTaskQueueResponse task;
    REQUIRE(client.call("PollActivityTaskQueue", poll, &task).ok());
    service::RespondActivityTaskCompletedRequest report;
    report.set_namespace_("default");
    report.set_task_token(task.task_token());
    auto& payload = *report.mutable_result()->add_payloads();
    (*payload.mutable_metadata())["encoding"] = "json/plain";
    payload.set_data(json);
    service::RespondActivityTaskCompletedResponse done;
    REQUIRE(client.call("RespondActivityTaskCompleted", report, &done).ok());
  }
  /// Waits until its one callback is as wanted, for up to 20 s.
  temporal::api::callback::v1::CallbackInfo callback(const std::string& id, enums::CallbackState wanted) const {
    service::DescribeActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(id);
    service::DescribeActivityExecutionResponse response;
    for (int i = 0; i < 400; ++i) {
      REQUIRE(client.call("DescribeActivityExecution", request, &response).ok());
      REQUIRE(response.callbacks_size() == 1);
      if (response.callbacks(0).info().state() == wanted) break;
      std::this_thread::sleep_for(50ms);
    }
    CHECK(response.callbacks(0).info().state() == wanted);
    CHECK(response.callbacks(0).trigger().has_activity_closed());
    return response.callbacks(0).info();
  }

  Server server;
  RawClient client;
};

}  // namespace

TEST_CASE("a completion callback goes from standby over scheduled to succeeded", "[conformance][callbacks]") {
  HttpTarget target;
  House house;
  house.start("a", target.url("/done?x=1"));
  const auto waiting = house.callback("a", enums::CALLBACK_STATE_STANDBY);
  CHECK(waiting.attempt() == 0);
  CHECK(waiting.has_registration_time());
  CHECK(waiting.callback().nexus().url() == target.url("/done?x=1"));

  house.complete("{\"answer\":42}");
  const auto seen = target.wait_for(1);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].path == "/done?x=1");
  CHECK(seen[0].body == "{\"answer\":42}");
  CHECK(seen[0].headers.at("content-type") == "application/json");
  CHECK(seen[0].headers.at("nexus-operation-state") == "succeeded");
  CHECK(seen[0].headers.at("nexus-callback-token") == "token of a");
  CHECK(seen[0].headers.count("nexus-operation-start-time") == 1);
  CHECK(seen[0].headers.count("nexus-operation-close-time") == 1);
  const auto done = house.callback("a", enums::CALLBACK_STATE_SUCCEEDED);
  CHECK(done.attempt() == 1);
  CHECK(done.has_last_attempt_complete_time());
  CHECK_FALSE(done.has_last_attempt_failure());
}

TEST_CASE("a callback is repeated until the target takes it", "[conformance][callbacks]") {
  HttpTarget target([](std::size_t call) { return call < 3 ? HttpSaid{503, "busy", {}} : HttpSaid{}; });
  House house;
  house.start("a", target.url());
  house.complete("1");
  const auto done = house.callback("a", enums::CALLBACK_STATE_SUCCEEDED);
  CHECK(done.attempt() == 3);
  CHECK(target.wait_for(3).size() == 3);
}

TEST_CASE("a callback that is refused fails and says why", "[conformance][callbacks]") {
  HttpTarget target([](std::size_t) { return HttpSaid{404, "unknown operation", {}}; });
  House house;
  house.start("a", target.url());
  service::TerminateActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id("a");
  request.set_reason("enough");
  service::TerminateActivityExecutionResponse response;
  REQUIRE(house.client.call("TerminateActivityExecution", request, &response).ok());
  const auto failed = house.callback("a", enums::CALLBACK_STATE_FAILED);
  CHECK(failed.attempt() == 1);
  CHECK(failed.last_attempt_failure().message() == "HTTP status 404: unknown operation");
  const auto seen = target.wait_for(1);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].headers.at("nexus-operation-state") == "failed");
  CHECK(nlohmann::json::parse(seen[0].body).at("message") == "enough");
}

TEST_CASE("a callback that backs off shows when it will be tried again, and survives a restart",
          "[conformance][callbacks]") {
  const TemporaryDirectory folder;
  const auto file = folder.file("callbacks.db");
  {
    HttpTarget target([](std::size_t call) { return call < 4 ? HttpSaid{500, "", {}} : HttpSaid{}; });
    {
      House house(file);
      house.start("a", target.url());
      house.complete("1");
      const auto backing_off = house.callback("a", enums::CALLBACK_STATE_BACKING_OFF);
      CHECK(backing_off.has_next_attempt_schedule_time());
      CHECK(backing_off.last_attempt_failure().message() == "HTTP status 500");
    }
    House house(file);
    CHECK(house.callback("a", enums::CALLBACK_STATE_SUCCEEDED).attempt() >= 4);
  }
}

TEST_CASE("callbacks to where no rule allows them are refused", "[conformance][callbacks]") {
  House house;
  service::StartActivityExecutionResponse response;
  const auto status =
      house.client.call("StartActivityExecution", house.start_request("a", "http://192.0.2.1:1/"), &response);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(status.error_message().find("does not match any configured callback address") != std::string::npos);
}

TEST_CASE("a server whose callbacks hang stops all the same", "[conformance][callbacks]") {
  SilentTarget target;
  House house;
  house.start("a", target.url());
  house.complete("1");
  house.callback("a", enums::CALLBACK_STATE_SCHEDULED);
  house.server.stop(1s);
}
