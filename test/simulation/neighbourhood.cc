#include "simulation/neighbourhood.h"

#include <algorithm>

#include "simulation/callback_actor.h"
#include "simulation/fair_actor.h"
#include "simulation/fleet_actor.h"
#include "simulation/list_actor.h"
#include "simulation/space_actor.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kKinds = 5;  ///< of neighbours

CallbackRules rules_of(internal::Random& random) {
  CallbackRules rules;
  if (random.chance(30)) rules.attempts_max = static_cast<std::int32_t>(1 + random.below(5));
  return rules;
}

}  // namespace

Neighbourhood::Neighbourhood(World& world, SimServer& server, const NetworkFaults& faults, Witness& witness)
    : world_(world),
      server_(server),
      fail_([&witness](const std::string& what) { witness.tell(what); }),
      outside_(world),
      callbacks_(world, rules_of(world.random()), fail_),
      spaces_(world, fail_),
      registry_(world, {}, fail_),
      commands_(world, witness.lives(), fail_),
      fair_(world, fail_) {
  const Nanoseconds hooks_retention = world.between(5s, 40s);
  server.set_retention(kHooksNamespace, hooks_retention);
  witness.lives().set_retention(kHooksNamespace, hooks_retention);
  witness.lives().keeps = [this](const std::string& run_id) { return callbacks_.undelivered(run_id); };
  server.set_retention(kFleetNamespace, 10h);
  server.set_retention(kFairNamespace, 10h);
  server.set_retention(kListsNamespace, 10h);
  spaces_.exists(kListsNamespace);
  server.observers = {&callbacks_, &spaces_, &registry_, &commands_, &fair_};
  server.adjust = [this](server::EngineOptions& options) {
    const bool fence_open = faults_ended_ || world_.random().chance(60);
    callbacks_.set_fence(fence_open);
    auto& limits = options.limits;
    limits.requests.callbacks_enabled = limits.requests.worker_commands = true;
    limits.requests.callback_addresses = {"http://hooks:*"};
    if (fence_open) limits.requests.callback_addresses.push_back("http://fence:*");
    const CallbackRules& rules = callbacks_.rules();
    limits.callback_retry_initial = rules.retry_initial;
    limits.callback_retry_max = rules.retry_max;
    limits.callback_attempts_max = rules.attempts_max;
    limits.workers_per_namespace_max = registry_.rules().workers_max;
    limits.worker_forgotten_after = registry_.rules().forgotten_after;
    options.make_completion = [](const server::ActivityState& closed, const server::CallbackState& callback) {
      return server::OutboundCall{0, callback.url, {}, CallbackWitness::body_of(closed)};
    };
    options.outbound = std::make_unique<SimOutbound>([this, life = server_.life()](server::OutboundCall call) {
      callbacks_.sent(call);
      const std::string run_id = CallbackWitness::run_of(call.body);
      outside_.visit(call,
                     [this, life, ticket = call.ticket, url = call.url, run_id](const server::OutboundResult& result) {
                       if (server_.callback_done(life, ticket, result)) callbacks_.result_arrived(run_id, url, result);
                     });
    });
  };
  // Two or three of the five: what one seed costs stays small, and each meets each.
  std::uint64_t absent = 2 + world.random().below(2);
  std::uint64_t asked = 0;
  const auto plays = [&] {
    if (!world.random().chance(static_cast<std::uint32_t>(100 * absent / (kKinds - asked++)))) return true;
    --absent;
    return false;
  };
  if (plays()) neighbours_.push_back(std::make_unique<CallbackActor>(world, server, faults, outside_, callbacks_));
  if (plays()) neighbours_.push_back(std::make_unique<SpaceActor>(world, server, faults, spaces_));
  if (plays()) neighbours_.push_back(std::make_unique<FleetActor>(world, server, faults, registry_));
  if (plays()) neighbours_.push_back(std::make_unique<ListActor>(world, server, faults, witness.lives(), fail_));
  if (plays()) neighbours_.push_back(std::make_unique<FairActor>(world, server, faults, fair_));
}

Neighbourhood::~Neighbourhood() = default;

void Neighbourhood::act() {
  neighbours_[world_.random().below(neighbours_.size())]->act();
}

void Neighbourhood::settle() {
  for (auto& one : neighbours_) one->settle();
}

bool Neighbourhood::at_rest() const {
  return std::ranges::all_of(neighbours_, [](const auto& one) { return one->at_rest(); });
}

void Neighbourhood::connection_broken() {
  for (auto& one : neighbours_) one->connection_broken();
}

void Neighbourhood::cut(const Partition& partition) {
  for (auto& one : neighbours_) {
    if (partition.until == TimePoint() || world_.random().chance(70)) one->cut(partition);
  }
}

void Neighbourhood::faults_ended() {
  faults_ended_ = true;
  outside_.faults_ended();
  callbacks_.faults_ended();
}

void Neighbourhood::check_end() {
  spaces_.check_disk(server_.disk());
}

}  // namespace longbeat::simulation
