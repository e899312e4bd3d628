// Activities: every encoder is given a reply with all its parts, and the message it makes is read again.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "unit/server_rpc/filled.h"

using namespace longbeat::server;
using namespace longbeat::test;
using namespace std::chrono_literals;
namespace service = temporal::api::workflowservice::v1;
namespace common = temporal::api::common::v1;
namespace enums = temporal::api::enums::v1;

namespace {

const std::string kService = kWorkflowService;
const Time kNow(std::chrono::seconds(1'000'000));

template <class Message>
std::string filled_bytes() {
  Message message;
  fill(message);
  return message.SerializeAsString();
}

std::string link_to(const std::string& activity_id) {
  common::Link link;
  link.mutable_activity()->set_activity_id(activity_id);
  return link.SerializeAsString();
}

ActivityInput full_input() {
  ActivityInput input;
  input.activity_id = "order-7";
  input.type = "charge";
  input.options.task_queue = "billing";
  input.options.timeouts = {100s, 20s, 30s, 4s};
  input.options.retry = {2s, 3.0, 50s, 7, {"Fatal"}};
  input.options.priority = {true, 2, "blue", 1.5F};
  input.options.start_delay = 5s;
  input.schedule_time = kNow - 60s;
  input.input = filled_bytes<common::Payloads>();
  input.header = filled_bytes<common::Header>();
  input.user_metadata = filled_bytes<temporal::api::sdk::v1::UserMetadata>();
  input.search_attributes = filled_bytes<common::SearchAttributes>();
  input.links = {link_to("first")};
  input.attached = {{"request-2", {link_to("second"), link_to("second")}}};
  return input;
}

std::shared_ptr<const ActivityInput> shared_input() {
  return std::make_shared<const ActivityInput>(full_input());
}

template <class Options>
void check_options(const Options& options) {
  CHECK(options.schedule_to_close_timeout().seconds() == 100);
  CHECK(options.schedule_to_start_timeout().seconds() == 20);
  CHECK(options.start_to_close_timeout().seconds() == 30);
  CHECK(options.heartbeat_timeout().seconds() == 4);
  CHECK(options.start_delay().seconds() == 5);
  CHECK(options.retry_policy().initial_interval().seconds() == 2);
  CHECK(options.retry_policy().backoff_coefficient() == 3.0);
  CHECK(options.retry_policy().maximum_interval().seconds() == 50);
  CHECK(options.retry_policy().maximum_attempts() == 7);
  CHECK(options.retry_policy().non_retryable_error_types(0) == "Fatal");
  CHECK(options.priority().priority_key() == 2);
  CHECK(options.priority().fairness_key() == "blue");
  CHECK(options.priority().fairness_weight() == 1.5F);
}

StoredFailure timeout_failure() {
  StoredFailure failure;
  failure.kind = StoredFailure::Kind::kTimeout;
  failure.message = "activity Heartbeat timeout";
  failure.timeout = TimeoutType::kHeartbeat;
  return failure;
}

service::DescribeActivityExecutionResponse described(const ActivityState& state, DescribeParts parts = {}) {
  return encoded<service::DescribeActivityExecutionResponse>(
      kService + "DescribeActivityExecution",
      DescribeReply{std::make_shared<const ActivityState>(state), "token", parts}, kNow);
}

}  // namespace

TEST_CASE("a start is answered with its run and a link to it", "[rpc][encode]") {
  const auto answer = encoded<service::StartActivityExecutionResponse>(kService + "StartActivityExecution",
                                                                       StartReply{"default", "order-7", "run-1", true});
  CHECK(answer.run_id() == "run-1");
  CHECK(answer.started());
  CHECK(answer.link().activity().namespace_() == "default");
  CHECK(answer.link().activity().activity_id() == "order-7");
  CHECK(answer.link().activity().run_id() == "run-1");
}

