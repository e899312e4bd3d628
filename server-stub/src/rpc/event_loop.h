#pragma once
#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/guarded.h"
#include "base/line_pace.h"
#include "rpc/gate.h"
#include "rpc/generic_call.h"
#include "rpc/limits.h"
#include "rpc/request_line.h"
#include "rpc/slow_calls.h"

namespace longbeat::server {

/// What the edge counts since it started.
struct RpcStats {
  std::uint64_t calls = 0, steps = 0, events = 0;
  std::uint64_t unknown_methods = 0, undecodable = 0, oversized = 0, refused_overload = 0, exceptions = 0;
  std::uint64_t callers_gone = 0, undelivered = 0;
  std::size_t open_calls = 0;
  std::size_t connections = 0;
  std::uint64_t connections_closed_at_once = 0;  ///< because there were far too many
  AccessRefusals access{};
  std::uint64_t shed = 0;     ///< refused because the server could not keep up
  std::uint64_t cut_off = 0;  ///< because their callers neither sent nor read for too long
  std::uint64_t certificates_renewed = 0;
};

class Acceptor;

/// The server's one thread: waits for the queue or the engine's next timer, drains what has come, lets the engine step
/// (which commits once and releases the replies). Owns engine, calls and queue while it runs.
class EventLoop {
 public:
  EventLoop(std::unique_ptr<grpc::ServerCompletionQueue> queue, grpc::AsyncGenericService& service, RpcLimits limits,
            ServerFacts facts, const internal::ServerClock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Makes an engine, from the file as it is. Runs on the loop's thread.
  using MakeEngine = std::function<StatusOr<std::unique_ptr<Engine>>()>;

  /// Starts the thread. `another` makes the engine that takes over from one whose disk was full; `none` hears why there
  /// cannot be one.
  void start(std::unique_ptr<Engine> engine, MakeEngine another = {},
             std::function<void(const std::string&)> none = {});
  /// Runs `work` on the loop's thread. Any thread. False once the loop is closing: the work is dropped.
  bool post(std::function<void()> work);
  /// Ends the loop after everything outstanding came back, and waits for its thread. Only after grpc::Server::Shutdown.
  void close();

  // --- From here on: the loop's thread only ---
  Engine& engine() { return *engine_; }
  /// Counts the engines: what was meant for an older one is not for this one.
  std::uint64_t engine_number() const { return engine_number_; }
  /// The engine has ended because its disk is full: another one follows, at once or, if that happens again and again,
  /// after a pause. Until then every call is UNAVAILABLE.
  void replace_engine_soon();
  ServerFacts& facts() { return facts_; }
  RpcStats stats() const;
  /// Answers parked calls and refuses new ones from now on. `answered` runs once every answer given here or owed by the
  /// engine has been written to its connection or lost with it; calls whose request is still coming do not hold it up.
  void stop_accepting(std::function<void()> answered = {});

  /// Before start(), or on the loop's thread.
  Gate& gate() { return gate_; }

  /// Who says which connections are beyond the limit. Before start(); outlives the loop.
  void watch_connections(Acceptor& acceptor) { acceptor_ = &acceptor; }

  // For GenericCall.
  /// What brings new work is refused: others have waited too long already.
  bool shedding() const { return line_.longest_wait(clock_.now()) > limits_.overload_delay; }
  /// The call will be refused: refuse_now() follows in a while. Nothing: it has to be done at once.
  std::optional<SlowCalls<GenericCall>::Place> hold_back(GenericCall& call);
  void holds_no_more(SlowCalls<GenericCall>::Place place) { refused_.remove(place); }
  bool too_many_connections() const;
  bool is_surplus(const std::string& peer) const;
  /// Its request is complete: take_turn() follows.
  void wait_in_line(GenericCall& call, bool brings_work) {
    brings_work ? line_.add_new_work(call, clock_.now()) : line_.add_urgent(call);
  }
  SlowCalls<GenericCall>::Place waits(GenericCall& call, bool reads, std::size_t bytes) {
    return (reads ? senders_ : readers_).add(call, clock_.now(), bytes);
  }
  void waits_no_more(SlowCalls<GenericCall>::Place place, bool reads) { (reads ? senders_ : readers_).remove(place); }
  const RpcLimits& limits() const { return limits_; }
  RpcStats& counters() { return stats_; }
  Scratch& scratch() { return scratch_; }
  Time step_time() const { return step_time_; }
  Time now() const { return clock_.now(); }
  /// Too many calls are open; of those that need no key, or of the others.
  bool overloaded(bool probes) const {
    return probes ? open_probes_ > limits_.probe_calls_max : stats_.open_calls - open_probes_ > limits_.calls_max;
  }
  /// A call that has arrived needs no key.
  void probe_began() { ++open_probes_; }
  /// A call is refused because of a limit: one line in ten seconds for each cause.
  void limit_reached(const Status& refusal, std::int32_t cause, std::string_view method);
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
  /// Serves what waits in the line, up to a batch of it.
  void serve();
  void cut_off_the_slow(Time now);
  void refuse_the_held_back(Time now, Duration longer_than);
  void step();
  void replace_engine();
  void run_inbox();
  void close_queue();
  void arm_one();

  const RpcLimits limits_;
  const internal::ServerClock& clock_;
  grpc::AsyncGenericService& service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<Engine> engine_{};
  MakeEngine make_engine_{};
  std::function<void(const std::string&)> on_no_engine_{};
  std::uint64_t engine_number_ = 0;
  std::optional<Time> replace_at_{};  ///< Set: the engine has ended, and another one is made then.
  Time replaced_at_ = Time::min();
  Duration replace_pause_{0};
  ServerFacts facts_;
  RpcStats stats_{};
  Gate gate_{};
  RequestLine<GenericCall> line_{};
  SlowCalls<GenericCall> senders_{}, readers_{};  ///< calls that wait for the rest of a request; to be read
  SlowCalls<GenericCall> refused_{};              ///< calls whose refusal is kept back
  Acceptor* acceptor_ = nullptr;
  Scratch scratch_{};
  std::vector<std::unique_ptr<GenericCall>> calls_{};  ///< every call there is
  std::vector<GenericCall*> free_{};
  std::unordered_set<GenericCall*> streams_{};
  std::vector<std::string> undelivered_{};
  std::vector<GenericCall*> held_{};  ///< their answers hold tasks
  std::size_t open_probes_ = 0;
  std::map<std::int32_t, internal::LinePace<Time>> limit_lines_{};  ///< by cause
  CallId last_call_ = 0;
  Time step_time_{};
  Time queue_empty_at_ = Time::min();   ///< Until the first look.
  Time looked_empty_at_ = Time::min();  ///< The same, while some of what came before may still wait in the line.
  std::size_t farewells_ = 0;           ///< answers that stop_accepting() still waits for
  std::function<void()> on_farewells_over_{};
  bool accepting_ = true;
  bool queue_closed_ = false;

  internal::Guarded<Inbox> inbox_{};
  KickTag kick_tag_;
  grpc::Alarm kick_{};
  std::thread thread_{};
};

}  // namespace longbeat::server
