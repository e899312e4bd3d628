#include <future>

#include "conformance/harness.h"

using namespace longbeat::test;

namespace {

/// A poll in the background that can be given up.
class BackgroundPoll {
 public:
  /// On a connection of its own.
  explicit BackgroundPoll(const std::string& queue) : BackgroundPoll(queue, std::make_shared<RawClient>(address())) {}
  BackgroundPoll(const std::string& queue, std::shared_ptr<const RawClient> client) : client_(std::move(client)) {
    request_.set_namespace_("default");
    request_.mutable_task_queue()->set_name(queue);
    status_ = std::async(std::launch::async, [this] {
      return client_->call_method("/temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue", request_,
                                  &response_, {.timeout = 20s}, context_);
    });
  }
  ~BackgroundPoll() { give_up(); }
  void give_up() {
    context_.TryCancel();
    if (status_.valid()) status_.wait();
  }
  service::PollActivityTaskQueueResponse result() {
    REQUIRE(status_.get().ok());
    return response_;
  }

 private:
  std::shared_ptr<const RawClient> client_;
  service::PollActivityTaskQueueRequest request_{};
  service::PollActivityTaskQueueResponse response_{};
  grpc::ClientContext context_{};
  std::future<grpc::Status> status_{};
};

}  // namespace

TEST_CASE("a poll without work is answered empty before its deadline", "[conformance]") {
  Conformance t;
  const auto before = std::chrono::steady_clock::now();
  CHECK(t.poll(2'100ms).task_token().empty());
  const auto waited = std::chrono::steady_clock::now() - before;
  CHECK(waited > 900ms);
  CHECK(waited < 2'000ms);
}

TEST_CASE("a wait for an outcome that does not come is answered empty before its deadline", "[conformance]") {
  Conformance t;
  const auto start = t.start_request();
  t.start(start);
  service::PollActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(start.activity_id());
  service::PollActivityExecutionResponse response;
  REQUIRE(t.client.call("PollActivityExecution", request, &response, {.timeout = 1'300ms}).ok());
  CHECK(response.ByteSizeLong() == 0);
}

TEST_CASE("a poll must say how long it waits", "[conformance]") {
  Conformance t;
  service::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name(t.queue);
  service::PollActivityTaskQueueResponse response;
  auto status = t.client.call("PollActivityTaskQueue", request, &response, {.deadline = false});
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(status.error_message() == "Context timeout is not set.");
  status = t.client.call("PollActivityTaskQueue", request, &response, {.timeout = 1'500ms});
  CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(status.error_message() == "Context timeout is too short.");
}

TEST_CASE("a waiting poll gets the task when it comes", "[conformance]") {
  Conformance t;
  BackgroundPoll poll(t.queue);
  const auto start = t.start_request();
  t.start(start);
  CHECK(poll.result().activity_id() == start.activity_id());
}

TEST_CASE("pollers that go away lose no task", "[conformance]") {
  Conformance t;
  // One connection: on another one the start could overtake the end of the poll, which would then get the task rightly.
  const auto client = std::make_shared<const RawClient>(address());
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    auto start = t.start_request();
    start.mutable_heartbeat_timeout()->set_seconds(
        20);  // A task lost to a poller who has gone would come back only then.
    {
      BackgroundPoll gone(t.queue, client);
      if (round % 2 == 0) client->channel()->WaitForConnected(std::chrono::system_clock::now() + 1s);
      gone.give_up();
    }
    service::StartActivityExecutionResponse response;
    REQUIRE(client->call("StartActivityExecution", start, &response).ok());
    const auto task = t.poll(8s);
    CHECK(task.activity_id() == start.activity_id());
    CHECK(task.attempt() == 1);
    REQUIRE(t.complete(task.task_token(), "x").ok());
  }
}

TEST_CASE("a poll given up while its task is on the way does not burn an attempt", "[conformance]") {
  Conformance t;
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    auto start = t.start_request();
    BackgroundPoll racing(t.queue);
    auto starting = std::async(std::launch::async, [&] {
      service::StartActivityExecutionResponse response;
      const RawClient client(address());
      return client.call("StartActivityExecution", start, &response);
    });
    racing.give_up();
    REQUIRE(starting.get().ok());
    // Either the poll was given up in time, and the task goes to the next poller as attempt 1, or its reply had left,
    // and then it is the timeouts' business: the activity still shows attempt 1 in both.
    CHECK(t.describe(start.activity_id()).info().attempt() == 1);
    REQUIRE(t.cancel(start.activity_id(), "end of round").ok());
  }
}

TEST_CASE("the worker of an attempt shows in Describe", "[conformance]") {
  Conformance t;
  const auto start = t.start_request();
  t.start(start);
  t.poll();
  const auto info = t.describe(start.activity_id()).info();
  CHECK(info.last_worker_identity() == "conformance-worker");
  CHECK(info.sdk_name() == "conformance");
  CHECK(info.sdk_version() == "1.2.3");
}
