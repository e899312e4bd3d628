#pragma once
#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <functional>
#include <memory>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/guarded.h"
#include "rpc/generic_call.h"
#include "rpc/limits.h"

namespace longbeat::server {

/// What the edge counts since it started.
struct RpcStats {
  std::uint64_t calls = 0, steps = 0, events = 0;
  std::uint64_t unknown_methods = 0, undecodable = 0, oversized = 0, refused_overload = 0, exceptions = 0;
  std::uint64_t callers_gone = 0, undelivered = 0;
  std::size_t open_calls = 0;
};

/// The server's one thread: waits for the queue or the engine's next timer, drains what has come, lets the engine step
/// (which commits once and releases the replies). Owns engine, calls and queue while it runs.
class EventLoop {
 public:
  EventLoop(std::unique_ptr<grpc::ServerCompletionQueue> queue, grpc::AsyncGenericService& service, RpcLimits limits,
            ServerFacts facts, const internal::ServerClock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Starts the thread.
  void start(std::unique_ptr<Engine> engine);
  /// Runs `work` on the loop's thread. Any thread. False once the loop is closing: the work is dropped.
  bool post(std::function<void()> work);
  /// Ends the loop after everything outstanding came back, and waits for its thread. Only after grpc::Server::Shutdown.
  void close();

  // --- From here on: the loop's thread only ---
  Engine& engine() { return *engine_; }
  ServerFacts& facts() { return facts_; }
  RpcStats stats() const;
  /// Answers parked calls and refuses new ones from now on. `answered` runs once every answer given here or owed by the
  /// engine has been written to its connection or lost with it; calls whose request is still coming do not hold it up.
  void stop_accepting(std::function<void()> answered = {});

  // For GenericCall.
  const RpcLimits& limits() const { return limits_; }
  RpcStats& counters() { return stats_; }
  Scratch& scratch() { return scratch_; }
  Time step_time() const { return step_time_; }
  bool overloaded() const { return stats_.open_calls > limits_.calls_max; }
  bool queue_closed() const { return queue_closed_; }
  bool accepting() const { return accepting_; }
  /// Calls that may stay open for ever are told when the server stops.
  void stream_began(GenericCall& call) { streams_.insert(&call); }
  void stream_ended(GenericCall& call) { streams_.erase(&call); }
  void request_call(grpc::GenericServerContext& context, grpc::GenericServerAsyncReaderWriter& stream, Tag* tag);
  /// Counts it and arms another one; returns the ID of this call.
  CallId call_arrived();
  void disarmed() { ++stats_.open_calls; }  // Evens out at_rest(): it never became an open call.
  void submit(Command command) { engine_->submit(std::move(command)); }
  void caller_gone(CallId call) { engine_->caller_gone(call); }
  /// The reply with this task token (empty: none) did not leave.
  void undelivered(std::string token);
  /// This call's answer holds a task: hand_over() follows after this step, and after a look at the queue.
  void hold(GenericCall& call) { held_.push_back(&call); }
  void at_rest(GenericCall& call);
  /// A call that stop_accepting() waits for has its answer.
  void farewell_over();

 private:
  struct Inbox {
    std::vector<std::function<void()>> work{};
    bool kicked = false;
    bool closed = false;
  };
  struct KickTag final : Tag {
    explicit KickTag(EventLoop& owner) : loop(owner) {}
    void proceed(bool) override { loop.run_inbox(); }
    EventLoop& loop;
  };

  void run();
  /// Waits for the first event until then, and takes what else has come. False once the queue is shut down and empty.
  bool take_events(gpr_timespec until);
  /// Hands over what the step kept back. First takes what has come meanwhile: a caller that went away while its task
  /// was being committed is known to be gone only then.
  void hand_over();
  gpr_timespec wait_until() const;
  void step();
  void run_inbox();
  void close_queue();
  void arm_one();

  const RpcLimits limits_;
  const internal::ServerClock& clock_;
  grpc::AsyncGenericService& service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<Engine> engine_{};
  ServerFacts facts_;
  RpcStats stats_{};
  Scratch scratch_{};
  std::vector<std::unique_ptr<GenericCall>> calls_{};  ///< every call there is
  std::vector<GenericCall*> free_{};
  std::unordered_set<GenericCall*> streams_{};
  std::vector<std::string> undelivered_{};
  std::vector<GenericCall*> held_{};  ///< their answers hold tasks
  CallId last_call_ = 0;
  Time step_time_{};
  Time queue_empty_at_ = Time::min();  ///< Until the first look.
  std::size_t farewells_ = 0;          ///< answers that stop_accepting() still waits for
  std::function<void()> on_farewells_over_{};
  bool accepting_ = true;
  bool queue_closed_ = false;

  internal::Guarded<Inbox> inbox_{};
  KickTag kick_tag_;
  grpc::Alarm kick_{};
  std::thread thread_{};
};

}  // namespace longbeat::server
