#include "simulation/space_actor.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using server::Reply;
using server::StatusOr;

namespace {
constexpr const char* kTenants[] = {"tenant-0", "tenant-1", "tenant-2"};
constexpr Nanoseconds kBurial = 60s;  ///< Two passes over all closed activities, each 10 s after the other.
}  // namespace

void SpaceActor::act() {
  if (settling_) return;
  auto& random = world_.random();
  const std::string space = kTenants[random.below(std::size(kTenants))];
  const auto tries = 1 + static_cast<int>(random.below(4));
  const auto kind = random.below(100);
  if (kind < 22) {
    server::RegisterNamespaceRequest request;
    request.namespace_name = space;
    request.description = "the " + std::to_string(++next_request_) + "th";
    request.retention = raw(1h + world_.between(0s, 1h));
    world_.trace("tenants: registers " + space);
    send(std::move(request), tries);
  } else if (kind < 48) {
    start(space);
  } else if (kind < 58) {
    poll(space);
  } else if (kind < 62) {
    send(server::PollOutcomeRequest{{space, "activity-" + std::to_string(random.below(4)), {}}}, 1, {}, 30s);
  } else if (kind < 75) {
    change_attributes(space);
  } else if (kind < 78) {
    send(server::DeprecateNamespaceRequest{space}, tries);
  } else if (kind < 81) {
    server::UpdateNamespaceRequest request;
    request.namespace_name = space;
    request.info = server::UpdateNamespaceRequest::Info{};
    request.info->description = "changed " + std::to_string(++next_request_);
    send(std::move(request), tries);
  } else if (kind < 84) {
    server::UpdateTaskQueueConfigRequest request;
    request.namespace_name = space;
    request.task_queue = "tenants";
    request.type = 2;
    request.queue_rate = server::UpdateTaskQueueConfigRequest::Rate{};
    request.queue_rate->requests_per_second = 5;
    send(std::move(request), tries);
  } else if (kind < 88) {
    send(server::DescribeNamespaceRequest{space, {}}, tries);
  } else if (kind < 91) {
    send(server::ListNamespacesRequest{}, tries);
  } else {
    world_.trace("tenants: deletes " + space);
    send(server::DeleteNamespaceRequest{space, {}, {}}, tries);
  }
}

void SpaceActor::start(const std::string& space) {
  auto& random = world_.random();
  server::StartRequest request;
  request.namespace_name = space;
  request.identity = "tenant";
  request.request_id = "tenant-request-" + std::to_string(++next_request_);
  // The same IDs as the client's, in the default namespace.
  request.activity_id = "activity-" + std::to_string(random.below(4));
  request.type = "count";
  request.has_task_queue = true;
  request.task_queue = "tenants";
  request.schedule_to_close = raw(world_.between(5s, 600s));
  request.start_to_close = raw(world_.between(5s, 60s));
  request.heartbeat = raw(world_.between(2s, 20s));
  if (random.chance(30)) request.attributes.push_back({"Colour", "Keyword", "\"red\""});
  send(std::move(request), 1 + static_cast<int>(random.below(3)));
}

void SpaceActor::poll(const std::string& space) {
  server::PollTaskRequest request{space, "tenants", "tenant", {}, {}, {}, {}, {}};
  send(
      std::move(request), 1,
      [this, space](const StatusOr<Reply>& reply) {
        const auto* task = reply ? std::get_if<server::PollTaskReply>(&*reply) : nullptr;
        if (task == nullptr || task->token.empty()) return;
        loop_.after(world_.between(1ms, 10s), [this, space, token = task->token] {
          if (world_.random().chance(50)) {
            send(server::HeartbeatRequest{space, token, "tenant", {}, {}}, 1);
          } else {
            send(server::CompletedRequest{space, token, "tenant", {}, {}}, 3);
          }
        });
      },
      world_.between(3s, 30s));
}

void SpaceActor::change_attributes(const std::string& space) {
  static constexpr const char* kNames[] = {"Colour", "Size", "Urgent"};
  auto& random = world_.random();
  const std::string name = kNames[random.below(std::size(kNames))];
  const auto tries = 1 + static_cast<int>(random.below(3));
  if (random.chance(50)) {
    send(server::AddSearchAttributesRequest{space, {{name, 2}}}, tries);
  } else if (random.chance(40)) {
    send(server::RemoveSearchAttributesRequest{space, {name}}, tries);
  } else {
    send(server::ListSearchAttributesRequest{space}, tries);
  }
}

void SpaceActor::settle() {
  Neighbour::settle();
  until_gone();
}

void SpaceActor::until_gone() {
  for (const std::string space : kTenants) {
    if (!witness_.may_be_there(space)) continue;
    // Also tells of one that nobody knows of.
    send(server::DeleteNamespaceRequest{space, {}, {}}, kUntilAnswered, [this, space](const StatusOr<Reply>&) {
      send(server::DescribeNamespaceRequest{space, {}}, kUntilAnswered,
           [this](const StatusOr<Reply>&) { until_gone(); });
    });
    return;
  }
  loop_.after(kBurial, [this] { all_gone_ = true; });
}

}  // namespace longbeat::simulation
