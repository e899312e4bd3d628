#include "simulation/sim_server.h"

#include <stdexcept>

#include "base/planted.h"
#include "simulation/sim_projection.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;

/// Takes one reply out of the engine; the answer travels after the step.
class SimServer::Sink final : public server::ReplySink {
 public:
  Sink(SimServer& owner, server::CallId call, server::Request request, Answer answer)
      : owner_(owner), call_(call), request_(std::move(request)), answer_(std::move(answer)) {}
  const server::Request& request() const { return request_; }
  void reply(server::StatusOr<server::Reply> reply) override {
    if (owner_.witness != nullptr) owner_.witness->answer_left(request_, reply, owner_.ended_);
    for (Observer* one : owner_.observers) one->answered(request_, reply, owner_.ended_);
    auto shared = std::make_shared<server::StatusOr<server::Reply>>(std::move(reply));
    // Half of the answers are out at once, whatever becomes of this process; the others leave a moment later, and a
    // crash in between loses them after the commit.
    const bool out = owner_.dice_.chance(50);
    const auto life = owner_.life_;
    auto& owner = owner_;
    owner.world_.after(World::between(owner.dice_, 0ns, 300us),
                       [&owner, life, out, shared, answer = std::move(answer_)] {
                         if (out || (owner.engine_ && owner.life_ == life)) answer(std::move(*shared));
                       });
    const auto self = std::move(owner_.sinks_[call_]);
    owner_.sinks_.erase(call_);
  }

 private:
  SimServer& owner_;
  server::CallId call_;
  server::Request request_;
  Answer answer_;
};

SimServer::SimServer(World& world)
    : world_(world), machine_(world), dice_(world.new_dice()), disk_(std::make_shared<server::SimulatedDisk>()) {}

SimServer::~SimServer() {
  engine_.reset();
}

void SimServer::start() {
  if (engine_) return;
  ++life_;
  ended_ = false;
  world_.server_starts();
  clock_.emplace(machine_);
  server::EngineOptions options;
  options.seed = dice_.next() | 1;
  for (const auto& [name, retention] : retentions_) {
    if (name != "default") options.namespaces.push_back(name);  // That one is always there.
  }
  options.retentions = {retentions_.begin(), retentions_.end()};
  options.limits.retention_sweep = 10s;
  const auto later = [this, life = life_](std::function<void()> what) {
    world_.after(World::between(dice_, 0ns, 2ms), [this, life, what = std::move(what)] {
      if (engine_ && life_ == life) what();
    });
  };
  options.visibility = std::make_unique<SimProjection>(
      [this](std::uint64_t ticket, server::StatusOr<server::Answer> answer) {
        engine_->answered(ticket, std::move(answer));
        wake(0ns);
      },
      later);
  options.on_fatal = [this](const std::string& reason) {
    world_.trace("server: ends: " + reason);
    ended_ = true;
  };
  options.on_disk_full = [this](const std::string& reason) {
    world_.trace("server: disk full: " + reason);
    ended_ = replaced_ = true;
    disk_->set_full(true);
    world_.after(std::exchange(full_for_, 0ns), [this] { disk_->set_full(false); });
  };
  if (adjust) adjust(options);
  auto opened = server::Engine::open(std::make_unique<server::CrashableStore>(disk_), std::move(options), time());
  if (!opened) throw std::logic_error("the server cannot read what it wrote: " + to_string(opened.error()));
  engine_ = std::move(opened).value();
  queue_empty_at_ = WallTime::min();  // As the real loop: nothing has been looked at yet.
  world_.trace("server: up");
  if (witness != nullptr) witness->lives().server_up();
  for (Observer* one : observers) one->server_up(*engine_);
  wake(0ns);
}

void SimServer::crash() {
  if (!engine_) return;
  world_.trace("server: killed");
  process_ended(false);
}

void SimServer::process_ended(bool commit_failed) {
  if (witness != nullptr) witness->lives().server_died(commit_failed);
  for (Observer* one : observers) one->server_died(commit_failed);
  ++crashes_;
  ++life_;
  next_step_ = TimePoint::max();
  frozen_until_ = {};
  engine_.reset();
  sinks_.clear();
  undelivered_.clear();
}

void SimServer::fill_disk(Nanoseconds duration) {
  full_for_ = duration;
  disk_->fail_next_commit(server::CommitFault::kNothingApplied, server::StatusCode::kResourceExhausted);
}

void SimServer::freeze(Nanoseconds duration) {
  if (!engine_) return;
  world_.trace("server: stands still");
  frozen_until_ = world_.now() + duration;
}

server::CallId SimServer::arrive(server::Request request, std::optional<Nanoseconds> patience, Answer answer) {
  if (!engine_) return 0;
  const server::CallId call = next_call_++;
  auto sink = std::make_unique<Sink>(*this, call, request, std::move(answer));
  server::Command command;
  command.call = call;
  command.request = std::move(request);
  command.patience = patience;
  command.sink = sink.get();
  sinks_[call] = std::move(sink);
  engine_->submit(std::move(command));
  wake(World::between(dice_, 0ns, 100us));
  return call;
}

void SimServer::caller_gone(server::CallId call) {
  if (!engine_ || sinks_.count(call) == 0) return;
  engine_->caller_gone(call);
  wake(0ns);
}

void SimServer::hand_out_undelivered(const std::string& token) {
  if (!engine_) return;
  engine_->hand_out_undelivered(token);
  undelivered_.push_back(token);
  if (witness != nullptr) witness->lives().undo_asked(token);
  wake(0ns);
}

bool SimServer::callback_done(std::uint64_t life, std::uint64_t ticket, const server::OutboundResult& result) {
  if (!engine_ || life_ != life) return false;
  engine_->callback_done(ticket, result);
  wake(0ns);
  return true;
}

void SimServer::wake(Nanoseconds delay) {
  auto at = world_.now() + delay;
  if (at < frozen_until_) at = frozen_until_;
  if (at >= next_step_) return;
  next_step_ = at;
  world_.after(at - world_.now(), [this, life = life_, at] {
    if (engine_ && life_ == life && next_step_ == at) step();
  });
}

WallTime SimServer::time() const {
  return planted(internal::Bug::kServerReadsWallClock) ? machine_.wall_now() : clock_->now();
}

void SimServer::step() {
  next_step_ = TimePoint::max();
  if (world_.now() < frozen_until_) return wake(frozen_until_ - world_.now());
  const WallTime now = time();
  auto undone = std::exchange(undelivered_, {});
  if (witness != nullptr) std::erase_if(undone, [this](const auto& token) { return !witness->is_held(token); });
  engine_->step({now, queue_empty_at_});
  if (ended_) {
    process_ended(true);
    if (std::exchange(replaced_, false)) return start();
    world_.after(World::between(dice_, 100ms, 1s), [this] { start(); });
    return;
  }
  // Everything that had arrived is applied by now.
  queue_empty_at_ = now;
  for (Observer* one : observers) one->stepped(*engine_);
  if (after_step) after_step();
  if (witness != nullptr) check_step(undone);
  if (const auto next = engine_->next_wakeup()) {
    const auto pause = *next > now ? Nanoseconds(*next - now) : Nanoseconds(1us);
    wake(pause);
  }
}

void SimServer::check_step(const std::vector<std::string>& undone) {
  for (const auto& token : undone) witness->hand_out_undone(token);
  for (const auto& [call, sink] : sinks_) {
    witness->still_waits(sink->request());
    for (Observer* one : observers) one->still_waits(sink->request());
  }
}

}  // namespace longbeat::simulation
