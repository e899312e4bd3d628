#include "simulation/fair_actor.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using server::Reply;
using server::StatusOr;

namespace {
constexpr std::uint64_t kTasksPerAct = 30;
constexpr std::uint64_t kTasksMax = 60;
}  // namespace

FairActor::FairActor(World& world, SimServer& server, const NetworkFaults& faults, FairWitness& witness)
    : Neighbour(world, server, faults), witness_(witness) {
  constexpr float kWeights[] = {0.5F, 1, 2, 5};
  for (auto keys = 2 + world.random().below(3); keys > 0; --keys) {
    weights_.push_back(kWeights[world.random().below(std::size(kWeights))]);
  }
}

void FairActor::act() {
  if (settling_) return;
  for (std::uint64_t i = 0; i < kTasksPerAct && tasks_ < kTasksMax; ++i) start();
  if (workers_ >= 2) return;
  ++workers_;
  loop_.after(500ms, [this] { work(); });
}

void FairActor::start() {
  auto& random = world_.random();
  server::StartRequest request;
  request.namespace_name = kFairNamespace;
  request.identity = "fair";
  request.request_id = request.activity_id = "task-" + std::to_string(tasks_++);
  request.type = "share";
  request.has_task_queue = true;
  request.task_queue = "fair";
  request.schedule_to_close = raw(1h);
  request.start_to_close = raw(20s);
  request.retry = server::StartRequest::Retry{};
  request.retry->maximum_attempts = 1;
  const auto key = random.below(weights_.size());
  const auto number = static_cast<std::int32_t>(random.chance(70) ? 3 : 2 + random.below(3));
  request.priority = {number, std::string(1, static_cast<char>('a' + key)), weights_[key]};
  send(std::move(request), 4);
}

void FairActor::work() {
  if (settling_) return;
  send(server::PollTaskRequest{kFairNamespace, "fair", "fair", {}, {}, {}, {}, {}}, 1,
       [this](const StatusOr<Reply>& reply) {
         const auto* task = reply ? std::get_if<server::PollTaskReply>(&*reply) : nullptr;
         if (task != nullptr && !task->token.empty()) {
           send(server::CompletedRequest{kFairNamespace, task->token, "fair", {}, {}}, 3);
         }
         loop_.after(reply ? world_.between(0ns, 300ms) : 1s, [this] { work(); });
       });
}

void FairActor::settle() {
  Neighbour::settle();
  witness_.stop();
  until_ended(0);
}

void FairActor::until_ended(std::uint64_t from) {
  if (from == tasks_) {
    ended_ = true;
    return;
  }
  const server::RunRef run{kFairNamespace, "task-" + std::to_string(from), {}};
  send(server::TerminateRequest{run, "fair", "fair-end-" + std::to_string(from), "the end"}, kUntilAnswered,
       [this, from](const StatusOr<Reply>&) { until_ended(from + 1); });
}

}  // namespace longbeat::simulation
