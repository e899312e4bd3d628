// Messages as facts.
#include "model/facts.h"
#include "model/requests.h"

namespace longbeat::model {

namespace common = temporal::api::common::v1;
namespace enums = temporal::api::enums::v1;
using temporal::api::activity::v1::ActivityExecutionInfo;
using temporal::api::failure::v1::Failure;

namespace {

Duration duration_of(const google::protobuf::Duration& from) {
  return std::chrono::seconds(from.seconds()) + std::chrono::nanoseconds(from.nanos());
}
Duration time_of(const google::protobuf::Timestamp& from) {
  return std::chrono::seconds(from.seconds()) + std::chrono::nanoseconds(from.nanos());
}

/// "ACTIVITY_EXECUTION_STATUS_RUNNING" → "RUNNING"; unspecified: "-".
std::string short_name(const std::string& name, const std::string& prefix) {
  const std::string rest = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  return rest == "UNSPECIFIED" ? "-" : rest;
}

template <class Message>
OptionsSeen seen(const Message& from) {
  const common::RetryPolicy& retry = from.retry_policy();
  OptionsSeen to;
  to.s2c = duration_of(from.schedule_to_close_timeout());
  to.stc = duration_of(from.start_to_close_timeout());
  to.heartbeat = duration_of(from.heartbeat_timeout());
  if constexpr (requires { from.schedule_to_start_timeout(); }) to.s2s = duration_of(from.schedule_to_start_timeout());
  to.initial = duration_of(retry.initial_interval());
  to.interval = duration_of(retry.maximum_interval());
  to.coefficient = retry.backoff_coefficient();
  to.attempts = retry.maximum_attempts();
  return to;
}

std::string options_text(const std::string& queue, const OptionsSeen& all, Duration delay, const Names& names) {
  const std::string own = queue.starts_with(names.prefix) ? queue.substr(names.prefix.size()) : queue;
  return own + ", s2s " + ticks_text(all.s2s, names.tick) + ", " + timeouts_text(all, names.tick) + ", start delay " +
         ticks_text(delay, names.tick) + ", retry " + retry_text(all, names.tick);
}

std::string timeout_name(enums::TimeoutType type) {
  switch (type) {
    case enums::TIMEOUT_TYPE_START_TO_CLOSE:
      return "StartToClose";
    case enums::TIMEOUT_TYPE_SCHEDULE_TO_START:
      return "ScheduleToStart";
    case enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE:
      return "ScheduleToClose";
    case enums::TIMEOUT_TYPE_HEARTBEAT:
      return "Heartbeat";
    default:
      return "Unspecified";
  }
}

std::string kind_of(const Failure& failure) {
  switch (failure.failure_info_case()) {
    case Failure::kApplicationFailureInfo: {
      const auto& info = failure.application_failure_info();
      return "application(" + or_none(info.type()) + (info.non_retryable() ? ", final)" : ")");
    }
    case Failure::kTimeoutFailureInfo: {
      const auto& info = failure.timeout_failure_info();
      return "timeout(" + timeout_name(info.timeout_type()) + ", " + or_none(text_of(info.last_heartbeat_details())) +
             ")";
    }
    case Failure::kCanceledFailureInfo: {
      const auto& info = failure.canceled_failure_info();
      return "canceled(" + or_none(text_of(info.details())) + ", " + or_none(info.identity()) + ")";
    }
    case Failure::kTerminatedFailureInfo:
      return "terminated(" + or_none(failure.terminated_failure_info().identity()) + ")";
    case Failure::kServerFailureInfo:
      return failure.server_failure_info().non_retryable() ? "server(final)" : "server";
    case Failure::FAILURE_INFO_NOT_SET:
      return "";
    default:
      return "kind " + std::to_string(failure.failure_info_case());
  }
}

FailureSeen seen_failure(const Failure& failure) {
  FailureSeen out{.message = failure.message(), .source = failure.source(), .kind = kind_of(failure)};
  if (failure.has_cause()) out.cause.push_back(seen_failure(failure.cause()));
  return out;
}

std::string after(const google::protobuf::Timestamp& time, const google::protobuf::Timestamp& since,
                  const Names& names) {
  return ticks_text(time_of(time) - time_of(since), names.tick);
}

void add_waiting(const ActivityExecutionInfo& info, const Names& names, Facts& facts) {
  const bool backs_off = info.has_current_retry_interval();
  const auto& next = info.next_attempt_schedule_time();
  facts["retry interval"] = ticks_text(duration_of(info.current_retry_interval()), names.tick);
  facts["next attempt"] = "-";
  if (!info.has_next_attempt_schedule_time()) return;
  facts["next attempt"] = backs_off ? "end + " + after(next, info.last_attempt_complete_time(), names)
                                    : "schedule + " + after(next, info.schedule_time(), names);
}

}  // namespace

std::string text_of(const common::Payloads& payloads) {
  if (payloads.payloads().empty()) return "";
  if (payloads.payloads_size() > 1) return "<" + std::to_string(payloads.payloads_size()) + " payloads>";
  const std::string& data = payloads.payloads(0).data();
  const bool quoted = data.size() >= 2 && data.front() == '"' && data.back() == '"';
  return quoted ? data.substr(1, data.size() - 2) : data;
}

std::string outcome_text(const temporal::api::activity::v1::ActivityExecutionOutcome& outcome) {
  const std::string what =
      outcome.has_failure() ? to_text(seen_failure(outcome.failure())) : "result " + or_none(text_of(outcome.result()));
  return what + ", retry state " + std::to_string(static_cast<int>(outcome.retry_state()));
}

std::string options_answer(const temporal::api::activity::v1::ActivityOptions& options, const Names& names) {
  return options_text(options.task_queue().name(), seen(options), duration_of(options.start_delay()), names);
}

std::string task_text(const service::PollActivityTaskQueueResponse& task, const std::string& token,
                      const std::string& run, const Names& names) {
  TaskSeen out;
  out.token = token;
  out.run = run;
  out.attempt = task.attempt();
  out.details = text_of(task.heartbeat_details());
  out.input = text_of(task.input());
  const auto head = task.header().fields().find("trace");
  common::Payloads header;
  if (head != task.header().fields().end()) *header.add_payloads() = head->second;
  out.header = text_of(header);
  out.options = seen(task);
  return to_text(out, names.tick);
}

Facts facts_of(const service::DescribeActivityExecutionResponse& response, const std::string& run, const Names& names) {
  const ActivityExecutionInfo& info = response.info();
  Facts facts{
      {"describe", response.has_info() ? "OK" : "OK, but nothing is told"},
      {"run", run},
      {"status", short_name(enums::ActivityExecutionStatus_Name(info.status()), "ACTIVITY_EXECUTION_STATUS_")},
      {"state", short_name(enums::PendingActivityState_Name(info.run_state()), "PENDING_ACTIVITY_STATE_")},
      {"attempt", std::to_string(info.attempt())},
      {"cancel reason", or_none(info.canceled_reason())},
      {"worker", or_none(info.last_worker_identity())},
      {"started", yes_no(info.has_last_started_time())},
      {"beats", std::to_string(info.total_heartbeat_count())},
      {"beat", yes_no(info.has_last_heartbeat_time())},
      {"details", or_none(text_of(info.heartbeat_details()))},
      {"last failure", info.has_last_failure() ? to_text(seen_failure(info.last_failure())) : "-"},
      {"attempt ended", yes_no(info.has_last_attempt_complete_time())},
      {"closed", yes_no(info.has_close_time())},
      {"outcome", response.has_outcome() ? outcome_text(response.outcome()) : "-"},
      {"options", options_text(info.task_queue(), seen(info), duration_of(info.start_delay()), names)},
      {"due", "schedule + " + after(info.execution_time(), info.schedule_time(), names)},
      {"expires",
       info.has_expiration_time() ? "schedule + " + after(info.expiration_time(), info.schedule_time(), names) : "-"},
      {"input", or_none(text_of(response.input()))},
  };
  add_waiting(info, names, facts);
  return facts;
}

}  // namespace longbeat::model
