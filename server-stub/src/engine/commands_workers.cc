#include <charconv>
#include <set>
#include <string_view>

#include "base/planted.h"
#include "engine/engine_impl.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

constexpr std::string_view kCommandsToken = "commands:";

/// What a poll gets together with commands, and its answer names: "commands:<engine>:<number>".
std::string commands_token(std::uint64_t incarnation, std::uint64_t number) {
  return std::string(kCommandsToken) + std::to_string(incarnation) + ":" + std::to_string(number);
}

struct CommandsToken {
  std::uint64_t incarnation = 0, number = 0;
};

std::optional<CommandsToken> decode_commands_token(std::string_view text) {
  if (!text.starts_with(kCommandsToken)) return std::nullopt;
  text.remove_prefix(kCommandsToken.size());
  CommandsToken token;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, token.incarnation);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, token.number);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return token;
}

}  // namespace

// --- The registry ---

void EngineImpl::on(Command& command, RecordWorkerHeartbeatRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  for (WorkerBeat& beat : request.beats) workers_.beat((*space)->id, std::move(beat), now_);
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, ListWorkersRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  auto page = workers_.list((*space)->id, request, now_);
  if (!page) return answer(command.sink, page.error());
  answer(command.sink, Reply(ListWorkersReply{std::move(page->workers), std::move(page->next_token)}));
}

void EngineImpl::on(Command& command, CountWorkersRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  const auto count = workers_.count((*space)->id, request, now_);
  if (!count) return answer(command.sink, count.error());
  answer(command.sink, Reply(CountWorkersReply{*count}));
}

void EngineImpl::on(Command& command, DescribeWorkerRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  const WorkerBeat* worker = workers_.find((*space)->id, request.worker_instance_key, now_);
  if (worker == nullptr) {
    return answer(command.sink, internal::not_found("Worker " + request.worker_instance_key + " not found"));
  }
  answer(command.sink, Reply(DescribeWorkerReply{*worker}));
}

// --- The end of a worker ---

void EngineImpl::on(Command& command, ShutdownWorkerRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  if (!request.worker_instance_key.empty()) {
    close_worker(**space, request);
    in_hand_ = command.sink;  // The polls were answered in between.
  }
  if (request.beat) {
    WorkerBeat& beat = *request.beat;
    if (beat.instance_key.empty()) beat.instance_key = request.worker_instance_key;
    if (!beat.instance_key.empty()) workers_.beat((*space)->id, std::move(beat), now_);
  }
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::close_worker(const Namespace& space, const ShutdownWorkerRequest& request) {
  const std::string& key = request.worker_instance_key;
  const QueueTypes types = QueueTypes::of(request.task_queue_types);
  closed_workers_.close(space.id, key, request.task_queue, types, now_);
  if (!request.sticky_task_queue.empty()) {
    closed_workers_.close(space.id, key, request.sticky_task_queue, QueueTypes::one(QueueType::kWorkflow), now_);
  }
  std::set<std::string> left{request.task_queue};
  if (const WorkerBeat* worker = workers_.find(space.id, key, now_)) left.insert(worker->task_queue);
  std::vector<CallId> calls;
  for (auto at = polls_of_worker_.lower_bound({key, 0}); at != polls_of_worker_.end() && at->first == key; ++at) {
    const Parked& parked = parked_.at(at->second);
    if (parked.space == &space && is_closed_poll(space, key, parked.task_queue, parked.queue_type)) {
      calls.push_back(at->second);
      left.insert(parked.task_queue);
    }
  }
  if (planted(internal::Bug::kClosedPollStays)) calls.clear();
  for (const CallId call : calls) run_out(call);
  for (const std::string& queue : left) {
    if (is_closed_poll(space, key, queue, QueueType::kActivity)) queues_.forget_worker(space.id, queue, key);
  }
}

bool EngineImpl::is_closed_poll(const Namespace& space, const std::string& worker_key, const std::string& task_queue,
                                QueueType type) const {
  if (planted(internal::Bug::kClosedWorkerPolls)) return false;
  return closed_workers_.is_closed(space.id, worker_key, task_queue, type, now_);
}

void EngineImpl::list_poll(CallId call, const Parked& parked) {
  if (parked.counted_in != 0) use_.poll_began(parked.counted_in, static_cast<std::size_t>(parked.kind));
  if (!parked.worker_key.empty()) polls_of_worker_.emplace(parked.worker_key, call);
}

void EngineImpl::unlist_poll(CallId call, const Parked& parked) {
  if (parked.counted_in != 0) use_.poll_ended(parked.counted_in, static_cast<std::size_t>(parked.kind));
  if (!parked.worker_key.empty()) polls_of_worker_.erase({parked.worker_key, call});
}

// --- Commands ---

void EngineImpl::on(Command& command, PollCommandsRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  const RequestLimits& limits = limits_of(*space);
  if (const auto valid = validate(request, limits); !valid) return answer(command.sink, valid.error());
  Parked parked;
  parked.kind = limits.worker_commands ? Parked::Kind::kCommands : Parked::Kind::kIdle;
  if (const auto ok = check_poll(command, **space, parked.kind); !ok) return answer(command.sink, ok.error());
  parked.counted_in = (*space)->id;
  if (is_closed_poll(**space, request.worker_instance_key, request.control_queue, QueueType::kNexus)) {
    return answer(command.sink, empty_answer(parked.kind));
  }
  parked.space = *space;
  parked.worker_key = std::move(request.worker_instance_key);
  parked.queue_type = QueueType::kNexus;
  if (limits.worker_commands) {
    parked.control = commands_.queue((*space)->id, request.control_queue);
    commands_.park(parked.control, command.call);
  }
  parked.task_queue = std::move(request.control_queue);
  park(command, std::move(parked), wait_for(command));
}

void EngineImpl::on(Command& command, CommandsDoneRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  const auto token = decode_commands_token(request.token);
  if (!token) return answer(command.sink, bad_token());
  // What an engine before a crash sent is as unknown as what was answered before: it makes no difference.
  if (token->incarnation == incarnation_ && commands_.settle((*space)->id, token->number, request.failed, now_) ==
                                                WorkerCommands::Settled::kOfAnotherNamespace) {
    return answer(command.sink, token_of_another_namespace());
  }
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::tell_worker(OpenActivity& activity) {
  if (activity.control) commands_.tell(activity.control, task_token_of(activity), now_);
}

void EngineImpl::deliver_commands() {
  while (auto delivery = commands_.next_delivery(now_)) {
    auto node = parked_.extract(delivery->call);
    Parked& parked = node.mapped();
    in_hand_ = parked.sink;
    wait_timers_.cancel(parked.timer);
    unlist_poll(delivery->call, parked);
    answer(parked.sink, Reply(CommandsReply{commands_token(incarnation_, delivery->number),
                                            std::move(delivery->task_tokens), delivery->scheduled_time}));
  }
}

}  // namespace longbeat::server
