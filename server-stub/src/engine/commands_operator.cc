#include "engine/engine_impl.h"
#include "engine/stored_options.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

Status commands_disabled() {
  return {internal::StatusCode::kUnimplemented, "Standalone activity operator commands are disabled", {}};
}

}  // namespace

template <class OneRequest>
StatusOr<EngineImpl::Run> EngineImpl::operated(const OneRequest& request) const {
  const auto space = resolve(request.run.namespace_name);
  if (!space) return space.error();
  const RequestLimits& limits = limits_of(*space);
  constexpr bool kIsGated = requires { request.workflow_id; };
  if (kIsGated && !limits.operator_commands) return commands_disabled();
  if (const auto valid = validate(request, limits); !valid) return valid.error();
  if constexpr (kIsGated) {
    if (!request.workflow_id.empty()) return not_found_workflow(request.workflow_id);
  }
  return find_run(**space, request.run, Depth::kOutcome);
}

template <class OneEvent>
StatusOr<> EngineImpl::operate(const Run& run, const OneEvent& event) {
  if (run.open != nullptr) {
    const auto applied = change(*run.open, event);
    return applied ? StatusOr<>() : StatusOr<>(applied.error());
  }
  // Closed: nothing can change, but the machine knows whether this is a repetition or a refusal.
  ActivityState closed = *run.stored;
  const auto applied = transition(closed, event, now_);
  return applied ? StatusOr<>() : StatusOr<>(applied.error());
}

std::string EngineImpl::request_id_of(std::string&& given) {
  return given.empty() ? internal::to_string(internal::make_uuid(random_)) : std::move(given);
}

Duration EngineImpl::draw(Duration jitter) {
  if (jitter <= Duration(0)) return Duration(0);
  return Duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(jitter.count()))));
}

void EngineImpl::on(Command& command, CancelRequest& request) {
  const auto run = operated(request);
  if (!run) return answer(command.sink, run.error());
  const CancelRequested event{request_id_of(std::move(request.request_id)), std::move(request.identity),
                              std::move(request.reason), std::move(request.reason_payloads)};
  const auto done = operate(*run, event);
  if (!done) return answer(command.sink, done.error());
  if (run->open != nullptr && in_progress(run->state().progress.phase)) tell_worker(*run->open);
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, TerminateRequest& request) {
  const auto run = operated(request);
  if (!run) return answer(command.sink, run.error());
  const auto done = operate(*run, Terminated{request_id_of(std::move(request.request_id)), std::move(request.identity),
                                             std::move(request.reason)});
  if (!done) return answer(command.sink, done.error());
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, PauseRequest& request) {
  const auto run = operated(request);
  if (!run) return answer(command.sink, run.error());
  const auto done = operate(*run, PauseRequested{request_id_of(std::move(request.request_id)),
                                                 std::move(request.identity), std::move(request.reason)});
  if (!done) return answer(command.sink, done.error());
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, UnpauseRequest& request) {
  const auto run = operated(request);
  if (!run) return answer(command.sink, run.error());
  const auto jitter = parse_jitter(request.jitter);
  if (!jitter) return answer(command.sink, jitter.error());
  const auto done = operate(*run, UnpauseRequested{request_id_of(std::move(request.request_id)), draw(*jitter)});
  if (!done) return answer(command.sink, done.error());
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, ResetRequest& request) {
  const auto run = operated(request);
  if (!run) return answer(command.sink, run.error());
  const auto jitter = parse_jitter(request.jitter);
  if (!jitter) return answer(command.sink, jitter.error());
  const auto done =
      operate(*run, ResetRequested{request_id_of(std::move(request.request_id)), request.keep_paused,
                                   request.restore_original_options, request.reset_heartbeat, draw(*jitter)});
  if (!done) return answer(command.sink, done.error());
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, UpdateOptionsRequest& request) {
  const auto run = operated(request);
  if (!run) return answer(command.sink, run.error());
  const ActivityState& state = run->state();
  const ActivityOptions& current = state.input->options;
  OptionsUpdated event{.request_id = request_id_of(std::move(request.request_id)), .options = current};
  if (!is_repetition(state, OperatorRequest::kUpdate, event.request_id)) {
    // Whether it may be changed at all comes before whether this change is sound.
    ActivityState probe = state;
    if (const auto allowed = transition(probe, event, now_); !allowed) return answer(command.sink, allowed.error());
    event.restore_original = request.restore_original;
    if (!request.restore_original) {
      auto merged = merge_options(normal_options(current), request,
                                  limits_of(namespaces_.by_id(state.input->namespace_id)), state.input->type.str());
      if (!merged) return answer(command.sink, merged.error());
      event.options = stored_options(std::move(merged->options));
      event.retry_policy_named = merged->retry_policy_named;
      event.start_delay_named = merged->start_delay_named;
    }
    if (const auto done = operate(*run, event); !done) return answer(command.sink, done.error());
  }
  answer(command.sink, Reply(UpdateOptionsReply{state.input}));
}

}  // namespace longbeat::server
