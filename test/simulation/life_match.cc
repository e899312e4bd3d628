#include "simulation/life_match.h"

#include <algorithm>

namespace longbeat::simulation {

using server::Phase;

server::RunRef ref_of(const server::Request& request) {
  return std::visit(
      [](const auto& one) -> server::RunRef {
        if constexpr (requires { one.by_id; }) {
          if (one.by_id) return {one.namespace_name, one.by_id->activity_id, one.by_id->run_id};
          return {};
        } else if constexpr (requires { one.run; }) {
          return one.run;
        } else {
          return {};
        }
      },
      request);
}

std::string token_of(const server::Request& request) {
  return std::visit(
      [](const auto& one) -> std::string {
        if constexpr (requires {
                        one.by_id;
                        one.token;
                      }) {
          return one.token;
        } else {
          return {};
        }
      },
      request);
}

std::string space_of(const server::Request& request) {
  return std::visit(
      [](const auto& one) -> std::string {
        if constexpr (requires {
                        one.by_id;
                        one.namespace_name;
                      }) {
          return one.namespace_name;
        } else {
          return {};
        }
      },
      request);
}

bool is_report(const server::Request& request) {
  return std::visit([](const auto& one) { return requires { one.by_id; }; }, request);
}

bool changes_runs(const server::Request& request) {
  return is_report(request) || std::holds_alternative<server::CancelRequest>(request) ||
         std::holds_alternative<server::TerminateRequest>(request) ||
         std::holds_alternative<server::DeleteRequest>(request) ||
         std::holds_alternative<server::PauseRequest>(request) ||
         std::holds_alternative<server::UnpauseRequest>(request) ||
         std::holds_alternative<server::ResetRequest>(request) ||
         std::holds_alternative<server::UpdateOptionsRequest>(request);
}

bool flags_agree(const Life& life, const server::HeartbeatReply& reply) {
  return reply.cancel_requested == (life.phase == Phase::kCancelRequested) &&
         reply.activity_paused == (life.phase == Phase::kPauseRequested) &&
         reply.activity_reset == (life.phase == Phase::kResetRequested);
}

Life found(const server::ActivityState& state) {
  const auto& progress = state.progress;
  const auto& input = *state.input;
  Life life;
  life.options = input.options;
  life.original = input.original_options ? *input.original_options : input.options;
  life.scheduled = input.schedule_time;
  life.phase = progress.phase;
  life.attempt = progress.attempt;
  life.lands_paused = progress.pending_reset.lands_paused;
  life.restores = progress.pending_reset.restores_options;
  life.clears = progress.pending_reset.clears_details;
  if (progress.notes) {
    const auto& notes = *progress.notes;
    life.canceled_by = notes.cancel_request_id;
    life.terminated_by = notes.terminate_request_id;
    life.paused_by = notes.pause_request_id;
    life.unpaused_by = notes.unpause_request_id;
    life.reset_by = notes.reset_request_id;
    life.updated_by = notes.update_request_id;
    life.paused_before_due = notes.paused_before_first_dispatch;
  }
  life.started_by = {input.start_request_id.str()};
  life.links = input.links.size();
  for (const auto& one : input.attached) {
    life.started_by.push_back(one.request_id);
    life.links += one.links.size();
  }
  life.due = progress.dispatch_time;
  life.ever_began = progress.started_time != server::Time{};
  life.began = life.stored_start = progress.started_time;
  life.beat = std::max(progress.last_heartbeat_time, progress.started_time);
  life.ended = progress.last_attempt_complete_time;
  life.backoff = progress.current_retry_interval;
  life.details = state.heartbeat_details;
  if (state.outcome) life.outcome = text_of(*state.outcome);
  life.closed = progress.close_time;
  return life;
}

static std::size_t links_of(const server::ActivityInput& input) {
  std::size_t links = input.links.size();
  for (const auto& one : input.attached) links += one.links.size();
  return links;
}

bool agrees(const Life& life, const server::ActivityState& state) {
  const auto& progress = state.progress;
  if (life.gone || life.phase != progress.phase || life.attempt != progress.attempt) return false;
  if (state.input->options != life.options || state.heartbeat_details != life.details) return false;
  if (links_of(*state.input) != life.links) return false;
  if (!life.is_closed() && progress.started_time != life.stored_start) return false;
  if (life.phase == Phase::kScheduled) {
    const bool in_time = progress.dispatch_time >= life.due && progress.dispatch_time <= life.due + life.jitter;
    return in_time;
  }
  return !life.is_closed() || (state.outcome && text_of(*state.outcome) == life.outcome);
}

std::int32_t status_of(const server::ActivityState& state) {
  switch (state.progress.phase) {
    case Phase::kCompleted:
      return 2;
    case Phase::kFailed:
      return 3;
    case Phase::kCanceled:
      return 4;
    case Phase::kTerminated:
      return 5;
    case Phase::kTimedOut:
      return 6;
    case Phase::kPaused:
      return 7;
    default:
      return 1;
  }
}

}  // namespace longbeat::simulation
