#include "simulation/sim_stub.h"

#include <algorithm>

namespace longbeat::simulation {

using namespace std::chrono_literals;
using internal::Done;
using Kind = internal::OutcomeKind;
using internal::Status;
using internal::StatusCode;
using server::Reply;
using server::StatusOr;

namespace {

bool is_beat(const server::Request& request) {
  return std::holds_alternative<server::HeartbeatRequest>(request);
}

server::WorkerBeat to_beat(const internal::WorkerHeartbeatFields& fields) {
  server::WorkerBeat beat;
  beat.instance_key = fields.instance_key;
  beat.identity = fields.identity;
  beat.task_queue = fields.task_queue;
  beat.status = static_cast<std::int32_t>(fields.status);
  beat.start_time = fields.start_time;
  beat.heartbeat_time = fields.heartbeat_time;
  return beat;
}

}  // namespace

Nanoseconds SimStub::latency() {
  if (dice_.chance(faults_.slow)) return World::between(dice_, 10ms, 2s);
  return World::between(dice_, 50us, 5ms);
}

Nanoseconds SimStub::transit(const server::Request& request) {
  const bool held = is_cut(partition_.requests);
  if (!held && !is_beat(request) && dice_.chance(faults_.reordered)) return latency();
  if (held) last_arrival_ = std::max(last_arrival_, partition_.until);
  last_arrival_ = std::max(last_arrival_, world_.now() + latency());
  return last_arrival_ - world_.now();
}

internal::CallId SimStub::send(server::Request request, Nanoseconds timeout, Finish done) {
  const auto call = next_call_++;
  pending_[call].finish = std::move(done);
  const auto deadline = world_.now() + timeout;
  loop_.after(timeout, [this, call] {
    const auto found = pending_.find(call);
    if (found == pending_.end()) return;
    if (found->second.server_life == server_.life()) server_.caller_gone(found->second.at_server);
    finish(call, Status{StatusCode::kDeadlineExceeded, "Deadline Exceeded", {}});
  });
  const bool may_double = !is_beat(request) && !is_cut(partition_.requests);
  if (may_double && dice_.chance(faults_.request_doubled)) transmit_again(request, deadline);
  transmit(call, std::move(request), deadline);
  return call;
}

void SimStub::transmit(internal::CallId call, server::Request request, TimePoint deadline) {
  if (is_cut(partition_.requests) && !partition_.held) return;  // Only the deadline tells.
  if (dice_.chance(faults_.request_lost)) {
    if (dice_.chance(50)) return;  // Only the deadline tells. Otherwise a broken connection does:
    loop_.after(latency(), [this, call] { finish(call, internal::unavailable("connection reset")); });
    return;
  }
  // What is on the wire arrives even when the sender dies meanwhile.
  const auto way = transit(request);
  world_.after(way, [this, &server = server_, life = server_.life(), alive = loop_.token(), call,
                     request = std::move(request), deadline]() mutable {
    if (*alive) {
      if (server.life() != life) {
        return loop_.after(0ns, [this, call] { finish(call, internal::unavailable("connection reset")); });
      }
      arrived(call, std::move(request), deadline);
    } else if (server.life() == life && !std::holds_alternative<server::PollTaskRequest>(request)) {
      server.arrive(std::move(request), std::nullopt, [](StatusOr<Reply>) {});
    }
  });
}

void SimStub::transmit_again(server::Request request, TimePoint deadline) {
  const bool noticed = dice_.chance(50);
  world_.after(latency() + latency(), [&world = world_, &server = server_, life = server_.life(), noticed,
                                       request = std::move(request), deadline]() mutable {
    if (server.life() != life) return;
    const Nanoseconds patience = deadline > world.now() ? deadline - world.now() : Nanoseconds(0);
    // Nobody waits for this answer: a hand-out in it is undone, or is left to the timeouts.
    server.arrive(std::move(request), patience, [&server, life, noticed](StatusOr<Reply> reply) {
      if (!reply || !noticed || server.life() != life) return;
      if (const auto* task = std::get_if<server::PollTaskReply>(&*reply); task != nullptr && !task->token.empty()) {
        server.hand_out_undelivered(task->token);
      }
    });
  });
}

void SimStub::arrived(internal::CallId call, server::Request request, TimePoint deadline) {
  const auto found = pending_.find(call);
  if (found == pending_.end()) return;  // Given up before it arrived.
  const Nanoseconds patience = deadline > world_.now() ? deadline - world_.now() : Nanoseconds(0);
  auto answer = [this, alive = loop_.token(), call, &server = server_, life = server_.life(), latency = latency(),
                 lost = dice_.chance(faults_.reply_lost)](StatusOr<Reply> reply) {
    const auto* task = reply ? std::get_if<server::PollTaskReply>(&*reply) : nullptr;
    if (!*alive || pending_.count(call) == 0) {
      if (task != nullptr && !task->token.empty() && server.life() == life) server.hand_out_undelivered(task->token);
      return;
    }
    if (is_cut(partition_.replies)) {
      if (!partition_.held) return;  // Only the deadline tells.
      return loop_.after(partition_.until - world_.now() + latency,
                         [this, call, shared = std::make_shared<StatusOr<Reply>>(std::move(reply))] {
                           finish(call, std::move(*shared));
                         });
    }
    if (lost) {
      if (dice_.chance(50)) return;  // Only the deadline tells. Otherwise a broken connection does:
      return loop_.after(latency, [this, call] { finish(call, internal::unavailable("connection reset")); });
    }
    loop_.after(latency, [this, call, shared = std::make_shared<StatusOr<Reply>>(std::move(reply))] {
      finish(call, std::move(*shared));
    });
  };
  const auto at_server = server_.arrive(std::move(request), patience, std::move(answer));
  if (at_server == 0) {
    loop_.after(latency(), [this, call] { finish(call, internal::unavailable("connection refused")); });
    return;
  }
  found->second.at_server = at_server;
  found->second.server_life = server_.life();
}

void SimStub::finish(internal::CallId call, StatusOr<Reply> reply) {
  const auto found = pending_.find(call);
  if (found == pending_.end()) return;
  auto done = std::move(found->second.finish);
  pending_.erase(found);
  done(std::move(reply));
}

void SimStub::kill() {
  for (const auto& [call, pending] : pending_) {
    if (pending.at_server != 0 && pending.server_life == server_.life()) {
      world_.after(latency(), [&server = server_, id = pending.at_server, life = pending.server_life] {
        if (server.life() == life) server.caller_gone(id);
      });
    }
  }
  pending_.clear();
}

void SimStub::connection_broken() {
  for (const auto& [call, pending] : pending_) {
    if (pending.at_server == 0) continue;
    loop_.after(World::between(dice_, 1ms, 20ms),
                [this, id = call] { finish(id, internal::unavailable("connection reset")); });
  }
}

internal::CallId SimStub::get_system_info(Nanoseconds, Done<internal::SystemInfo> done) {
  loop_.after(latency(), [done = std::move(done)] { done(internal::SystemInfo{"1.32.0", true}); });
  return 0;
}

internal::CallId SimStub::describe_namespace(std::string name, Nanoseconds timeout,
                                             Done<internal::NamespaceInfo> done) {
  // Servers of some versions do not know what came later.
  const bool tells = dice_.chance(80);
  return send(server::DescribeNamespaceRequest{std::move(name), {}}, timeout,
              converting<server::NamespaceReply>(std::move(done), [this, tells](const server::NamespaceReply& reply) {
                internal::NamespaceInfo info;
                info.worker_heartbeats = info.worker_poll_complete_on_shutdown = beats_wanted_ = tells;
                info.name = reply.space.name;
                info.id = internal::to_string(reply.space.uuid);
                return info;
              }));
}

internal::CallId SimStub::start_activity(internal::StartActivityParams params, Nanoseconds timeout,
                                         Done<internal::StartedActivity> done) {
  return send(to_request(params), timeout, converting<server::StartReply>(std::move(done), kConvert));
}

internal::CallId SimStub::poll_outcome(internal::RunParams params, Nanoseconds timeout,
                                       Done<internal::PolledOutcome> done) {
  return send(to_request(params), timeout, converting<server::PollOutcomeReply>(std::move(done), kConvert));
}

internal::CallId SimStub::describe_activity(internal::DescribeParams params, Nanoseconds timeout,
                                            Done<internal::ActivityDescription> done) {
  return send(to_request(params), timeout, converting<server::DescribeReply>(std::move(done), kConvert));
}

internal::CallId SimStub::request_cancel(internal::RequestCancelParams params, Nanoseconds timeout, Done<void> done) {
  return send(to_request(params), timeout, converting<server::DoneReply>(std::move(done), kNothing));
}

internal::CallId SimStub::poll_tasks(internal::PollTaskParams params, Nanoseconds timeout,
                                     Done<std::vector<internal::ActivityTask>> done) {
  if (witness != nullptr) {
    witness->workers().poll_sent(params.worker_instance_key);
    done = [this, key = params.worker_instance_key,
            done = std::move(done)](StatusOr<std::vector<internal::ActivityTask>> tasks) {
      if (tasks) {
        for (const auto& task : *tasks) {
          witness->task_received(task, loop_.last_idle());
          witness->workers().received(task, key, loop_.last_idle());
          witness->codecs().begun(task, key, has_codecs);
          ++tasks_received_;
          report_until_[task.token] = loop_.last_idle() + attempt_limit(task) + 60s;
        }
      }
      done(std::move(tasks));
    };
  }
  return send(to_request(params), timeout, converting<server::PollTaskReply>(std::move(done), kConvert));
}

internal::CallId SimStub::record_heartbeat(internal::HeartbeatParams params, Nanoseconds timeout,
                                           Done<internal::HeartbeatFlags> done) {
  if (witness != nullptr) {
    const bool by_worker = params.identity == worker_identity;
    if (by_worker) {
      witness->workers().beat_sent(params.token);
      witness->codecs().beat_sent(params.token, params.details);
    }
    done = [this, by_worker, token = params.token, details = params.details, sent = world_.now(),
            done = std::move(done)](StatusOr<internal::HeartbeatFlags> flags) {
      if (by_worker) witness->codecs().beat_answered(token, flags.ok());
      if (flags) {
        if (by_worker || !witness->has_function_ended(token)) witness->beat_acknowledged(token, details, sent);
        if (by_worker) witness->workers().told(token, *flags, sent);
      } else if (by_worker && flags.error().code == StatusCode::kNotFound) {
        witness->workers().told_unknown(token);
      }
      done(std::move(flags));
    };
  }
  return send(to_request(params), timeout, converting<server::HeartbeatReply>(std::move(done), kConvert));
}

internal::CallId SimStub::respond_completed(internal::CompletedParams params, Nanoseconds timeout, Done<void> done) {
  if (witness != nullptr) {
    if (!params.retried) {
      witness->workers().completion_sent(params.token);
      witness->codecs().completion_sent(params.token, params.result);
    }
    done = [this, token = params.token, result = params.result, done = std::move(done)](StatusOr<> answer) {
      if (answer) witness->completion_acknowledged(token, result);
      done(std::move(answer));
    };
  }
  if (params.retried)
    return send_late(params.token, Kind::kCompleted, {}, to_request(params), timeout, std::move(done));
  return send_report(params.token, to_request(params), timeout, std::move(done));
}

internal::CallId SimStub::respond_failed(internal::FailedParams params, Nanoseconds timeout, Done<void> done) {
  if (witness != nullptr) {
    world_.trace("reports: " + params.failure.type);
    const bool is_encoding =
        courier != nullptr && (params.retried ? courier->is_busy() : courier->is_busy(params.token));
    witness->failure_sent(params.token, is_encoding);
    if (!params.retried) {
      witness->codecs().failure_sent(params.token, params.failure.type);
      witness->workers().failure_sent(params.token, params.failure.type);
      witness->late().worker_reports(params.token, params.failure.type);
    }
  }
  if (params.retried)
    return send_late(params.token, Kind::kFailed, params.failure.type, to_request(params), timeout, std::move(done));
  return send_report(params.token, to_request(params), timeout, std::move(done));
}

internal::CallId SimStub::respond_canceled(internal::CanceledParams params, Nanoseconds timeout, Done<void> done) {
  if (params.retried) return send_late(params.token, Kind::kCanceled, {}, to_request(params), timeout, std::move(done));
  if (witness != nullptr) {
    witness->workers().cancellation_sent(params.token);
    witness->late().worker_reports(params.token, {});
  }
  return send_report(params.token, to_request(params), timeout, std::move(done));
}

internal::CallId SimStub::record_worker_heartbeat(internal::WorkerHeartbeatParams params, Nanoseconds timeout,
                                                  Done<void> done) {
  if (witness != nullptr) witness->workers().worker_beat(params.heartbeat, kWorkerSlots, beats_wanted_);
  return send(server::RecordWorkerHeartbeatRequest{params.namespace_name, params.identity, {to_beat(params.heartbeat)}},
              timeout, converting<server::DoneReply>(std::move(done), kNothing));
}

internal::CallId SimStub::shutdown_worker(internal::ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) {
  if (witness != nullptr) witness->workers().shutdown_told(params.worker_instance_key);
  server::ShutdownWorkerRequest request;
  request.namespace_name = params.namespace_name;
  request.identity = params.identity;
  request.reason = params.reason;
  request.worker_instance_key = params.worker_instance_key;
  request.task_queue = params.task_queue;
  if (params.heartbeat) request.beat = to_beat(*params.heartbeat);
  request.task_queue_types = {2};  // enums.TaskQueueType: activities.
  return send(std::move(request), timeout, converting<server::DoneReply>(std::move(done), kNothing));
}

internal::CallId SimStub::send_late(const std::string& token, Kind kind, const std::string& failure_type,
                                    server::Request request, Nanoseconds timeout, Done<void> done) {
  if (witness != nullptr) {
    const bool has_worker = !worker_identity.empty();
    if (has_worker) witness->workers().object_sends(token);
    witness->late().sent(token, kind, failure_type, has_worker);
    done = [this, token, kind, done = std::move(done)](StatusOr<> answer) {
      witness->late().try_ended(token, kind, answer);
      done(std::move(answer));
    };
  }
  return send(std::move(request), timeout, converting<server::ReportReply>(std::move(done), kNothing));
}

internal::CallId SimStub::send_report(const std::string& token, server::Request request, Nanoseconds timeout,
                                      Done<void> done) {
  dropped_reports_.erase(token);
  done = [this, token, done = std::move(done)](StatusOr<> answer) {
    const bool later = !answer && (answer.error().code == StatusCode::kUnavailable ||
                                   answer.error().code == StatusCode::kDeadlineExceeded);
    if (later && world_.now() < report_until_[token]) dropped_reports_.insert(token);
    done(std::move(answer));
  };
  return send(std::move(request), timeout, converting<server::ReportReply>(std::move(done), kNothing));
}

void SimStub::check_reports() const {
  for (const auto& token : dropped_reports_) witness->report_given_up(token);
}

void SimStub::cancel(internal::CallId call) {
  const auto found = pending_.find(call);
  if (found == pending_.end()) return;
  world_.after(latency(), [&server = server_, id = found->second.at_server, life = found->second.server_life] {
    if (server.life() == life) server.caller_gone(id);
  });
  // Half of the time an answer that is nearly there comes first.
  const auto notice = dice_.chance(50) ? Nanoseconds(0) : latency();
  loop_.after(notice, [this, call] { finish(call, Status{StatusCode::kCancelled, "canceled", {}}); });
}

}  // namespace longbeat::simulation