TEST_CASE("a task goes out whole", "[rpc][encode]") {
  PollTaskReply reply;
  reply.token = "token";
  reply.namespace_name = "default";
  reply.run_id = "run-1";
  reply.input = shared_input();
  reply.heartbeat_details = filled_bytes<common::Payloads>();
  reply.current_attempt_scheduled_time = kNow - 2s;
  reply.started_time = kNow;
  reply.attempt = 3;
  reply.poller_delta = -1;
  const auto task = encoded<service::PollActivityTaskQueueResponse>(kService + "PollActivityTaskQueue", reply);
  CHECK(task.task_token() == "token");
  CHECK(task.workflow_namespace() == "default");
  CHECK(task.has_workflow_execution());
  CHECK(task.activity_type().name() == "charge");
  CHECK(task.activity_id() == "order-7");
  CHECK(task.activity_run_id() == "run-1");
  CHECK((task.has_header() && task.has_input() && task.has_heartbeat_details()));
  CHECK(task.scheduled_time().seconds() == 999'940);
  CHECK(task.current_attempt_scheduled_time().seconds() == 999'998);
  CHECK(task.started_time().seconds() == 1'000'000);
  CHECK(task.attempt() == 3);
  CHECK(task.schedule_to_close_timeout().seconds() == 100);
  CHECK(task.start_to_close_timeout().seconds() == 30);
  CHECK(task.heartbeat_timeout().seconds() == 4);
  CHECK(task.retry_policy().maximum_attempts() == 7);
  CHECK(task.priority().fairness_key() == "blue");
  CHECK(task.poller_scaling_decision().poll_request_delta_suggestion() == -1);
}

TEST_CASE("a poll without a task may still give a hint", "[rpc][encode]") {
  PollTaskReply reply;
  CHECK(encoded<service::PollActivityTaskQueueResponse>(kService + "PollActivityTaskQueue", reply).ByteSizeLong() == 0);
  reply.poller_delta = 1;
  const auto empty = encoded<service::PollActivityTaskQueueResponse>(kService + "PollActivityTaskQueue", reply);
  CHECK(empty.task_token().empty());
  CHECK(empty.poller_scaling_decision().poll_request_delta_suggestion() == 1);
}

TEST_CASE("a heartbeat is answered with what was asked of the activity", "[rpc][encode]") {
  const auto check = [](const auto& answer) {
    CHECK(answer.cancel_requested());
    CHECK(answer.activity_paused());
    CHECK(answer.activity_reset());
  };
  const HeartbeatReply reply{true, true, true};
  check(encoded<service::RecordActivityTaskHeartbeatResponse>(kService + "RecordActivityTaskHeartbeat", reply));
  check(encoded<service::RecordActivityTaskHeartbeatByIdResponse>(kService + "RecordActivityTaskHeartbeatById", reply));
}

TEST_CASE("a failure report is answered with the objections to it", "[rpc][encode]") {
  const ReportReply reply{{timeout_failure()}};
  const auto failed =
      encoded<service::RespondActivityTaskFailedResponse>(kService + "RespondActivityTaskFailed", reply);
  REQUIRE(failed.failures_size() == 1);
  CHECK(failed.failures(0).message() == "activity Heartbeat timeout");
  CHECK(encoded<service::RespondActivityTaskFailedByIdResponse>(kService + "RespondActivityTaskFailedById", reply)
            .failures_size() == 1);
}

TEST_CASE("an outcome goes out with its run, or nothing does", "[rpc][encode]") {
  const std::string method = kService + "PollActivityExecution";
  CHECK(encoded<service::PollActivityExecutionResponse>(method, PollOutcomeReply{"run-1", nullptr}).ByteSizeLong() ==
        0);
  auto outcome = std::make_shared<Outcome>();
  CHECK(encoded<service::PollActivityExecutionResponse>(method, PollOutcomeReply{"run-1", outcome})
            .outcome()
            .has_result());
  outcome = std::make_shared<Outcome>(Outcome{RetryState::kTimeout, true, {}, timeout_failure()});
  const auto failed = encoded<service::PollActivityExecutionResponse>(method, PollOutcomeReply{"run-1", outcome});
  CHECK(failed.run_id() == "run-1");
  CHECK(failed.outcome().retry_state() == enums::RETRY_STATE_TIMEOUT);
  CHECK(failed.outcome().failure().timeout_failure_info().timeout_type() == enums::TIMEOUT_TYPE_HEARTBEAT);
}

TEST_CASE("changed options go out whole", "[rpc][encode]") {
  const auto answer = encoded<service::UpdateActivityExecutionOptionsResponse>(
      kService + "UpdateActivityExecutionOptions", UpdateOptionsReply{shared_input()});
  CHECK(answer.activity_options().task_queue().name() == "billing");
  CHECK(answer.activity_options().task_queue().kind() == enums::TASK_QUEUE_KIND_NORMAL);
  check_options(answer.activity_options());
}

TEST_CASE("a description holds what the start said, and all its links", "[rpc][encode]") {
  ActivityState state;
  state.input = shared_input();
  const auto answer = described(state);
  CHECK(answer.long_poll_token() == "token");
  CHECK(answer.run_id() == answer.info().run_id());
  const auto& info = answer.info();
  CHECK(info.activity_id() == "order-7");
  CHECK(info.activity_type().name() == "charge");
  CHECK(info.task_queue() == "billing");
  check_options(info);
  CHECK(info.schedule_time().seconds() == 999'940);
  CHECK(info.execution_time().seconds() == 999'945);
  CHECK(info.expiration_time().seconds() == 1'000'045);
  CHECK((info.has_search_attributes() && info.has_header() && info.has_user_metadata()));
  REQUIRE(info.links_size() == 3);
  CHECK(info.links(0).activity().activity_id() == "first");
  CHECK(info.links(2).activity().activity_id() == "second");
  CHECK(info.state_size_bytes() > 0);
  CHECK_FALSE((answer.has_input() || answer.has_outcome()));
}

TEST_CASE("a description tells each phase by two names", "[rpc][encode]") {
  const std::tuple<Phase, int, int> cases[] = {
      {Phase::kScheduled, enums::ACTIVITY_EXECUTION_STATUS_RUNNING, enums::PENDING_ACTIVITY_STATE_SCHEDULED},
      {Phase::kStarted, enums::ACTIVITY_EXECUTION_STATUS_RUNNING, enums::PENDING_ACTIVITY_STATE_STARTED},
      {Phase::kCancelRequested, enums::ACTIVITY_EXECUTION_STATUS_RUNNING,
       enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED},
      {Phase::kPauseRequested, enums::ACTIVITY_EXECUTION_STATUS_RUNNING, enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED},
      {Phase::kResetRequested, enums::ACTIVITY_EXECUTION_STATUS_RUNNING, enums::PENDING_ACTIVITY_STATE_STARTED},
      {Phase::kPaused, enums::ACTIVITY_EXECUTION_STATUS_PAUSED, enums::PENDING_ACTIVITY_STATE_PAUSED},
      {Phase::kCompleted, enums::ACTIVITY_EXECUTION_STATUS_COMPLETED, 0},
      {Phase::kFailed, enums::ACTIVITY_EXECUTION_STATUS_FAILED, 0},
      {Phase::kCanceled, enums::ACTIVITY_EXECUTION_STATUS_CANCELED, 0},
      {Phase::kTerminated, enums::ACTIVITY_EXECUTION_STATUS_TERMINATED, 0},
      {Phase::kTimedOut, enums::ACTIVITY_EXECUTION_STATUS_TIMED_OUT, 0},
  };
  ActivityState state;
  state.input = shared_input();
  for (const auto& [phase, status, run_state] : cases) {
    CAPTURE(phase);
    state.progress.phase = phase;
    CHECK(described(state).info().status() == status);
    CHECK(described(state).info().run_state() == run_state);
  }
  state.progress.phase = Phase::kResetRequested;
  state.progress.pending_reset.lands_paused = true;
  CHECK(described(state).info().run_state() == enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED);
}

TEST_CASE("a description holds the progress, and on request the payloads", "[rpc][encode]") {
  ActivityState state;
  state.input = shared_input();
  state.progress.attempt = 3;
  state.progress.dispatch_time = kNow + 8s;
  state.progress.current_retry_interval = 8s;
  state.progress.started_time = kNow - 20s;
  state.progress.last_heartbeat_time = kNow - 10s;
  state.progress.last_attempt_complete_time = kNow;
  state.progress.heartbeat_count = 4;
  state.progress.transition_count = 9;
  state.progress.worker_identity = "worker";
  state.progress.sdk_name = "sdk";
  state.progress.sdk_version = "1.0.0";
  auto notes = std::make_shared<OperatorNotes>();
  notes->cancel_reason = "enough";
  state.progress.notes = notes;
  state.heartbeat_details = filled_bytes<common::Payloads>();
  state.last_failure = timeout_failure();
  const auto plain = described(state);
  const auto& info = plain.info();
  CHECK(info.attempt() == 3);
  CHECK(info.last_started_time().seconds() == 999'980);
  CHECK(info.last_heartbeat_time().seconds() == 999'990);
  CHECK(info.last_attempt_complete_time().seconds() == 1'000'000);
  CHECK(info.next_attempt_schedule_time().seconds() == 1'000'008);
  CHECK(info.current_retry_interval().seconds() == 8);
  CHECK(info.total_heartbeat_count() == 4);
  CHECK(info.state_transition_count() == 9);
  CHECK(info.last_worker_identity() == "worker");
  CHECK(info.sdk_name() == "sdk");
  CHECK(info.sdk_version() == "1.0.0");
  CHECK(info.canceled_reason() == "enough");
  CHECK_FALSE((info.has_heartbeat_details() || info.has_last_failure() || info.has_close_time()));

  state.progress.phase = Phase::kFailed;
  state.progress.close_time = kNow + 1s;
  state.outcome = Outcome{RetryState::kMaximumAttemptsReached, true, {}, timeout_failure()};
  const auto whole = described(state, {true, true, true, true});
  CHECK((whole.has_input() && whole.outcome().has_failure()));
  CHECK((whole.info().has_heartbeat_details() && whole.info().has_last_failure()));
  CHECK(whole.info().close_time().seconds() == 1'000'001);
  CHECK(whole.info().execution_duration().seconds() == 61);
  CHECK_FALSE((whole.info().has_next_attempt_schedule_time() || whole.info().has_current_retry_interval()));
}

TEST_CASE("a description tells how the callbacks stand", "[rpc][encode]") {
  ActivityState state;
  state.input = shared_input();
  CallbackState callback;
  callback.message = filled_bytes<common::Callback>();
  callback.registration_time = kNow - 60s;
  callback.phase = CallbackPhase::kBackingOff;
  callback.attempt = 2;
  callback.last_attempt_complete_time = kNow;
  callback.next_attempt_time = kNow + 4s;
  callback.last_failure = "connection refused";
  callback.blocked_reason = "none";
  state.callbacks = {callback, CallbackState{.message = callback.message, .registration_time = kNow}};
  const auto answer = described(state);
  REQUIRE(answer.callbacks_size() == 2);
  CHECK(answer.callbacks(0).trigger().has_activity_closed());
  const auto& info = answer.callbacks(0).info();
  CHECK(info.callback().nexus().url() == "url");
  CHECK(info.registration_time().seconds() == 999'940);
  CHECK(info.state() == enums::CALLBACK_STATE_BACKING_OFF);
  CHECK(info.attempt() == 2);
  CHECK(info.last_attempt_complete_time().seconds() == 1'000'000);
  CHECK(info.next_attempt_schedule_time().seconds() == 1'000'004);
  CHECK(info.last_attempt_failure().message() == "connection refused");
  CHECK_FALSE(info.last_attempt_failure().application_failure_info().non_retryable());
  CHECK(info.blocked_reason() == "none");
  const auto& fresh = answer.callbacks(1).info();
  CHECK(fresh.state() == enums::CALLBACK_STATE_STANDBY);
  CHECK_FALSE((fresh.has_last_attempt_failure() || fresh.has_next_attempt_schedule_time()));
}

TEST_CASE("a description that ran out is empty", "[rpc][encode]") {
  CHECK(encoded<service::DescribeActivityExecutionResponse>(kService + "DescribeActivityExecution", DescribeReply{})
            .ByteSizeLong() == 0);
}
