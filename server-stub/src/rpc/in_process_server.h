#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/transport.h"
#include "local/call_faults.h"
#include "local/stage_loop.h"
#include "rpc/dispatch_table.h"

namespace longbeat::server {

struct InProcessOptions {
  std::string database{};  ///< empty: memory, which a kill() leaves alone
  std::vector<std::string> namespaces{};
};

/// The server without a network: calls come and go as bytes, through the decoders and encoders of the other one.
/// Everything runs on its loop; only the constructor and stop() are for another thread.
class InProcessServer {
 public:
  /// How a call ended. `token`, when it is not empty, is that of the task it carries.
  using Answered = std::function<void(StatusOr<std::string> answer, std::string token)>;
  /// The call is lost: nobody answers it.
  using Lost = std::function<void()>;

  InProcessServer(std::shared_ptr<StageThread> thread, InProcessOptions options);
  ~InProcessServer();
  InProcessServer(const InProcessServer&) = delete;
  InProcessServer& operator=(const InProcessServer&) = delete;

  /// Reads what the store holds; the first start, or the one after a kill().
  StatusOr<> open();
  /// Ends as a process that gets SIGKILL: calls under way break, the store stays.
  void kill();
  /// Answers parked calls as if they had run out, then ends for good. Not on its loop; may come twice.
  void stop();

  StageLoop& loop() { return loop_; }
  Engine* engine() const { return engine_.get(); }
  CallFaults& faults() { return faults_; }
  std::uint64_t calls() const { return last_call_; }
  /// Runs after every step.
  std::function<void()> after_step{};

  /// A call arrives. `answered` runs once, not inside this, unless the call is lost.
  CallId arrive(internal::LinkCall call, Answered answered, Lost lost);
  void caller_gone(CallId call);
  /// The task with this token did not reach its caller.
  void undelivered(const std::string& token);

 private:
  class Sink;
  struct Arrived {
    const Rpc* rpc = nullptr;
    Request request{};
    std::optional<Duration> patience{};
    Answered answered{};
    Lost lost{};
  };

  StatusOr<Request> decode(const Rpc& rpc, const internal::LinkCall& call);
  void meet_faults(CallId id, Arrived arrived);
  void submit(CallId id, Arrived arrived, bool reply_is_lost);
  void request_step();
  void step();
  void arm();
  StatusOr<EngineOptions> engine_options();

  const std::shared_ptr<StageThread> thread_;
  StageLoop loop_;
  const InProcessOptions options_;
  const std::shared_ptr<StageClock> time_;
  const internal::ServerClock clock_;
  const std::shared_ptr<Store> memory_;  ///< null with a database
  std::unique_ptr<Engine> engine_{};
  std::uint64_t engine_number_ = 0;  ///< counts the engines: what was meant for an older one is not for this one
  ServerFacts facts_{};
  Scratch scratch_{};
  CallFaults faults_{};
  std::map<CallId, std::unique_ptr<Sink>> sinks_;
  CallId last_call_ = 0;
  bool step_posted_ = false;
  Time step_time_{};
  internal::TimerId event_timer_ = 0, wakeup_timer_ = 0;
};

}  // namespace longbeat::server
