#include "simulation/sim_server.h"

#include <stdexcept>

namespace longbeat::simulation {

using namespace std::chrono_literals;

/// Takes one reply out of the engine; the answer travels after the step.
class SimServer::Sink final : public server::ReplySink {
 public:
  Sink(SimServer& owner, server::CallId call, Answer answer) : owner_(owner), call_(call), answer_(std::move(answer)) {}
  void reply(server::StatusOr<server::Reply> reply) override {
    auto shared = std::make_shared<server::StatusOr<server::Reply>>(std::move(reply));
    // The answer leaves a moment later: a crash in between loses it after the commit.
    const auto life = owner_.life_;
    auto& owner = owner_;
    owner.world_.after(owner.world_.between(0ns, 300us), [&owner, life, shared, answer = std::move(answer_)] {
      if (owner.engine_ && owner.life_ == life) answer(std::move(*shared));
    });
    const auto self = std::move(owner_.sinks_[call_]);
    owner_.sinks_.erase(call_);
  }

 private:
  SimServer& owner_;
  server::CallId call_;
  Answer answer_;
};

SimServer::SimServer(World& world) : world_(world), disk_(std::make_shared<server::SimulatedDisk>()) {}

SimServer::~SimServer() {
  engine_.reset();
}

void SimServer::start() {
  if (engine_) return;
  ++life_;
  ended_ = false;
  server::EngineOptions options;
  options.seed = world_.random().next() | 1;
  options.on_fatal = [this](const std::string& reason) {
    world_.trace("server: ends: " + reason);
    ended_ = true;
  };
  auto opened =
      server::Engine::open(std::make_unique<server::CrashableStore>(disk_), std::move(options), world_.wall_now());
  if (!opened) throw std::logic_error("the server cannot read what it wrote: " + to_string(opened.error()));
  engine_ = std::move(opened).value();
  queue_empty_at_ = WallTime::min();  // As the real loop: nothing has been looked at yet.
  world_.trace("server: up");
  wake(0ns);
}

void SimServer::crash() {
  if (!engine_) return;
  world_.trace("server: killed");
  ++crashes_;
  ++life_;
  next_step_ = TimePoint::max();
  frozen_until_ = {};
  engine_.reset();
  sinks_.clear();
}

void SimServer::freeze(Nanoseconds duration) {
  if (!engine_) return;
  world_.trace("server: stands still");
  frozen_until_ = world_.now() + duration;
}

server::CallId SimServer::arrive(server::Request request, std::optional<Nanoseconds> patience, Answer answer) {
  if (!engine_) return 0;
  const server::CallId call = next_call_++;
  auto sink = std::make_unique<Sink>(*this, call, std::move(answer));
  server::Command command;
  command.call = call;
  command.request = std::move(request);
  command.patience = patience;
  command.sink = sink.get();
  sinks_[call] = std::move(sink);
  engine_->submit(std::move(command));
  wake(world_.between(0ns, 100us));
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
  wake(0ns);
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

void SimServer::step() {
  next_step_ = TimePoint::max();
  if (world_.now() < frozen_until_) return wake(frozen_until_ - world_.now());
  const WallTime now = world_.wall_now();
  engine_->step({now, queue_empty_at_});
  if (ended_) {
    crash();
    world_.after(world_.between(100ms, 1s), [this] { start(); });
    return;
  }
  // Everything that had arrived is applied by now.
  queue_empty_at_ = now;
  if (after_step) after_step();
  if (const auto next = engine_->next_wakeup()) {
    const auto pause = *next > now ? Nanoseconds(*next - now) : Nanoseconds(1us);
    wake(pause);
  }
}

}  // namespace longbeat::simulation
