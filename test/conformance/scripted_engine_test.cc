// The edge alone: real gRPC calls on one side, an engine that does what the test says on the other.
#include <grpcpp/server_builder.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "conformance/raw_calls.h"
#include "conformance/raw_connection.h"
#include "rpc/event_loop.h"

using namespace longbeat::server;
using namespace longbeat::test;
using longbeat::internal::unavailable;

namespace {

/// Written by the test's thread and the loop's.
struct Seen {
  std::mutex mutex{};
  std::condition_variable changed{};
  std::vector<Request> requests{};
  std::vector<std::optional<Duration>> patience{};
  std::vector<CallId> gone{};
  std::vector<std::string> undelivered{};
  /// Answers for parked calls, released by the next step.
  std::vector<StatusOr<Reply>> answers{};
  bool stopping = false;
  /// What happens while the step commits that releases the next answer.
  std::function<void()> during_commit{};

  template <class Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, predicate);
  }
};

class ScriptedEngine final : public Engine {
 public:
  explicit ScriptedEngine(Seen& seen) : seen_(seen) {}

  void submit(Command command) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.requests.push_back(command.request);
    seen_.patience.push_back(command.patience);
    parked_.push_back(command.sink);
    seen_.changed.notify_all();
  }
  void caller_gone(CallId call) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.gone.push_back(call);
    seen_.changed.notify_all();
  }
  void hand_out_undelivered(const std::string& token) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.undelivered.push_back(token);
    seen_.changed.notify_all();
  }
  void answered(CallId, StatusOr<Answer>) override {}
  void callback_done(std::uint64_t, OutboundResult) override {}
  void step(StepTime time) override {
    steps_in_order_ = steps_in_order_ && time.queue_empty_at <= time.now && time.now >= now_;
    now_ = time.now;
    while (!parked_.empty()) {
      std::unique_lock lock(seen_.mutex);
      if (seen_.answers.empty()) return;
      auto answer = std::move(seen_.answers.front());
      seen_.answers.erase(seen_.answers.begin());
      const auto commit = std::exchange(seen_.during_commit, {});
      lock.unlock();
      if (commit) commit();
      ReplySink* sink = parked_.front();
      parked_.erase(parked_.begin());
      sink->reply(std::move(answer));
    }
  }
  std::optional<Time> next_wakeup() const override { return now_ + 5ms; }
  void stop_accepting() override {
    for (ReplySink* sink : std::exchange(parked_, {})) sink->reply(unavailable("stopping"));
    const std::lock_guard lock(seen_.mutex);
    seen_.stopping = true;
  }
  EngineStats stats() const override { return {}; }
  std::string cluster_id() const override { return "scripted"; }
  std::shared_ptr<const ActivityState> find(const RunRef&) const override { return nullptr; }
  bool steps_in_order() const { return steps_in_order_; }

 private:
  Seen& seen_;
  std::vector<ReplySink*> parked_{};
  Time now_{};
  bool steps_in_order_ = true;
};

/// A port with a loop and a ScriptedEngine behind it.
class Edge {
 public:
  explicit Edge(Seen& seen) {
    grpc::ServerBuilder builder;
    int bound = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &bound);
    builder.RegisterAsyncGenericService(&service_);
    auto queue = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    loop_ = std::make_unique<EventLoop>(std::move(queue), service_, RpcLimits{.armed_calls = 2}, ServerFacts{}, clock_);
    auto engine = std::make_unique<ScriptedEngine>(seen);
    engine_ = engine.get();
    loop_->start(std::move(engine));
    port = static_cast<std::uint16_t>(bound);
    address = "127.0.0.1:" + std::to_string(bound);
  }
  ~Edge() {
    loop_->post([this] { loop_->stop_accepting(); });
    server_->Shutdown(std::chrono::system_clock::now() + 1s);
    loop_->close();
    server_.reset();
  }
  /// The first half of stopping; the destructor does the other one.
  void stop_accepting(std::function<void()> answered) {
    loop_->post([this, answered = std::move(answered)] { loop_->stop_accepting(answered); });
  }
  RpcStats stats() {
    std::promise<RpcStats> stats;
    REQUIRE(loop_->post([&] { stats.set_value(loop_->stats()); }));
    return stats.get_future().get();
  }
  bool steps_in_order() const { return engine_->steps_in_order(); }
  std::string address;
  std::uint16_t port = 0;

 private:
  longbeat::internal::ServerClock clock_{longbeat::internal::system_clock()};
  grpc::AsyncGenericService service_{};
  std::unique_ptr<grpc::Server> server_{};
  std::unique_ptr<EventLoop> loop_{};
  ScriptedEngine* engine_ = nullptr;
};

