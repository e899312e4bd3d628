#include "simulation/steer_witness.h"

#include <optional>
#include <utility>
#include <variant>

#include "simulation/life_match.h"
#include "simulation/life_text.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using internal::StatusCode;

namespace {

/// A last try may begin so long before the end of the call's time; and what is
/// told takes its moment.
constexpr Nanoseconds kLastTry = 250ms, kMoment = 2s;

std::string request_id_of(const server::Request& request) {
  return std::visit(
      [](const auto& one) -> std::string {
        if constexpr (requires { one.request_id; }) {
          return one.request_id;
        } else {
          return {};
        }
      },
      request);
}

/// What all tries of one call have in common.
std::string common_name(const server::Request& request) {
  const auto run = ref_of(request);
  const auto request_id = request_id_of(request);
  const std::string of = name_of(request) + " of " + run.activity_id + " in " + run.namespace_name;
  return of + (request_id.empty() ? " (run " + run.run_id + ")" : " (" + request_id + ")");
}

/// As a client is told it; nothing: it tells nobody what became of the request.
std::optional<ErrorCode> refusal(const internal::Status& status) {
  switch (status.code) {
    case StatusCode::kNotFound:
      return ErrorCode::kNotFound;
    case StatusCode::kFailedPrecondition:
      return ErrorCode::kFailedPrecondition;
    case StatusCode::kInvalidArgument:
      return ErrorCode::kInvalidArgument;
    default:
      return std::nullopt;
  }
}

bool same(const std::optional<std::chrono::nanoseconds>& told, Nanoseconds kept) {
  return told.value_or(0ns) == kept;
}

bool same(const ActivityOptions& told, const server::ActivityOptions& kept) {
  const auto& retry = told.retry_policy;
  const auto& priority = told.priority;
  return told.task_queue == std::string(kept.task_queue) &&
         same(told.schedule_to_close_timeout, kept.timeouts.schedule_to_close) &&
         same(told.schedule_to_start_timeout, kept.timeouts.schedule_to_start) &&
         same(told.start_to_close_timeout, kept.timeouts.start_to_close) &&
         same(told.heartbeat_timeout, kept.timeouts.heartbeat) && same(told.start_delay, kept.start_delay) &&
         retry.initial_interval == kept.retry.initial_interval &&
         retry.maximum_interval == kept.retry.maximum_interval &&
         retry.backoff_coefficient == kept.retry.backoff_coefficient &&
         retry.maximum_attempts.value_or(0) == kept.retry.maximum_attempts &&
         priority.priority_key.value_or(0) == kept.priority.key &&
         priority.fairness_key == std::string(kept.priority.fairness_key) &&
         priority.fairness_weight.value_or(0) == kept.priority.fairness_weight;
}

}  // namespace

void SteerWitness::answered(const server::Request& request, const server::StatusOr<server::Reply>& reply,
                            bool commit_failed) {
  const auto found = calls_by_name_.find(common_name(request));
  if (found == calls_by_name_.end() || commit_failed) return;
  const auto* updated = reply ? std::get_if<server::UpdateOptionsReply>(&*reply) : nullptr;
  for (const Number number : found->second) {
    Call& call = calls_[number];
    call.done |= reply.ok();
    if (updated != nullptr) call.options.push_back(updated->input);
    if (!reply) {
      if (const auto code = refusal(reply.error())) call.refusals.insert(*code);
    }
  }
}

SteerWitness::Number SteerWitness::begun(const server::Request& request, Nanoseconds timeout, bool may_be_doubled) {
  const Number number = calls_.size();
  Call& call = calls_.emplace_back();
  call.name = common_name(request);
  call.end = world_.now() + timeout;
  const bool is_delete = std::holds_alternative<server::DeleteRequest>(request);
  const bool names_run = !ref_of(request).run_id.empty();
  call.repeated = !is_delete || names_run;
  call.gone_is_done = is_delete && names_run;
  auto& same_name = calls_by_name_[call.name];
  call.answered_alone = !may_be_doubled && same_name.empty();
  same_name.push_back(number);
  world_.after(timeout + kMoment, [this, number] {
    if (!calls_[number].told) fail_("nobody was told what became of a " + calls_[number].name);
  });
  return number;
}

void SteerWitness::told(Number number, const Result<>& result) {
  Call& call = calls_[number];
  const std::string what = "a " + call.name;
  if (std::exchange(call.told, true)) fail_(what + " was told twice");
  if (result) {
    // As far as can be told: an earlier try may have got through, and there is
    // nothing left to delete.
    const bool gone = call.gone_is_done && call.refusals.contains(ErrorCode::kNotFound);
    if (!call.done && !gone) fail_(what + " was told as done, and was not");
    return;
  }
  const ErrorCode code = result.error().code;
  if (code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded) {
    if (call.repeated && world_.now() < call.end - kLastTry) fail_(what + " was given up before its time");
  } else if (!call.refusals.contains(code)) {
    fail_(what + " ended with " + to_string(result.error()) + ", which the server has not said");
  } else if (code == ErrorCode::kNotFound && call.gone_is_done && call.done && call.answered_alone) {
    fail_(what + " was told as too late, though a try had got through");
  }
}

void SteerWitness::told(Number number, const Result<ActivityOptions>& options) {
  told(number, options ? Result<>() : Result<>(options.error()));
  if (!options) return;
  const Call& call = calls_[number];
  for (const auto& kept : call.options) {
    if (same(*options, kept->options)) return;
  }
  if (call.done) fail_("a " + call.name + " was told other options than the server has");
}

}  // namespace longbeat::simulation
