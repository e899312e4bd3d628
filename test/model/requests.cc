#include "model/requests.h"

#include <sstream>

namespace longbeat::model {

namespace common = temporal::api::common::v1;
namespace enums = temporal::api::enums::v1;

namespace {

void assign(google::protobuf::Duration& to, Duration from) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(from);
  to.set_seconds(seconds.count());
  to.set_nanos(static_cast<std::int32_t>((from - seconds).count()));
}

/// The four timeouts and the start delay, which are called alike in a start and in an update.
template <class Message>
void assign_times(const Step& step, const Names& names, Message& to) {
  if (const auto span = step.duration("s2c", names.tick)) assign(*to.mutable_schedule_to_close_timeout(), *span);
  if (const auto span = step.duration("s2s", names.tick)) assign(*to.mutable_schedule_to_start_timeout(), *span);
  if (const auto span = step.duration("stc", names.tick)) assign(*to.mutable_start_to_close_timeout(), *span);
  if (const auto span = step.duration("heartbeat", names.tick)) assign(*to.mutable_heartbeat_timeout(), *span);
  if (const auto span = step.duration("start_delay", names.tick)) assign(*to.mutable_start_delay(), *span);
}

template <class Message>
void assign_retry(const Step& step, const Names& names, Message& to) {
  for (const char* part : {"initial", "interval", "coefficient", "attempts", "listed"}) {
    if (step.has(part)) to.mutable_retry_policy();
  }
  if (!to.has_retry_policy()) return;
  common::RetryPolicy& policy = *to.mutable_retry_policy();
  if (const auto span = step.duration("initial", names.tick)) assign(*policy.mutable_initial_interval(), *span);
  if (const auto span = step.duration("interval", names.tick)) assign(*policy.mutable_maximum_interval(), *span);
  policy.set_backoff_coefficient(step.real("coefficient", 0));
  policy.set_maximum_attempts(step.number("attempts"));
  if (step.has("listed")) policy.add_non_retryable_error_types(step.text("listed"));
}

}  // namespace

std::string Names::request(const Step& step) const {
  const int number = step.number("request");
  return number == 0 ? "" : prefix + "request-" + std::to_string(number);
}

common::Payloads payloads(const std::string& text) {
  common::Payloads to;
  auto& payload = *to.add_payloads();
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  payload.set_data('"' + text + '"');
  return to;
}

service::StartActivityExecutionRequest start_message(const Step& step, const Names& names) {
  service::StartActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_identity("client");
  request.set_request_id(names.request(step));
  request.set_activity_id(names.activity());
  request.mutable_activity_type()->set_name("trace");
  request.mutable_task_queue()->set_name(names.queue(step.number("queue", 1)));
  assign_times(step, names, request);
  assign_retry(step, names, request);
  // The default is a second, whatever a tick is.
  if (!step.has("initial")) assign(*request.mutable_retry_policy()->mutable_initial_interval(), names.tick);
  request.set_id_reuse_policy(static_cast<enums::ActivityIdReusePolicy>(step.number("reuse")));
  request.set_id_conflict_policy(static_cast<enums::ActivityIdConflictPolicy>(step.number("conflict")));
  if (step.has("input")) *request.mutable_input() = payloads(step.text("input"));
  (*request.mutable_header()->mutable_fields())["trace"] = payloads("head").payloads(0);
  return request;
}

service::PollActivityTaskQueueRequest poll_message(const Step& step, const Names& names) {
  service::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name(names.queue(step.number("queue", 1)));
  request.set_identity("worker");
  return request;
}

service::UpdateActivityExecutionOptionsRequest update_message(const Step& step, const Names& names,
                                                              const std::string& run_id) {
  service::UpdateActivityExecutionOptionsRequest request;
  request.set_namespace_("default");
  request.set_activity_id(names.activity());
  request.set_run_id(run_id);
  request.set_identity("client");
  request.set_request_id(names.request(step));
  request.set_restore_original(step.has("restore"));
  if (!step.has("mask")) return request;
  auto& options = *request.mutable_activity_options();
  if (step.has("queue")) options.mutable_task_queue()->set_name(names.queue(step.number("queue")));
  assign_times(step, names, options);
  assign_retry(step, names, options);
  std::istringstream mask(step.text("mask"));
  for (std::string path; std::getline(mask, path, ',');) request.mutable_update_mask()->add_paths(path);
  return request;
}

temporal::api::failure::v1::Failure failure_message(const Step& step, const Names& names) {
  temporal::api::failure::v1::Failure failure;
  const std::string kind = step.text("kind");
  failure.set_message(step.text("message"));
  if (kind.empty() || kind == "application" || kind == "final") {
    auto& info = *failure.mutable_application_failure_info();
    info.set_type(step.text("type"));
    info.set_non_retryable(kind == "final");
    if (const auto delay = step.duration("delay", names.tick)) assign(*info.mutable_next_retry_delay(), *delay);
  }
  if (kind == "timeout") failure.mutable_timeout_failure_info()->set_timeout_type(enums::TIMEOUT_TYPE_HEARTBEAT);
  if (kind == "canceled") failure.mutable_canceled_failure_info();
  if (kind == "terminated") failure.mutable_terminated_failure_info();
  if (kind == "server") failure.mutable_server_failure_info();
  return failure;
}

}  // namespace longbeat::model
