#include <utility>

#include "base/random.h"
#include "client/calls.h"
#include "client/change_wait.h"
#include "client/option_checks.h"
#include "client/public_form.h"
#include "client/update_params.h"

namespace longbeat::internal {
namespace {

/// What an operation on one run begins with.
BegunCall begin(const ClientCore& core, const char* rpc, const char* operation, Subject of, const CallOptions& call,
                Result<> valid = {}) {
  if (auto named = check_subject(of.id, of.run_id); !named) valid = std::move(named);
  return begin_call(core, {rpc, of.id, of.run_id, {}, {}, {}, {}}, call, operation, std::move(valid));
}

RunParams run_of(const ClientCore& core, const BegunCall& begun) {
  return {core.namespace_name, begun.params.activity_id, begun.params.run_id};
}
TargetParams target_of(const ClientCore& core, const BegunCall& begun) {
  return {core.namespace_name, {}, begun.params.activity_id, begun.params.run_id};
}

/// A reason and a request ID, as most operations have them.
Result<> check_texts(const std::string& options, const std::string& reason, const std::string& request_id) {
  if (auto text = check_text(options + ".reason", reason); !text) return text;
  return check_request_id(options + ".request_id", request_id);
}

Result<> check_jitter(const std::string& field, Nanoseconds jitter) {
  if (jitter.count() >= 0) return {};
  return invalid(field, shown(jitter), "0 or more");
}

/// A request without an answer but success.
template <class Params>
PreparedCall<void> prepare_order(const ClientCore& core, BegunCall begun, Params params,
                                 CallId (ServiceStub::*method)(Params, Nanoseconds, Done<void>)) {
  return prepare_method<void>(core, std::move(begun), method, std::move(params), [] { return Result<>(); });
}

template <class Options>
DescribeParams describe_params(const ClientCore& core, const BegunCall& begun, const Options& options) {
  DescribeParams params{run_of(core, begun)};
  params.include_input = options.include_input;
  params.include_outcome = options.include_outcome;
  params.include_heartbeat_details = options.include_heartbeat_details;
  params.include_last_failure = options.include_last_failure;
  return params;
}

auto described_by(const ClientCore& core) {
  return [format = core.format,
          converter = core.converter](ActivityDescription from) -> Result<longbeat::ActivityDescription> {
    return public_form(std::move(from), format, converter);
  };
}

}  // namespace

PreparedCall<longbeat::ActivityDescription> prepare_describe(const ClientCore& core, Subject of,
                                                             const DescribeOptions& options) {
  auto begun = begin(core, "DescribeActivityExecution", "describe of", of, options.call);
  auto params = describe_params(core, begun, options);
  return prepare_method<longbeat::ActivityDescription>(core, std::move(begun), &ServiceStub::describe_activity,
                                                       std::move(params), described_by(core));
}

PreparedCall<longbeat::ActivityDescription> prepare_change(const ClientCore& core, Subject of,
                                                           const std::string& long_poll_token,
                                                           const WatchOptions& options) {
  auto begun = begin(core, "DescribeActivityExecution", "watch of", of, {options.timeout, options.stop_token});
  auto params = describe_params(core, begun, options);
  params.long_poll_token = long_poll_token;
  Loop& loop = core.connection->loop();
  std::shared_ptr<LoopCall<ActivityDescription>> wait = std::make_shared<ChangeWait>(
      loop, core.connection->stub(), std::move(params), deadline_after(loop.now(), options.timeout), core.new_seed(),
      retry_counter(core.counters), begun.what);
  return prepare<longbeat::ActivityDescription, ActivityDescription>(core, std::move(begun), std::move(wait),
                                                                     described_by(core));
}

PreparedCall<void> prepare_cancel(const ClientCore& core, Subject of, const CancelOptions& options) {
  auto begun = begin(core, "RequestCancelActivityExecution", "cancel of", of, options.call,
                     check_texts("CancelOptions", options.reason, options.request_id));
  RequestCancelParams params{run_of(core, begun), core.identity, request_id_or_new(options.request_id), options.reason};
  return prepare_order(core, std::move(begun), std::move(params), &ServiceStub::request_cancel);
}

PreparedCall<void> prepare_terminate(const ClientCore& core, Subject of, const TerminateOptions& options) {
  auto begun = begin(core, "TerminateActivityExecution", "terminate of", of, options.call,
                     check_texts("TerminateOptions", options.reason, options.request_id));
  TerminateParams params{run_of(core, begun), core.identity, request_id_or_new(options.request_id), options.reason};
  return prepare_order(core, std::move(begun), std::move(params), &ServiceStub::terminate_activity);
}

PreparedCall<void> prepare_remove(const ClientCore& core, Subject of, const RemoveOptions& options) {
  auto begun = begin(core, "DeleteActivityExecution", "remove of", of, options.call);
  auto params = run_of(core, begun);
  return prepare_order(core, std::move(begun), std::move(params), &ServiceStub::delete_activity);
}

PreparedCall<void> prepare_pause(const ClientCore& core, Subject of, const PauseOptions& options) {
  auto begun = begin(core, "PauseActivityExecution", "pause of", of, options.call,
                     check_texts("PauseOptions", options.reason, options.request_id));
  PauseParams params{target_of(core, begun), core.identity, request_id_or_new(options.request_id), options.reason};
  return prepare_order(core, std::move(begun), std::move(params), &ServiceStub::pause_activity);
}

PreparedCall<void> prepare_unpause(const ClientCore& core, Subject of, const UnpauseOptions& options) {
  auto valid = check_texts("UnpauseOptions", options.reason, options.request_id);
  if (valid) valid = check_jitter("UnpauseOptions.jitter", options.jitter);
  auto begun = begin(core, "UnpauseActivityExecution", "unpause of", of, options.call, std::move(valid));
  UnpauseParams params;
  params.target = target_of(core, begun);
  params.identity = core.identity;
  params.request_id = request_id_or_new(options.request_id);
  params.reason = options.reason;
  params.jitter = options.jitter;
  return prepare_order(core, std::move(begun), std::move(params), &ServiceStub::unpause_activity);
}

PreparedCall<void> prepare_reset(const ClientCore& core, Subject of, const ResetOptions& options) {
  auto valid = check_request_id("ResetOptions.request_id", options.request_id);
  if (valid) valid = check_jitter("ResetOptions.jitter", options.jitter);
  auto begun = begin(core, "ResetActivityExecution", "reset of", of, options.call, std::move(valid));
  ResetParams params;
  params.target = target_of(core, begun);
  params.identity = core.identity;
  params.request_id = request_id_or_new(options.request_id);
  params.jitter = options.jitter;
  params.keep_paused = options.keep_paused;
  params.restore_original_options = options.restore_original_options;
  params.reset_heartbeat = options.reset_heartbeat;
  return prepare_order(core, std::move(begun), std::move(params), &ServiceStub::reset_activity);
}

PreparedCall<ActivityOptions> prepare_update(const ClientCore& core, Subject of, const UpdateOptions& options) {
  auto begun = begin(core, "UpdateActivityExecutionOptions", "update of", of, options.call, validate(options));
  auto params = update_params(options);
  params.target = target_of(core, begun);
  params.identity = core.identity;
  params.request_id = request_id_or_new(options.request_id);
  return prepare_method<ActivityOptions>(
      core, std::move(begun), &ServiceStub::update_activity_options, std::move(params),
      [](ActivityOptionsFields now) -> Result<ActivityOptions> { return public_form(std::move(now)); });
}

}  // namespace longbeat::internal
