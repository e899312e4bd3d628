#include "simulation/operator_actor.h"

#include <algorithm>

#include "core/outcome.h"
#include "simulation/script_executor.h"
#include "simulation/wire.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using internal::StatusCode;
using server::Reply;
using server::StatusOr;

namespace {

std::string count_payload(std::uint64_t count) {
  return pack(Payloads{PayloadCodec<StepsDone>::encode({count})});
}

}  // namespace

OperatorActor::OperatorActor(World& world, SimServer& server, const NetworkFaults& faults, Witness& witness,
                             std::uint32_t activities, bool with_client)
    : world_(world), witness_(witness), loop_(world), stub_(world, loop_, server, faults) {
  if (with_client) client_ = std::make_unique<OperatorClient>(world, server, faults, witness);
  for (std::uint32_t i = 0; i < activities; ++i) {
    Job& job = jobs_.emplace_back();
    job.space = kNamespace;
    job.id = "activity-" + std::to_string(i);
  }
}

OperatorActor::~OperatorActor() {
  loop_.kill();
  stub_.kill();
}

void OperatorActor::send(server::Request request, int tries, Answered answered) {
  if (client_ && client_->give(request)) return;  // It repeats by itself.
  auto kept = request;
  stub_.submit(std::move(request), 5s,
               [this, kept = std::move(kept), tries, answered = std::move(answered)](StatusOr<Reply> reply) mutable {
                 if (is_open_question(reply) && tries > 1) {
                   loop_.after(world_.between(300ms, 2s),
                               [this, kept = std::move(kept), tries, answered = std::move(answered)]() mutable {
                                 send(std::move(kept), tries - 1, std::move(answered));
                               });
                   return;
                 }
                 if (answered) answered(reply);
               });
}

OperatorActor::Job& OperatorActor::some_job() {
  auto which = world_.random().below(jobs_.size());
  // Mostly one that there is: of the others there is only NOT_FOUND to tell.
  for (int i = 0; i < 4 && !witness_.lives().has_begun(jobs_[which].space, jobs_[which].id); ++i) {
    which = world_.random().below(jobs_.size());
  }
  return jobs_[which];
}

server::RunRef OperatorActor::ref(const Job& job) {
  const bool exact = !job.run_id.empty() && world_.random().chance(30);
  return {job.space, job.id, exact ? job.run_id : ""};
}

void OperatorActor::act() {
  if (settling_) return;
  const auto first = sent_.size();
  const auto kind = world_.random().below(100);
  if (kind < 16) {
    start();
  } else if (kind < 34) {
    pause();
  } else if (kind < 46) {
    reset();
  } else if (client_ && kind < 49) {
    cancel();
  } else if (kind < 60) {
    update();
  } else if (kind < 64) {
    Job& job = some_job();
    sent_.push_back(server::TerminateRequest{ref(job), "operator", new_request_id(), "stopped by hand"});
  } else if (kind < 68) {
    Job& job = some_job();
    // The client awaits its own ones, and of a deleted one there is nothing to tell.
    if (job.mine) sent_.push_back(server::DeleteRequest{ref(job)});
  } else if (kind < 76) {
    finish_by_id();
  } else if (kind < 80) {
    set_rate();
  } else if (kind < 86) {
    poll();
  } else if (kind < 90) {
    watch();
  } else if (kind < 93) {
    list();
  } else {
    repeat();
  }
  if (sent_.size() == first) return;

  send(sent_.back(), 1 + static_cast<int>(world_.random().below(6)));
}

void OperatorActor::repeat() {
  if (!sent_.empty()) sent_.push_back(sent_[world_.random().below(sent_.size())]);
}

void OperatorActor::start() {
  auto& random = world_.random();
  const auto closed = std::ranges::find_if(jobs_, [&](const Job& job) { return job.mine && !job.starting; });
  if (closed != jobs_.end() && random.chance(50)) return start_again(*closed);
  Job& job = jobs_.emplace_back();
  job.mine = true;
  job.space = random.chance(60) ? kNamespace : kOtherNamespace;
  // Half of the other namespace's activities have the IDs of the client's.
  const bool same = job.space == kOtherNamespace && random.chance(50);
  job.id = same ? "activity-" + std::to_string(random.below(4)) : "job-" + std::to_string(jobs_.size());
  start_again(job);
}

