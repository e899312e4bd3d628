#include "simulation/fleet_actor.h"

#include "simulation/operator_actor.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using server::Reply;
using server::StatusOr;

namespace {
constexpr const char* kControlQueues[] = {"/temporal-sys/worker-commands/fleet/0",
                                          "/temporal-sys/worker-commands/fleet/1"};
}

FleetActor::FleetActor(World& world, SimServer& server, const NetworkFaults& faults, RegistryWitness& registry)
    : Neighbour(world, server, faults), registry_(registry) {}

void FleetActor::act() {
  if (settling_) return;
  if (!listening_) {
    listening_ = true;
    for (const char* queue : kControlQueues) listen(queue);
  }
  auto& random = world_.random();
  const auto kind = random.below(100);
  if (kind < 20) {
    start();
  } else if (kind < 40) {
    work(kControlQueues[random.below(2)]);
  } else if (kind < 55 && orders_ > 0) {
    const server::RunRef run{kFleetNamespace, "order-" + std::to_string(random.below(orders_)), {}};
    send(server::CancelRequest{run, "fleet", "fleet-cancel-" + std::to_string(++next_request_), "superseded", {}}, 3);
  } else if (kind < 80) {
    beat();
  } else {
    ask();
  }
}

void FleetActor::listen(const std::string& queue) {
  if (settling_) return;
  send(
      server::PollCommandsRequest{kFleetNamespace, queue, "fleet", {}}, 1,
      [this, queue](const StatusOr<Reply>& reply) {
        const auto* commands = reply ? std::get_if<server::CommandsReply>(&*reply) : nullptr;
        if (commands != nullptr && !commands->token.empty() && world_.random().chance(75)) {
          const bool failed = world_.random().chance(20);
          send(server::CommandsDoneRequest{kFleetNamespace, "fleet", commands->token, failed}, 2);
        }
        loop_.after(reply ? world_.between(0s, 3s) : world_.between(300ms, 2s), [this, queue] { listen(queue); });
      },
      world_.between(10s, 40s));
}

void FleetActor::start() {
  server::StartRequest request;
  request.namespace_name = kFleetNamespace;
  request.identity = "fleet";
  request.request_id = "fleet-" + std::to_string(++next_request_);
  request.activity_id = "order-" + std::to_string(orders_++);
  request.type = "deliver";
  request.has_task_queue = true;
  request.task_queue = "orders";
  request.schedule_to_close = raw(world_.between(30s, 120s));
  request.start_to_close = raw(world_.between(10s, 40s));
  send(std::move(request), 2);
}

void FleetActor::work(const std::string& queue) {
  server::PollTaskRequest request{kFleetNamespace, "orders", "fleet", {}, {}, {}, queue, {}};
  send(
      std::move(request), 1,
      [this](const StatusOr<Reply>& reply) {
        const auto* task = reply ? std::get_if<server::PollTaskReply>(&*reply) : nullptr;
        if (task == nullptr || task->token.empty()) return;
        const std::string id = task->input->activity_id.str();
        if (world_.random().chance(60)) {
          loop_.after(world_.between(1ms, 3s), [this, id] {
            const auto request_id = "fleet-cancel-" + std::to_string(++next_request_);
            send(server::CancelRequest{{kFleetNamespace, id, {}}, "fleet", request_id, "superseded", {}}, 3);
          });
        }
        loop_.after(world_.between(1s, 45s), [this, token = task->token] {
          send(server::CompletedRequest{kFleetNamespace, token, "fleet", {}, {}}, 2);
        });
      },
      10s);
}

server::WorkerBeat FleetActor::new_beat(std::int32_t status) {
  auto& random = world_.random();
  server::WorkerBeat one;
  one.instance_key = "worker-" + std::to_string(random.below(9));
  one.task_queue = random.chance(50) ? "files" : "mail";
  one.status = status;
  one.start_time = world_.wall_now();
  one.message = "beat " + std::to_string(++next_request_);
  return one;
}

void FleetActor::beat() {
  auto& random = world_.random();
  const std::string space = random.chance(70) ? kNamespace : kOtherNamespace;
  if (random.chance(15)) {
    server::ShutdownWorkerRequest request;
    request.namespace_name = space;
    request.identity = "fleet";
    request.beat = new_beat(random.chance(70) ? 3 : 2);
    request.worker_instance_key = request.beat->instance_key;
    return send(std::move(request), 2);
  }
  server::RecordWorkerHeartbeatRequest request{space, "fleet", {}};
  for (auto count = 1 + random.below(3); count > 0; --count) {
    request.beats.push_back(new_beat(random.chance(10) ? 3 : random.chance(80) ? 1 : 2));
  }
  send(std::move(request), 2);
}

void FleetActor::ask() {
  auto& random = world_.random();
  const std::string space = random.chance(70) ? kNamespace : kOtherNamespace;
  switch (random.below(3)) {
    case 0:
      return send(server::DescribeWorkerRequest{space, "worker-" + std::to_string(random.below(9))}, 1);
    case 1:
      return send(server::CountWorkersRequest{space, registry_.new_query(), false}, 1);
    default:
      break;
  }
  const server::ListWorkersRequest first{
      space, registry_.new_query(), {}, static_cast<std::int32_t>(random.below(4)), false};
  send(first, 1, [this, first](const StatusOr<Reply>& reply) {
    if (!reply) return;
    auto next = first;
    next.page_token = std::get<server::ListWorkersReply>(*reply).next_page_token;
    if (!next.page_token.empty()) send(next, 1);
  });
}

void FleetActor::settle() {
  Neighbour::settle();
  until_ended(0);
}

void FleetActor::until_ended(std::uint64_t from) {
  if (from == orders_) {
    orders_ended_ = true;
    return;
  }
  const server::RunRef run{kFleetNamespace, "order-" + std::to_string(from), {}};
  send(server::TerminateRequest{run, "fleet", "fleet-end-" + std::to_string(from), "the end"}, kUntilAnswered,
       [this, from](const StatusOr<Reply>&) { until_ended(from + 1); });
}

}  // namespace longbeat::simulation
