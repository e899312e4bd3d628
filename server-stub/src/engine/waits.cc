#include <algorithm>

#include "base/planted.h"
#include "engine/engine_impl.h"

namespace longbeat::server {
namespace {

using std::chrono::seconds;

constexpr Duration kWaitWithoutDeadline = seconds(30);
constexpr Duration kPatienceMin = seconds(2);
constexpr Duration kAnswerEarly = seconds(1);  // So that the empty answer arrives before the caller's deadline.

}  // namespace

StatusOr<> EngineImpl::check_poll(const Command& command, const Namespace& space, Parked::Kind kind) const {
  if (!command.patience) return internal::invalid_argument("Context timeout is not set.");
  if (*command.patience < kPatienceMin) return internal::failed_precondition("Context timeout is too short.");
  return check_room_to_wait(space, kind);
}

Duration EngineImpl::wait_for(const Command& command) const {
  if (!command.patience) return std::min(kWaitWithoutDeadline, options_.limits.long_poll_max);
  return std::max(Duration(0), std::min(options_.limits.long_poll_max, *command.patience - kAnswerEarly));
}

void EngineImpl::park(const Command& command, Parked parked, Duration wait) {
  parked.sink = command.sink;
  const CallId call = command.call;
  Parked& waiting = parked_.try_emplace(call, std::move(parked)).first->second;
  if (waiting.kind == Parked::Kind::kTask) ++parked_polls_;
  list_poll(call, waiting);
  if (waiting.row != 0) {
    watchers_[waiting.row].push_back(call);
    open_.at(waiting.row).watched = true;
  }
  if (wait <= Duration(0) || stopping_) return run_out(call);
  waiting.timer = wait_timers_.schedule(now_ + wait, call);
}

StatusOr<Reply> EngineImpl::empty_answer(Parked::Kind kind) {
  switch (kind) {
    case Parked::Kind::kTask:
      return Reply(PollTaskReply{});
    case Parked::Kind::kOutcome:
      return Reply(PollOutcomeReply{});
    case Parked::Kind::kChange:
      return Reply(DescribeReply{});
    case Parked::Kind::kCommands:
      return Reply(CommandsReply{});
    case Parked::Kind::kIdle:
      return Reply(IdlePollReply{});
    case Parked::Kind::kBackup:
    case Parked::Kind::kQuery:
      return Status{internal::StatusCode::kDeadlineExceeded, "the query took too long", {}};
  }
  return internal::internal_error("a call waited for nothing");
}

void EngineImpl::run_out(CallId call) {
  auto node = parked_.extract(call);
  if (node.empty()) return;
  Parked& parked = node.mapped();
  in_hand_ = parked.sink;
  wait_timers_.cancel(parked.timer);
  stop_watching(call, parked.row);
  if (parked.kind == Parked::Kind::kTask) --parked_polls_;
  unlist_poll(call, parked);
  queues_.unpark(parked.place);
  if (parked.kind == Parked::Kind::kCommands) commands_.unpark(parked.control, call);
  if (parked.kind == Parked::Kind::kQuery) return answer(parked.sink, query_ran_out());
  if (parked.kind == Parked::Kind::kBackup) return answer(parked.sink, backup_answer());
  answer(parked.sink, empty_answer(parked.kind));
}

void EngineImpl::forget_caller(CallId call) {
  const auto found = parked_.find(call);
  if (found == parked_.end()) return;
  ReplySink* sink = found->second.sink;
  if (found->second.kind == Parked::Kind::kBackup) give_up_backup();
  run_out(call);
  releases_.back() = {sink, Status{internal::StatusCode::kCancelled, "the caller has gone", {}}};
}

void EngineImpl::stop_watching(CallId call, std::uint64_t row) {
  const auto found = watchers_.find(row);
  if (row == 0 || found == watchers_.end()) return;
  std::erase(found->second, call);
  if (!found->second.empty()) return;
  watchers_.erase(found);
  if (const auto activity = open_.find(row); activity != open_.end()) activity->second.watched = false;
}

void EngineImpl::wake_watchers(OpenActivity& activity) {
  const bool closed = is_closed(activity.state.progress.phase);
  const auto found = watchers_.find(activity.row);
  if (found == watchers_.end() ||
      planted(closed ? internal::Bug::kClosingWakesNobody : internal::Bug::kChangeWakesNobody))
    return;
  std::vector<CallId> calls = std::move(found->second);
  std::vector<CallId> waiting_on;
  // One copy for all who look at it.
  std::shared_ptr<const ActivityState> state;
  std::shared_ptr<const Outcome> outcome;
  for (const CallId call : calls) {
    const auto entry = parked_.find(call);
    Parked& parked = entry->second;
    if (parked.kind == Parked::Kind::kOutcome && !closed) {
      waiting_on.push_back(call);
      continue;
    }
    wait_timers_.cancel(parked.timer);
    if (parked.kind == Parked::Kind::kOutcome) {
      if (!outcome) outcome = std::make_shared<const Outcome>(*activity.state.outcome);
      answer(parked.sink, Reply(PollOutcomeReply{internal::to_string(activity.state.input->run_id), outcome}));
    } else {
      if (!state) state = std::make_shared<const ActivityState>(activity.state);
      const ChangeToken token{state->input->run_id, state->progress.transition_count, incarnation_};
      answer(parked.sink, Reply(DescribeReply{state, server::encode(token), parked.describe}));
    }
    unlist_poll(call, parked);
    parked_.erase(entry);
  }
  if (waiting_on.empty()) {
    watchers_.erase(activity.row);
    activity.watched = false;
  } else {
    found->second = std::move(waiting_on);
  }
}

void EngineImpl::match_tasks() {
  while (const auto match = queues_.next_match(now_)) {
    OpenActivity& activity = open_.at(match->row);
    activity.place = {};
    hand_out(activity, *match);
  }
}

std::string EngineImpl::task_token_of(const OpenActivity& activity) {
  const ActivityInput& input = *activity.state.input;
  const ActivityProgress& progress = activity.state.progress;
  const AttemptRef attempt{progress.attempt, progress.started_stamp};
  return server::encode(TaskToken{0, activity.row, input.run_id, input.namespace_id, attempt, input.activity_id.str()});
}

void EngineImpl::hand_out(OpenActivity& activity, const TaskQueues::Match& match) {
  auto node = parked_.extract(match.call);
  Parked& parked = node.mapped();
  in_hand_ = parked.sink;
  --parked_polls_;
  unlist_poll(match.call, parked);
  wait_timers_.cancel(parked.timer);
  auto applied = transition(activity.state, parked.picked_up, now_);
  if (!applied) {
    broken_ = "a task in a queue could not be handed out: " + to_string(applied.error());
    return answer(parked.sink, internal::internal_error(broken_));
  }
  activity.attempt_base = lost_time_;
  activity.started_ahead = activity.state.progress.started_time - now_;
  if (planted(internal::Bug::kEndFollowsFence)) activity.started_ahead = Duration(0);
  restart_silence(activity);
  activity.hold_until = {};
  activity.control = std::move(parked.control);
  changed(activity, applied->changed);
  ++stats_.handed_out;
  tell("handed out", activity.state, activity.state.progress.attempt);

  const ActivityState& state = activity.state;
  const ActivityInput& input = *state.input;
  PollTaskReply reply;
  reply.token = task_token_of(activity);
  reply.namespace_name = parked.space->name;
  reply.run_id = internal::to_string(input.run_id);
  reply.input = state.input;
  reply.heartbeat_details = state.heartbeat_details;
  reply.current_attempt_scheduled_time = state.progress.dispatch_time;
  reply.started_time = state.progress.started_time;
  reply.attempt = state.progress.attempt;
  reply.poller_delta = match.poller_delta;
  answer(parked.sink, Reply(std::move(reply)));
}

}  // namespace longbeat::server
