#include "model/player.h"

#include <google/protobuf/empty.pb.h>
#include <google/rpc/status.pb.h>
#include <temporal/api/errordetails/v1/message.pb.h>

#include <algorithm>

#include "model/facts.h"
#include "rpc/wire.h"

namespace longbeat::model {
namespace {

constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(20);
constexpr std::chrono::milliseconds kLongPatience = std::chrono::seconds(62);
/// Of a run that nobody has begun.
constexpr const char* kUnknownRun = "00000000-0000-4000-8000-000000000000";

std::string name_in(const std::vector<std::string>& known, const std::string& one, const std::string& kind) {
  const auto found = std::ranges::find(known, one);
  return found == known.end() ? kind + " unknown" : kind + " " + std::to_string(found - known.begin() + 1);
}

bool is_report(const std::string& act) {
  return act == "heartbeat" || act == "complete" || act == "fail" || act == "canceled";
}

template <class Response>
Response read(const grpc::ByteBuffer& bytes) {
  Response response;
  if (!server::parse(bytes, response, 1000)) throw std::runtime_error("an answer cannot be read");
  return response;
}

google::rpc::Status rich(const grpc::Status& status) {
  google::rpc::Status out;
  if (!out.ParseFromString(status.error_details())) out.Clear();
  return out;
}

}  // namespace

void Player::step(std::function<void()> done) {
  done_ = std::move(done);
  step_ = answers_.size() < trace_.size() ? trace_[answers_.size()] : Step{"look", {}, {}};
  facts_.clear();
  if (step_.act == "wait") return answered();
  look();
}

void Player::answered() {
  answers_.push_back(std::move(facts_));
  ticks_ += ticks_of(step_);
  const auto done = std::move(done_);
  done();
}

// ---------------------------------------------------------------------------------------------------------------------
// What is seen

void Player::look() {
  service::DescribeActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(names_.activity());
  request.set_include_input(true);
  request.set_include_outcome(true);
  request.set_include_heartbeat_details(true);
  request.set_include_last_failure(true);
  wire_.call("DescribeActivityExecution", request, kPatience,
             [self = shared_from_this()](const grpc::Status& status, grpc::ByteBuffer& response) {
               self->looked(status, response);
             });
}

void Player::looked(const Refused& status, grpc::ByteBuffer& bytes) {
  if (left_) return;
  // Whatever was on its way has arrived by now: a tick has passed since it was sent.
  facts_["task"] = or_none(std::exchange(refused_poll_, {}));
  if (got_) take(*std::exchange(got_, std::nullopt));
  facts_["heard"] = or_none(std::exchange(heard_, {}));
  facts_["noticed"] = or_none(std::exchange(noticed_, {}));
  described_run_.clear();
  change_token_.clear();
  if (!status.ok()) {
    facts_["describe"] = refusal(status);
  } else {
    const auto response = read<service::DescribeActivityExecutionResponse>(bytes);
    facts_.merge(facts_of(response, run_name(response.run_id()), names_));
    const std::int64_t count = response.info().state_transition_count();
    facts_["changed"] = yes_no(response.run_id() != counted_run_ || count != change_count_);
    counted_run_ = described_run_ = response.run_id();
    change_count_ = count;
    change_token_ = response.long_poll_token();
  }
  act();
}

/// Only now: a task may arrive before the answer of the start that made it, and its run has no name until then.
void Player::take(const service::PollActivityTaskQueueResponse& task) {
  // A token that was handed out before keeps its name, which tells.
  if (std::ranges::find(tokens_, task.task_token()) == tokens_.end()) tokens_.push_back(task.task_token());
  facts_["task"] = task_text(task, token_name(task.task_token()), run_name(task.activity_run_id()), names_);
}

// ---------------------------------------------------------------------------------------------------------------------
// Names

std::string Player::run_name(const std::string& run_id) {
  return name_in(runs_, run_id, "run");
}

std::string Player::token_name(const std::string& token) {
  return name_in(tokens_, token, "token");
}

std::string Player::run_id(const Step& step) const {
  const int named = step.number("run");
  if (named == 0) return "";
  return named < 1 || named > static_cast<int>(runs_.size()) ? kUnknownRun : runs_[static_cast<std::size_t>(named - 1)];
}

std::string Player::refusal(const Refused& status) const {
  std::string message = status.error_message();
  for (auto at = message.find(names_.prefix); at != std::string::npos; at = message.find(names_.prefix, at)) {
    message.erase(at, names_.prefix.size());
  }
  const google::rpc::Status details = rich(status);
  std::string detail;
  if (details.details_size() > 0) {
    const std::string& type = details.details(0).type_url();
    detail = type.substr(type.rfind('.') + 1);
  }
  return refusal_text(static_cast<internal::StatusCode>(status.error_code()), detail, message);
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls

template <class Response, class Request>
void Player::ask(const std::string& rpc, const Request& request, std::function<void(const Response&)> then) {
  wire_.call(rpc, request, kPatience,
             [self = shared_from_this(), then = std::move(then)](const grpc::Status& status, grpc::ByteBuffer& bytes) {
               if (self->left_) return;
               self->facts_["answer"] = status.ok() ? "OK" : self->refusal(status);
               if (status.ok() && then) then(read<Response>(bytes));
               temporal::api::errordetails::v1::ActivityExecutionAlreadyStartedFailure other;
               const auto details = rich(status);
               if (details.details_size() > 0 && details.details(0).UnpackTo(&other)) {
                 self->facts_["answer.run"] = self->run_name(other.run_id());
                 const std::string& request_id = other.start_request_id();
                 const bool ours = request_id.starts_with(self->names_.prefix);
                 self->facts_["answer.request"] =
                     without_uuids(ours ? request_id.substr(self->names_.prefix.size()) : request_id);
               }
               self->answered();
             });
}

template <class Request>
void Player::order(const std::string& rpc, bool has_reason) {
  Request request;
  request.set_namespace_("default");
  request.set_activity_id(names_.activity());
  request.set_run_id(run_id(step_));
  request.set_identity("client");
  request.set_request_id(names_.request(step_));
  if constexpr (requires { request.set_reason(""); }) {
    if (has_reason) request.set_reason(step_.text("reason"));
  }
  if constexpr (requires { request.set_keep_paused(true); }) {
    request.set_keep_paused(step_.has("keep_paused"));
    request.set_restore_original_options(step_.has("restore"));
    request.set_reset_heartbeat(step_.has("clear_details"));
  }
  ask<google::protobuf::Empty>(rpc, request);
}

void Player::act() {
  const std::string& act = step_.act;
  if (act == "look") return answered();
  const int token = step_.number("token", static_cast<int>(tokens_.size()));
  if (is_report(act) && !step_.has("by_id") && (token < 1 || token > static_cast<int>(tokens_.size()))) {
    facts_["answer"] = "there is no such token";
    return answered();
  }
  if (act == "start") return start();
  if (act == "poll") return poll();
  if (act == "heartbeat") return heartbeat();
  if (act == "complete") return complete();
  if (act == "fail") return fail();
  if (act == "canceled") return canceled();
  if (act == "await") return await();
  if (act == "watch") return watch();
  if (act == "cancel")
    return order<service::RequestCancelActivityExecutionRequest>("RequestCancelActivityExecution", true);
  if (act == "terminate") return order<service::TerminateActivityExecutionRequest>("TerminateActivityExecution", true);
  if (act == "pause") return order<service::PauseActivityExecutionRequest>("PauseActivityExecution", true);
  if (act == "unpause") return order<service::UnpauseActivityExecutionRequest>("UnpauseActivityExecution", false);
  if (act == "reset") return order<service::ResetActivityExecutionRequest>("ResetActivityExecution", false);
  if (act == "update") {
    using Response = service::UpdateActivityExecutionOptionsResponse;
    return ask<Response>("UpdateActivityExecutionOptions", update_message(step_, names_, run_id(step_)),
                         [self = shared_from_this()](const Response& response) {
                           self->facts_["answer.options"] = options_answer(response.activity_options(), self->names_);
                         });
  }
  if (act == "delete") {
    service::DeleteActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(names_.activity());
    request.set_run_id(run_id(step_));
    return ask<service::DeleteActivityExecutionResponse>("DeleteActivityExecution", request);
  }
  if (act == "hang_up") {
    if (poll_ != 0) wire_.hang_up(std::exchange(poll_, 0));
    return answered();
  }
  throw BadTrace("nobody knows how to '" + act + "'");
}

void Player::start() {
  using Response = service::StartActivityExecutionResponse;
  ask<Response>("StartActivityExecution", start_message(step_, names_),
                [self = shared_from_this()](const Response& got) {
                  if (std::ranges::find(self->runs_, got.run_id()) == self->runs_.end())
                    self->runs_.push_back(got.run_id());
                  self->facts_["answer.run"] = self->run_name(got.run_id());
                  self->facts_["answer.started"] = yes_no(got.started());
                });
}

/// By token, or by ID: the same under other names.
template <class ByToken, class ById>
void Player::report(const std::string& rpc, ByToken by_token, ById by_id) {
  using Flags = service::RecordActivityTaskHeartbeatResponse;  // The form by ID has the same fields.
  std::function<void(const Flags&)> flags;
  if (step_.act == "heartbeat") {
    flags = [self = shared_from_this()](const Flags& got) {
      self->facts_["answer.cancel_requested"] = yes_no(got.cancel_requested());
      self->facts_["answer.activity_paused"] = yes_no(got.activity_paused());
      self->facts_["answer.activity_reset"] = yes_no(got.activity_reset());
    };
  }
  const auto token = static_cast<std::size_t>(step_.number("token", static_cast<int>(tokens_.size())));
  if (step_.has("by_id")) {
    by_id.set_namespace_("default");
    by_id.set_activity_id(names_.activity());
    by_id.set_identity("worker");
    return ask<Flags>(rpc + "ById", by_id, std::move(flags));
  }
  by_token.set_namespace_("default");
  by_token.set_task_token(tokens_[token - 1]);
  by_token.set_identity("worker");
  ask<Flags>(rpc, by_token, std::move(flags));
}

void Player::heartbeat() {
  const auto with_details = [this](auto request) {
    if (step_.has("details")) *request.mutable_details() = payloads(step_.text("details"));
    return request;
  };
  report("RecordActivityTaskHeartbeat", with_details(service::RecordActivityTaskHeartbeatRequest()),
         with_details(service::RecordActivityTaskHeartbeatByIdRequest()));
}

void Player::complete() {
  const auto with_result = [this](auto request) {
    if (step_.has("result")) *request.mutable_result() = payloads(step_.text("result"));
    return request;
  };
  report("RespondActivityTaskCompleted", with_result(service::RespondActivityTaskCompletedRequest()),
         with_result(service::RespondActivityTaskCompletedByIdRequest()));
}

void Player::fail() {
  const auto with_failure = [this](auto request) {
    if (step_.text("kind") != "none") *request.mutable_failure() = failure_message(step_, names_);
    if (step_.has("details")) *request.mutable_last_heartbeat_details() = payloads(step_.text("details"));
    return request;
  };
  report("RespondActivityTaskFailed", with_failure(service::RespondActivityTaskFailedRequest()),
         with_failure(service::RespondActivityTaskFailedByIdRequest()));
}

void Player::canceled() {
  const auto with_details = [this](auto request) {
    if (step_.has("details")) *request.mutable_details() = payloads(step_.text("details"));
    return request;
  };
  report("RespondActivityTaskCanceled", with_details(service::RespondActivityTaskCanceledRequest()),
         with_details(service::RespondActivityTaskCanceledByIdRequest()));
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls that wait. An empty answer means: ask again.

void Player::poll() {
  facts_["answer"] = poll_ != 0 ? "one waits already" : "waits";
  if (poll_ == 0) poll_again(poll_message(step_, names_));
  answered();
}

void Player::poll_again(const service::PollActivityTaskQueueRequest& request) {
  poll_ = wire_.call("PollActivityTaskQueue", request, kLongPatience,
                     [self = shared_from_this(), request](const grpc::Status& status, grpc::ByteBuffer& bytes) {
                       if (self->left_ || status.error_code() == grpc::StatusCode::CANCELLED) return;
                       self->poll_ = 0;
                       if (!status.ok()) {
                         self->refused_poll_ = self->refusal(status);
                         return;
                       }
                       auto task = read<service::PollActivityTaskQueueResponse>(bytes);
                       if (task.task_token().empty()) return self->poll_again(request);
                       self->got_ = std::move(task);
                     });
}

void Player::await() {
  facts_["answer"] = await_ != 0 ? "one waits already" : "waits";
  if (await_ == 0) {
    service::PollActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(names_.activity());
    request.set_run_id(run_id(step_));
    await_again(request);
  }
  answered();
}

void Player::await_again(const service::PollActivityExecutionRequest& request) {
  await_ = wire_.call("PollActivityExecution", request, kLongPatience,
                      [self = shared_from_this(), request](const grpc::Status& status, grpc::ByteBuffer& bytes) {
                        if (self->left_) return;
                        self->await_ = 0;
                        if (!status.ok()) {
                          self->heard_ = self->refusal(status);
                          return;
                        }
                        const auto response = read<service::PollActivityExecutionResponse>(bytes);
                        if (!response.has_outcome()) return self->await_again(request);
                        self->heard_ = outcome_text(response.outcome());
                      });
}

void Player::watch() {
  const bool can = watch_ == 0 && !change_token_.empty();
  facts_["answer"] = watch_ != 0 ? "one waits already" : can ? "waits" : "there is nothing to watch";
  if (can) {
    service::DescribeActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(names_.activity());
    request.set_run_id(described_run_);
    request.set_long_poll_token(change_token_);
    watch_again(request);
  }
  answered();
}

void Player::watch_again(const service::DescribeActivityExecutionRequest& request) {
  watch_ = wire_.call("DescribeActivityExecution", request, kLongPatience,
                      [self = shared_from_this(), request](const grpc::Status& status, grpc::ByteBuffer& bytes) {
                        if (self->left_) return;
                        self->watch_ = 0;
                        if (!status.ok()) {
                          self->noticed_ = self->refusal(status);
                          return;
                        }
                        const auto response = read<service::DescribeActivityExecutionResponse>(bytes);
                        if (!response.has_info()) return self->watch_again(request);
                        self->noticed_ = self->run_name(response.run_id());
                      });
}

void Player::leave() {
  left_ = true;
  for (const Wire::CallId call : {poll_, await_, watch_}) {
    if (call != 0) wire_.hang_up(call);
  }
  if (runs_.empty()) return;
  service::TerminateActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(names_.activity());
  request.set_reason("the trace has ended");
  wire_.call("TerminateActivityExecution", request, kPatience,
             [self = shared_from_this()](const grpc::Status&, grpc::ByteBuffer&) {});
}

}  // namespace longbeat::model
