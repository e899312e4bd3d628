#include "engine/engine_impl.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

DescribeParts parts_of(const DescribeRequest& request) {
  return {request.include_input, request.include_outcome, request.include_heartbeat_details,
          request.include_last_failure};
}

/// The namespace that a request names; empty: it belongs to none.
template <class OneRequest>
const std::string& namespace_of(const OneRequest& request) {
  static const std::string kNone;
  if constexpr (requires { request.run.namespace_name; }) {
    return request.run.namespace_name;
  } else if constexpr (requires { request.namespace_name; }) {
    return request.namespace_name;
  } else {
    return kNone;
  }
}

template <class OneRequest>
constexpr bool is_visibility(const OneRequest&) {
  return std::is_same_v<OneRequest, ListActivitiesRequest> || std::is_same_v<OneRequest, CountActivitiesRequest> ||
         std::is_same_v<OneRequest, ListWorkflowsRequest>;
}

}  // namespace

void EngineImpl::apply(Command& command) {
  ++stats_.commands;
  if (ended_) return answer(command.sink, unavailable_now());
  if (parked_.contains(command.call)) {
    return answer(command.sink, internal::internal_error("call " + std::to_string(command.call) + " is still waiting"));
  }
  std::visit(
      [&](auto& request) {
        if (rates_limited_) {
          if (const auto ok = admit(namespace_of(request), is_visibility(request)); !ok) {
            return answer(command.sink, ok.error());
          }
        }
        on(command, request);
      },
      command.request);
}

void EngineImpl::on(Command& command, PollOutcomeRequest& request) {
  const auto space = resolve(request.run.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  const auto run = find_run(**space, request.run, Depth::kOutcome);
  if (!run) return answer(command.sink, run.error());
  const ActivityState& state = run->state();
  if (state.outcome) {
    // A stored run was read for this answer and may own it; an open one goes on after this step.
    auto outcome = run->open != nullptr ? std::make_shared<const Outcome>(*state.outcome)
                                        : std::shared_ptr<const Outcome>(run->stored, &*state.outcome);
    return answer(command.sink, Reply(PollOutcomeReply{internal::to_string(state.input->run_id), std::move(outcome)}));
  }
  if (const auto ok = check_room_to_wait(**space, Parked::Kind::kOutcome); !ok) return answer(command.sink, ok.error());
  Parked parked;
  parked.kind = Parked::Kind::kOutcome;
  parked.counted_in = (*space)->id;
  parked.row = run->row;
  park(command, std::move(parked), wait_for(command));
}

void EngineImpl::on(Command& command, DescribeRequest& request) {
  const auto space = resolve(request.run.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
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
    return answer(command.sink, Reply(DescribeReply{std::move(copy), server::encode(current), parts_of(request)}));
  }
  if (const auto ok = check_room_to_wait(**space, Parked::Kind::kChange); !ok) return answer(command.sink, ok.error());
  Parked parked;
  parked.kind = Parked::Kind::kChange;
  parked.counted_in = (*space)->id;
  parked.row = is_closed(state.progress.phase) ? 0 : run->row;  // A closed one changes no more.
  parked.describe = parts_of(request);
  park(command, std::move(parked), wait_for(command));
}

}  // namespace longbeat::server