void OperatorActor::start_again(Job& job) {
  auto& random = world_.random();
  Script script;
  script.steps = 1 + random.below(10);
  script.pause = world_.between(1ms, 2s);
  script.failing_percent = random.chance(50) ? 20 : 0;
  server::StartRequest request;
  request.namespace_name = job.space;
  request.identity = "operator";
  request.request_id = new_request_id();
  request.activity_id = job.id;
  request.type = "count";
  request.has_task_queue = true;
  request.task_queue = kQueue;
  request.schedule_to_close = raw(world_.between(20s, 120s));
  request.start_to_close = raw(world_.between(5s, 60s));
  if (random.chance(70)) request.heartbeat = raw(world_.between(1s, 10s));
  if (random.chance(20)) request.schedule_to_start = raw(world_.between(2s, 20s));
  if (random.chance(40)) request.start_delay = raw(world_.between(1ms, 20s));
  request.retry = server::StartRequest::Retry{};
  request.retry->initial_interval = raw(world_.between(10ms, 5s));
  request.retry->maximum_attempts = static_cast<std::int32_t>(1 + random.below(10));
  if (random.chance(50)) {
    request.priority = {static_cast<std::int32_t>(random.below(6)), random.chance(50) ? "red" : "blue",
                        static_cast<float>(1 + random.below(4))};
  }
  request.input = pack(encode(script));
  for (auto links = random.below(3); links > 0; --links) request.links.push_back("link-" + std::to_string(links));
  if (random.chance(50)) {
    request.id_conflict_policy = 2;  // USE_EXISTING
    request.has_on_conflict_options = request.attach_request_id = request.attach_links =
        random.chance(70) && !request.links.empty();
  }
  job.starting = true;
  job.closed = false;
  world_.trace("operator: starts " + job.id + " in " + job.space);
  send_start(static_cast<std::size_t>(&job - jobs_.data()), std::move(request));
}

void OperatorActor::send_start(std::size_t number, server::StartRequest request) {
  auto kept = request;
  send(std::move(request), 1, [this, number, kept = std::move(kept)](const StatusOr<Reply>& reply) {
    if (is_open_question(reply)) {
      loop_.after(1s, [this, number, kept] { send_start(number, kept); });
      return;
    }
    Job& job = jobs_[number];
    job.starting = false;
    if (reply) job.run_id = std::get<server::StartReply>(*reply).run_id;
  });
}

void OperatorActor::pause() {
  const Job job = some_job();
  const auto unpause = [this, run = ref(job)] {
    server::UnpauseRequest request{run, {}, "operator", new_request_id(), "goes on", {}};
    if (world_.random().chance(30)) request.jitter = raw(world_.between(1ms, 5s));
    return request;
  };
  if (world_.random().chance(20)) return sent_.push_back(unpause());
  if (world_.random().chance(60)) {
    loop_.after(world_.between(1ms, 15s), [this, unpause] {
      if (settling_) return;
      sent_.push_back(unpause());
      send(sent_.back(), 3);
    });
  }
  sent_.push_back(server::PauseRequest{ref(job), {}, "operator", new_request_id(), "wait"});
}

void OperatorActor::reset() {
  auto& random = world_.random();
  server::ResetRequest request;
  request.run = ref(some_job());
  request.identity = "operator";
  request.request_id = new_request_id();
  request.keep_paused = random.chance(50);
  request.restore_original_options = random.chance(30);
  request.reset_heartbeat = random.chance(30);
  if (random.chance(30)) request.jitter = raw(world_.between(1ms, 5s));
  sent_.push_back(std::move(request));
}

void OperatorActor::cancel() {
  sent_.push_back(server::CancelRequest{ref(some_job()), "operator", new_request_id(), "superseded", {}});
}

void OperatorActor::update() {
  auto& random = world_.random();
  server::UpdateOptionsRequest request;
  request.run = ref(some_job());
  request.identity = "operator";
  request.request_id = new_request_id();
  if (random.chance(15)) {
    request.restore_original = true;
    return sent_.push_back(std::move(request));
  }
  server::WireOptions options;
  std::vector<std::string> mask;
  const auto change = [&](std::uint32_t percent, const char* path, auto set) {
    if (!random.chance(percent) && !(mask.empty() && std::string(path) == "priority")) return;
    mask.emplace_back(path);
    set();
  };
  change(20, "task_queue.name", [&] { options.task_queue = random.chance(50) ? "nowhere" : kQueue; });
  change(20, "schedule_to_close_timeout", [&] {
    if (random.chance(70)) options.schedule_to_close = raw(world_.between(5s, 120s));
  });
  change(15, "schedule_to_start_timeout", [&] {
    if (random.chance(50)) options.schedule_to_start = raw(world_.between(2s, 30s));
  });
  change(25, "start_to_close_timeout", [&] { options.start_to_close = raw(world_.between(2s, 60s)); });
  change(25, "heartbeat_timeout", [&] {
    if (random.chance(80)) options.heartbeat = raw(world_.between(1s, 10s));
  });
  change(15, "start_delay", [&] { options.start_delay = raw(world_.between(1ms, 15s)); });
  change(25, "retry_policy", [&] {
    options.retry = server::StartRequest::Retry{};
    options.retry->initial_interval = raw(world_.between(10ms, 5s));
    options.retry->backoff_coefficient = random.chance(50) ? 1.0 : 4.0;
    options.retry->maximum_attempts = static_cast<std::int32_t>(1 + random.below(12));
  });
  change(30, "priority", [&] {
    if (random.chance(70)) options.priority = {static_cast<std::int32_t>(1 + random.below(5)), "green", 2};
  });
  request.options = std::move(options);
  request.update_mask = std::move(mask);
  sent_.push_back(std::move(request));
}

