// What a step asks for, in the terms of the server's own checks. Messages are their texts here.
#include "model/model.h"

namespace longbeat::model {
namespace {

constexpr Duration kTick = Model::kTick;

std::optional<server::RawDuration> raw(const Step& step, const std::string& name) {
  const auto duration = step.duration(name, kTick);
  if (!duration) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*duration);
  return server::RawDuration{seconds.count(), static_cast<std::int32_t>((*duration - seconds).count())};
}

std::optional<server::StartRequest::Retry> retry(const Step& step) {
  server::StartRequest::Retry policy;
  policy.initial_interval = raw(step, "initial");
  policy.maximum_interval = raw(step, "interval");
  policy.backoff_coefficient = step.real("coefficient", 0);
  policy.maximum_attempts = step.number("attempts");
  if (step.has("listed")) policy.non_retryable_error_types.push_back(step.text("listed"));
  const bool any = step.has("initial") || step.has("interval") || step.has("coefficient") || step.has("attempts");
  if (!any && !step.has("listed")) return std::nullopt;
  return policy;
}

std::string queue(const Step& step) {
  return "queue-" + std::to_string(step.number("queue", 1));
}

}  // namespace

server::StartRequest start_request(const Step& step, const std::string& request_id) {
  server::StartRequest request;
  request.namespace_name = "default";
  request.identity = "client";
  request.request_id = request_id;
  request.activity_id = "activity";
  request.type = "trace";
  request.has_task_queue = true;
  request.task_queue = queue(step);
  request.schedule_to_close = raw(step, "s2c");
  request.schedule_to_start = raw(step, "s2s");
  request.start_to_close = raw(step, "stc");
  request.heartbeat = raw(step, "heartbeat");
  request.start_delay = raw(step, "start_delay");
  request.retry = retry(step);
  if (!request.retry) request.retry.emplace();
  if (!request.retry->initial_interval) request.retry->initial_interval = server::RawDuration{1, 0};
  request.id_reuse_policy = step.number("reuse");
  request.id_conflict_policy = step.number("conflict");
  request.input = step.text("input");
  request.header = "head";
  return request;
}

namespace {

struct Kind {
  std::int32_t info = 0;
  server::FailureFacts::Kind fact = server::FailureFacts::Kind::kNone;
};

Kind kind_of(const Step& step) {
  using server::FailureFacts;
  const std::string kind = step.text("kind");
  if (kind == "none") return {0, FailureFacts::Kind::kNone};
  if (kind.empty() || kind == "application" || kind == "final") return {5, FailureFacts::Kind::kApplication};
  if (kind == "timeout") return {6, FailureFacts::Kind::kTimeout};
  if (kind == "canceled") return {7, FailureFacts::Kind::kCanceled};
  if (kind == "terminated") return {8, FailureFacts::Kind::kTerminated};
  if (kind == "server") return {9, FailureFacts::Kind::kServer};
  if (kind == "other") return {0, FailureFacts::Kind::kOther};
  throw BadTrace("there is no failure of kind '" + kind + "'");
}

}  // namespace

server::FailedRequest failed_request(const Step& step) {
  const Kind kind = kind_of(step);
  server::FailedRequest request;
  request.namespace_name = "default";
  request.identity = "worker";
  if (step.has("by_id")) {
    request.by_id = server::ById{"", "", "activity"};
  } else {
    request.token = "token";
  }
  request.has_failure = kind.fact != server::FailureFacts::Kind::kNone;
  request.failure_info = kind.info;
  request.next_retry_delay = raw(step, "delay");
  request.has_last_heartbeat_details = step.has("details");
  return request;
}

server::FailureFacts failure_facts(const Step& step) {
  server::FailureFacts facts;
  facts.kind = kind_of(step).fact;
  if (facts.kind == server::FailureFacts::Kind::kApplication) {
    facts.type = or_none(step.text("type"));
    facts.non_retryable = step.text("kind") == "final";
    facts.next_retry_delay = step.duration("delay", kTick).value_or(Duration(0));
  }
  if (facts.kind == server::FailureFacts::Kind::kTimeout) facts.timeout = server::TimeoutType::kHeartbeat;
  return facts;
}

server::StoredFailure failure_of(const Step& step) {
  std::string kind;
  switch (kind_of(step).info) {
    case 5:
      kind = "application(" + or_none(step.text("type")) + (step.text("kind") == "final" ? ", final)" : ")");
      break;
    case 6:
      kind = "timeout(Heartbeat, -)";
      break;
    case 7:
      kind = "canceled(-, -)";
      break;
    case 8:
      kind = "terminated(-)";
      break;
    case 9:
      kind = "server";
      break;
    default:
      break;
  }
  return {.kind = server::StoredFailure::Kind::kOpaque, .opaque = kind + "|" + step.text("message")};
}

server::UpdateOptionsRequest update_request(const Step& step, const std::string& request_id) {
  server::UpdateOptionsRequest request;
  request.run = {"default", "activity", {}};
  request.identity = "client";
  request.request_id = request_id;
  request.restore_original = step.has("restore");
  if (!step.has("mask")) return request;
  server::WireOptions options;
  if (step.has("queue")) options.task_queue = queue(step);
  options.schedule_to_close = raw(step, "s2c");
  options.schedule_to_start = raw(step, "s2s");
  options.start_to_close = raw(step, "stc");
  options.heartbeat = raw(step, "heartbeat");
  options.start_delay = raw(step, "start_delay");
  options.retry = retry(step);
  request.options = options;
  std::vector<std::string> mask;
  const std::string text = step.text("mask");
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    mask.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  request.update_mask = mask;
  return request;
}

}  // namespace longbeat::model
