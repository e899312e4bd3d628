#include "simulation/operator_client.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "simulation/life_match.h"
#include "simulation/life_text.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;

namespace {

/// What the activity returns is nobody's concern here.
using Handle = ActivityHandle<Payloads>;

Nanoseconds duration_of(const server::RawDuration& raw) {
  return std::chrono::seconds(raw.seconds) + Nanoseconds(raw.nanos);
}

Nanoseconds duration_of(const std::optional<server::RawDuration>& raw) {
  return raw ? duration_of(*raw) : 0ns;
}

Change<Nanoseconds> change_to(const std::optional<server::RawDuration>& raw) {
  if (!raw) return clear;
  return duration_of(*raw);
}

RetryPolicy policy_of(const server::StartRequest::Retry& retry) {
  RetryPolicy policy;
  if (retry.initial_interval) policy.initial_interval = duration_of(*retry.initial_interval);
  if (retry.maximum_interval) policy.maximum_interval = duration_of(*retry.maximum_interval);
  if (retry.backoff_coefficient > 0) policy.backoff_coefficient = retry.backoff_coefficient;
  if (retry.maximum_attempts > 0) policy.maximum_attempts = retry.maximum_attempts;
  return policy;
}

UpdateOptions to_options(const server::UpdateOptionsRequest& request) {
  UpdateOptions options;
  options.request_id = request.request_id;
  options.restore_original = request.restore_original;
  const auto changes = [&](const char* path) {
    return request.update_mask && std::ranges::find(*request.update_mask, path) != request.update_mask->end();
  };
  const server::WireOptions to = request.options.value_or(server::WireOptions());
  if (changes("task_queue.name")) options.task_queue = to.task_queue;
  if (changes("schedule_to_close_timeout")) options.schedule_to_close_timeout = change_to(to.schedule_to_close);
  if (changes("schedule_to_start_timeout")) options.schedule_to_start_timeout = change_to(to.schedule_to_start);
  if (changes("start_to_close_timeout")) options.start_to_close_timeout = change_to(to.start_to_close);
  if (changes("heartbeat_timeout")) options.heartbeat_timeout = change_to(to.heartbeat);
  if (changes("start_delay")) options.start_delay = change_to(to.start_delay);
  if (changes("retry_policy")) options.retry_policy = policy_of(to.retry.value());
  if (changes("priority")) {
    options.priority = clear;
    if (to.priority)
      options.priority = Priority{to.priority->key, to.priority->fairness_key, to.priority->fairness_weight};
  }
  return options;
}

/// The call of a handle that says the same.
auto order(const server::CancelRequest& request, const CallOptions& call) {
  return [options = CancelOptions{request.reason, request.request_id, call}](const Handle& handle) {
    return handle.cancel_async(options);
  };
}
auto order(const server::TerminateRequest& request, const CallOptions& call) {
  return [options = TerminateOptions{request.reason, request.request_id, call}](const Handle& handle) {
    return handle.terminate_async(options);
  };
}
auto order(const server::DeleteRequest&, const CallOptions& call) {
  return [options = RemoveOptions{call}](const Handle& handle) { return handle.remove_async(options); };
}
auto order(const server::PauseRequest& request, const CallOptions& call) {
  return [options = PauseOptions{request.reason, request.request_id, call}](const Handle& handle) {
    return handle.pause_async(options);
  };
}
auto order(const server::UnpauseRequest& request, const CallOptions& call) {
  return [options = UnpauseOptions{request.reason, duration_of(request.jitter), request.request_id, call}](
             const Handle& handle) { return handle.unpause_async(options); };
}
auto order(const server::ResetRequest& request, const CallOptions& call) {
  return [options = ResetOptions{request.keep_paused, duration_of(request.jitter), request.restore_original_options,
                                 request.reset_heartbeat, request.request_id, call}](const Handle& handle) {
    return handle.reset_async(options);
  };
}
auto order(const server::UpdateOptionsRequest& request, const CallOptions& call) {
  auto options = to_options(request);
  options.call = call;
  return [options = std::move(options)](const Handle& handle) { return handle.update_options_async(options); };
}

}  // namespace

bool OperatorClient::give(const server::Request& request) {
  return std::visit(
      [&](const auto& one) {
        if constexpr (requires { order(one, CallOptions()); }) {
          const auto& run = one.run;
          const Nanoseconds timeout = world_.between(500ms, 15s);
          const auto number = witness_.steering().begun(request, timeout, faults_.request_doubled > 0);
          const auto handle = client_in(run.namespace_name).template handle<Payloads>(run.activity_id, run.run_id);
          world_.trace("operator: calls " + name_of(request) + " of " + run.activity_id + " in " + run.namespace_name);
          order(one, {.timeout = timeout})(handle).then([this, number](const auto& result) {
            world_.trace("operator: " + (result ? std::string("done") : to_string(result.error())));
            witness_.steering().told(number, result);
          });
          return true;
        } else {
          return false;
        }
      },
      request);
}

const Client& OperatorClient::client_in(const std::string& namespace_name) {
  const auto [client, fresh] =
      clients_.try_emplace(namespace_name, world_, server_, faults_, nullptr, "operator", namespace_name);
  if (fresh) client->second.wire().cut(partition_);
  return client->second.client();
}

void OperatorClient::cut(const Partition& partition) {
  partition_ = partition;
  for (auto& [namespace_name, client] : clients_) client.wire().cut(partition);
}

void OperatorClient::connection_broken() {
  for (auto& [namespace_name, client] : clients_) client.wire().connection_broken();
}

}  // namespace longbeat::simulation
