#include "engine/engine_impl.h"
#include "request/validate.h"

namespace longbeat::server {

void EngineImpl::apply(Command& command) {
  ++stats_.commands;
  if (ended_) return answer(command.sink, unavailable_now());
  if (parked_.contains(command.call)) {
    return answer(command.sink, internal::internal_error("call " + std::to_string(command.call) + " is still waiting"));
  }
  std::visit([&](auto& request) { on(command, request); }, command.request);
}

void EngineImpl::on(Command& command, PollOutcomeRequest& request) {
  const auto space = namespaces_.resolve(request.run.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, request_limits_); !valid) return answer(command.sink, valid.error());
  const auto run = find_run(**space, request.run, Depth::kOutcome);
  if (!run) return answer(command.sink, run.error());
  const ActivityState& state = run->state();
  if (state.outcome) {
    // A stored run was read for this answer and may own it; an open one goes on after this step.
    auto outcome = run->open != nullptr ? std::make_shared<const Outcome>(*state.outcome)
                                        : std::shared_ptr<const Outcome>(run->stored, &*state.outcome);
    return answer(command.sink, Reply(PollOutcomeReply{internal::to_string(state.input->run_id), std::move(outcome)}));
  }
  if (parked_.size() >= options_.limits.parked_calls_max) {
    return answer(command.sink, exhausted("limit of waiting calls reached", kConcurrentLimit, kScopeSystem));
  }
  Parked parked;
  parked.kind = Parked::Kind::kOutcome;
  parked.row = run->row;
  park(command, std::move(parked), wait_for(command));
}

void EngineImpl::on(Command& command, DescribeRequest& request) {
  const auto space = namespaces_.resolve(request.run.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, request_limits_); !valid) return answer(command.sink, valid.error());
  std::optional<ChangeToken> seen;
  if (!request.long_poll_token.empty()) {
    const auto token = decode_change_token(request.long_poll_token);
    if (!token) return answer(command.sink, token.error());
    seen = *token;
  }
  const auto run = find_run(**space, request.run, Depth::kWhole);
  if (!run) return answer(command.sink, run.error());
  const ActivityState& state = run->state();
  const ChangeToken current{state.input->run_id, state.progress.transition_count, incarnation_};
  if (seen && seen->run_id != current.run_id) {
    return answer(command.sink, internal::invalid_argument("long poll token does not match execution"));
  }
  const bool same_state =
      seen && seen->transition_count == current.transition_count && seen->incarnation == current.incarnation;
  if (!same_state) {
    auto copy = run->open != nullptr ? std::make_shared<const ActivityState>(state) : run->stored;
    return answer(command.sink, Reply(DescribeReply{std::move(copy), server::encode(current), std::move(request)}));
  }
  if (parked_.size() >= options_.limits.parked_calls_max) {
    return answer(command.sink, exhausted("limit of waiting calls reached", kConcurrentLimit, kScopeSystem));
  }
  Parked parked;
  parked.kind = Parked::Kind::kChange;
  parked.row = is_closed(state.progress.phase) ? 0 : run->row;  // A closed one changes no more.
  parked.describe = std::move(request);
  park(command, std::move(parked), wait_for(command));
}

void EngineImpl::on(Command& command, CancelRequest& request) {
  const auto space = namespaces_.resolve(request.run.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, request_limits_); !valid) return answer(command.sink, valid.error());
  const auto run = find_run(**space, request.run, Depth::kOutcome);
  if (!run) return answer(command.sink, run.error());
  if (request.request_id.empty()) request.request_id = internal::to_string(internal::make_uuid(random_));
  const CancelRequested event{std::move(request.request_id), std::move(request.identity), std::move(request.reason),
                              std::move(request.reason_payloads)};
  if (run->open != nullptr) {
    const auto applied = change(*run->open, event);
    if (!applied) return answer(command.sink, applied.error());
  } else {
    // Closed: nothing can change, but the machine knows whether this is a repetition or a refusal.
    ActivityState closed = *run->stored;
    const auto applied = transition(closed, event, now_);
    if (!applied) return answer(command.sink, applied.error());
  }
  answer(command.sink, Reply(CancelReply{}));
}

void EngineImpl::on(Command& command, DescribeNamespaceRequest& request) {
  const Namespace* space = nullptr;
  if (request.namespace_name.empty() && !request.id.empty()) {
    space = namespaces_.by_uuid(request.id);
    if (space == nullptr) {
      return answer(command.sink, Status{internal::StatusCode::kNotFound, "Namespace " + request.id + " is not found.",
                                         internal::NamespaceNotFoundDetail{request.id}});
    }
  } else {
    const auto resolved = namespaces_.resolve(request.namespace_name);
    if (!resolved) return answer(command.sink, resolved.error());
    space = *resolved;
  }
  answer(command.sink, Reply(DescribeNamespaceReply{space->name, internal::to_string(space->uuid), space->retention}));
}

}  // namespace longbeat::server