PollTaskReply task_reply() {
  PollTaskReply task;
  task.token = "token-1";
  task.namespace_name = "default";
  auto input = std::make_shared<ActivityInput>();
  input->activity_id = "a";
  task.input = std::move(input);
  task.attempt = 1;
  return task;
}

}  // namespace

TEST_CASE("a caller who goes away is told to the engine, and a task for him comes back", "[rpc]") {
  Seen seen;
  Edge edge(seen);
  grpc::ClientContext context;
  auto poll = std::async(std::launch::async, [&] { return poll_with(edge.address, context, 30s); });
  REQUIRE(seen.wait([&] { return seen.requests.size() == 1; }));
  context.TryCancel();
  CHECK(poll.get().error_code() == grpc::StatusCode::CANCELLED);
  REQUIRE(seen.wait([&] { return seen.gone.size() == 1; }));
  // The engine had a task for the call before it heard of that.
  {
    const std::lock_guard lock(seen.mutex);
    seen.answers.emplace_back(Reply(task_reply()));
  }
  REQUIRE(seen.wait([&] { return seen.undelivered.size() == 1; }));
  CHECK(seen.undelivered.front() == "token-1");
  CHECK(edge.stats().open_calls == 0);
  CHECK(edge.stats().callers_gone == 1);
  CHECK(edge.stats().undelivered == 1);
}

TEST_CASE("a caller who goes away while his task is being committed does not get it", "[rpc]") {
  constexpr const char* kPoll = "/temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue";
  Seen seen;
  Edge edge(seen);
  RawConnection callers(edge.port);
  // Another answer of the same step, which leaves at once, makes gRPC's queue look busy.
  const bool is_alone = GENERATE(true, false);
  CAPTURE(is_alone);
  if (!is_alone) {
    callers.call(1, kPoll, {});
    REQUIRE(seen.wait([&] { return seen.requests.size() == 1; }));
  }
  callers.call(3, kPoll, {});
  REQUIRE(seen.wait([&] { return seen.requests.size() == (is_alone ? 1U : 2U); }));
  {
    const std::lock_guard lock(seen.mutex);
    if (!is_alone) seen.answers.emplace_back(Reply(PollTaskReply()));
    seen.answers.emplace_back(Reply(task_reply()));
    seen.during_commit = [&] { callers.reset(3); };
  }
  REQUIRE(seen.wait([&] { return seen.undelivered.size() == 1; }));
  CHECK(seen.undelivered.front() == "token-1");
  CHECK(edge.stats().undelivered == 1);
}

TEST_CASE("a task that arrived does not come back", "[rpc]") {
  Seen seen;
  seen.answers.emplace_back(Reply(task_reply()));
  Edge edge(seen);
  grpc::ClientContext context;
  service::PollActivityTaskQueueResponse response;
  CHECK(poll_with(edge.address, context, 30s, &response).ok());
  CHECK(response.task_token() == "token-1");
  CHECK(edge.stats().undelivered == 0);
}