void OperatorActor::finish_by_id() {
  const Job& job = some_job();
  auto& random = world_.random();
  const server::ById by_id{{}, ref(job).run_id, job.id};
  const auto what = random.below(4);
  if (what == 0) {
    sent_.push_back(server::CompletedRequest{job.space, {}, "operator", count_payload(777), by_id});
  } else if (what == 1) {
    server::FailedRequest request;
    request.namespace_name = job.space;
    request.identity = "operator";
    request.by_id = by_id;
    request.has_failure = true;
    request.failure_info = 5;
    request.failure_type = "ByHand";
    request.non_retryable = random.chance(30);
    request.failure = pack(internal::application_failure("ByHand", "failed by hand"));
    if (random.chance(30)) {
      request.has_last_heartbeat_details = true;
      request.last_heartbeat_details = count_payload(random.below(5));
    }
    sent_.push_back(std::move(request));
  } else {
    sent_.push_back(server::HeartbeatRequest{job.space, {}, "operator", count_payload(random.below(5)), by_id});
  }
}

void OperatorActor::set_rate() {
  server::UpdateTaskQueueConfigRequest request;
  request.namespace_name = world_.random().chance(80) ? kNamespace : kOtherNamespace;
  request.identity = "operator";
  request.task_queue = kQueue;
  request.type = 2;
  request.queue_rate = server::UpdateTaskQueueConfigRequest::Rate{};
  constexpr float kRates[] = {0, 0.25, 1, 5};
  if (world_.random().chance(70)) request.queue_rate->requests_per_second = kRates[world_.random().below(4)];
  sent_.push_back(std::move(request));
}

void OperatorActor::poll() {
  const std::string key = "raw-" + std::to_string(raw_polls_++);
  server::PollTaskRequest request{kOtherNamespace, kQueue, "raw", {}, {}, key, {}, {}};
  stub_.submit(request, world_.between(3s, 30s), [this](const StatusOr<Reply>& reply) {
    if (reply) got_task(std::get<server::PollTaskReply>(*reply));
  });
  if (world_.random().chance(40)) {
    loop_.after(world_.between(1ms, 5s), [this, key, request] {
      worker_stops(key);
      // It polls again all the same, and must get nothing.
      loop_.after(world_.between(1ms, 2s), [this, request] { stub_.submit(request, 10s, [](StatusOr<Reply>) {}); });
    });
  }
}

void OperatorActor::got_task(const server::PollTaskReply& task) {
  if (task.token.empty()) return;
  const std::string space = world_.random().chance(85) ? kOtherNamespace : kNamespace;  // A token is of one namespace.
  loop_.after(world_.between(1ms, 8s), [this, space, token = task.token] {
    const auto what = world_.random().below(3);
    if (what == 0) return send(server::CompletedRequest{space, token, "raw", count_payload(5), {}}, 3);
    if (what == 1) return send(server::HeartbeatRequest{space, token, "raw", count_payload(3), {}}, 1);
    server::FailedRequest failed;
    failed.namespace_name = space;
    failed.token = token;
    failed.has_failure = true;
    failed.failure_info = 5;
    failed.failure = pack(internal::application_failure("Raw", "a raw worker failed"));
    send(std::move(failed), 3);
  });
}

void OperatorActor::worker_stops(const std::string& instance_key) {
  const bool raw_one = instance_key.starts_with("raw-");
  server::ShutdownWorkerRequest request;
  request.namespace_name = raw_one ? kOtherNamespace : kNamespace;
  request.identity = "operator";
  request.worker_instance_key = instance_key;
  request.task_queue = kQueue;
  request.task_queue_types = {2};
  send(std::move(request), 3);
}

void OperatorActor::watch() {
  const Job& job = some_job();
  server::DescribeRequest request;
  request.run = {job.space, job.id, {}};
  watch_on(std::move(request), 20);
}

void OperatorActor::watch_on(server::DescribeRequest request, int rounds) {
  if (rounds == 0 || settling_) return;
  auto kept = request;
  stub_.submit(std::move(request), 20s, [this, kept = std::move(kept), rounds](const StatusOr<Reply>& reply) mutable {
    if (!reply && !is_open_question(reply)) return;
    if (reply) {
      const auto& described = std::get<server::DescribeReply>(*reply);
      if (described.state) {
        if (server::is_closed(described.state->progress.phase)) return;
        kept.run.run_id = internal::to_string(described.state->input->run_id);
        kept.long_poll_token = described.long_poll_token;
      }
    }
    loop_.after(world_.between(1ms, 100ms), [this, kept = std::move(kept), rounds] { watch_on(kept, rounds - 1); });
  });
}

void OperatorActor::list() {
  const std::string space = world_.random().chance(50) ? kNamespace : kOtherNamespace;
  send(server::ListActivitiesRequest{space, world_.random().chance(50) ? "" : "ExecutionStatus = 'Paused'", {}, 0}, 1);
}

}  // namespace longbeat::simulation