TEST_CASE("a deadline becomes the caller's patience", "[rpc]") {
  Seen seen;
  for (int i = 0; i < 3; ++i) seen.answers.emplace_back(unavailable("no"));
  Edge edge(seen);
  for (const auto timeout : {std::chrono::milliseconds(30'000), std::chrono::milliseconds(0),
                             std::chrono::milliseconds(std::chrono::hours(24 * 365 * 50))}) {
    grpc::ClientContext context;
    CHECK(poll_with(edge.address, context, timeout).error_code() == grpc::StatusCode::UNAVAILABLE);
  }
  REQUIRE(seen.patience.size() == 3);
  REQUIRE(seen.patience[0]);
  CHECK(*seen.patience[0] > 25s);
  CHECK(*seen.patience[0] <= 31s);  // Clients round what they send up by as much as a hundredth.
  CHECK(!seen.patience[1]);
  CHECK(!seen.patience[2]);
}

TEST_CASE("a reply that cannot be encoded is INTERNAL, and its task comes back", "[rpc]") {
  Seen seen;
  auto task = task_reply();
  task.heartbeat_details = "\xff not payloads";
  seen.answers.emplace_back(Reply(std::move(task)));
  Edge edge(seen);
  grpc::ClientContext context;
  CHECK(poll_with(edge.address, context, 30s).error_code() == grpc::StatusCode::INTERNAL);
  REQUIRE(seen.wait([&] { return seen.undelivered.size() == 1; }));
  CHECK(edge.stats().exceptions == 1);
}

TEST_CASE("more calls at once than are armed are all answered", "[rpc]") {
  Seen seen;
  for (int i = 0; i < 50; ++i) seen.answers.emplace_back(Reply(PollTaskReply{}));
  Edge edge(seen);
  std::vector<std::future<bool>> polls;
  for (int i = 0; i < 50; ++i) {
    polls.push_back(std::async(std::launch::async, [&] {
      grpc::ClientContext context;
      return poll_with(edge.address, context, 30s).ok();
    }));
  }
  for (auto& poll : polls) CHECK(poll.get());
  CHECK(edge.stats().calls == 50);
  CHECK(edge.stats().open_calls == 0);
  CHECK(edge.steps_in_order());
}

TEST_CASE("stopping ends parked calls and comes to an end", "[rpc]") {
  Seen seen;
  auto edge = std::make_unique<Edge>(seen);
  auto poll = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    return poll_with(edge->address, context, 30s);
  });
  REQUIRE(seen.wait([&] { return seen.requests.size() == 1; }));
  edge.reset();
  CHECK(poll.get().error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(seen.stopping);
}

TEST_CASE("stopping tells when the answers have been written", "[rpc]") {
  Seen seen;
  Edge edge(seen);
  std::promise<void> answered;
  auto poll = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    return poll_with(edge.address, context, 30s);
  });
  REQUIRE(seen.wait([&] { return seen.requests.size() == 1; }));
  edge.stop_accepting([&] { answered.set_value(); });
  REQUIRE(answered.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(poll.get().error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(edge.stats().open_calls == 0);
}

TEST_CASE("stopping with nothing to answer waits for nothing", "[rpc]") {
  Seen seen;
  Edge edge(seen);
  std::promise<void> answered;
  edge.stop_accepting([&] { answered.set_value(); });
  CHECK(answered.get_future().wait_for(10s) == std::future_status::ready);
}

TEST_CASE("a call that comes after the answers is still taken, until the connections end", "[rpc]") {
  Seen seen;
  Edge edge(seen);
  std::promise<void> answered;
  edge.stop_accepting([&] { answered.set_value(); });
  REQUIRE(answered.get_future().wait_for(10s) == std::future_status::ready);
  // More than are armed at first.
  for (int i = 0; i < 5; ++i) {
    {
      const std::lock_guard lock(seen.mutex);
      seen.answers.emplace_back(unavailable("stopping"));
    }
    grpc::ClientContext context;
    CHECK(poll_with(edge.address, context, 30s).error_code() == grpc::StatusCode::UNAVAILABLE);
  }
}
