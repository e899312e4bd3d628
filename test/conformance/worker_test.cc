// The SDK's worker on real threads and sockets: what the user's code blocks stays its own trouble, and stop() may come
// from anywhere.
#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/log.h>
#include <longbeat/worker.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "conformance/operations.h"

using namespace longbeat;
using namespace longbeat::test;

namespace {

using Clock = std::chrono::steady_clock;

/// Whoever waits at it waits until it is opened; it opens at its end at the latest.
class Gate {
 public:
  ~Gate() { open(); }
  void wait() {
    if (!arrived_.exchange(true)) reached_.set_value();
    opened_.wait();
  }
  void open() {
    if (!open_.exchange(true)) promise_.set_value();
  }
  /// Somebody waits there.
  bool reached() { return reached_future_.wait_for(10s) == std::future_status::ready; }

 private:
  std::promise<void> promise_{}, reached_{};
  std::shared_future<void> opened_ = promise_.get_future().share();
  std::future<void> reached_future_ = reached_.get_future();
  std::atomic<bool> arrived_{false}, open_{false};
};

Gate* encoding_gate = nullptr;  ///< where encoding of a Blocking waits
struct Blocking {};

}  // namespace

LONGBEAT_BEGIN
template <>
struct PayloadCodec<Blocking> {
  static Payload encode(const Blocking&) {
    encoding_gate->wait();
    return PayloadCodec<std::string>::encode("late");
  }
  static Result<Blocking> decode(const Payload&) { return Blocking{}; }
};
LONGBEAT_END

namespace {

constexpr Activity<std::string(std::string)> kEcho{"echo"};
constexpr Activity<std::string()> kBeats{"beats"};
constexpr Activity<void()> kBlocks{"blocks"};
constexpr Activity<std::string()> kQuits{"quits"};

/// A worker against the server under test, with activities whose end shows that nothing held them up.
struct Room : Conformance {
  explicit Room(std::int32_t slots = 8)
      : sdk(Client::connect({.address = address()}).value()),
        worker(std::make_unique<Worker>(sdk, WorkerOptions{.task_queue = queue,
                                                           .max_concurrent_activities = slots,
                                                           .graceful_shutdown_timeout = 200ms,
                                                           .heartbeat_interval = 1s,
                                                           .identity = "worker of " + queue})) {
    worker->serve(kEcho, [](const std::string& text) { return text; });
    worker->serve(kBeats, [](ActivityContext& context) {
      for (int i = 0; i < 20; ++i) {
        context.heartbeat(i);
        if (!context.sleep_for(60ms)) context.throw_if_stopped();
      }
      return std::string("never late");
    });
  }
  StartOptions options(std::optional<std::chrono::nanoseconds> heartbeat = {}) const {
    return {.id = unique("activity"),
            .task_queue = queue,
            .start_to_close_timeout = 1min,
            .heartbeat_timeout = heartbeat,
            .retry_policy = RetryPolicy{.maximum_attempts = 1}};
  }
  /// Polls, heartbeats and reports of the others go on: an attempt with a lease of 600 ms lives for twice as long.
  /// Temporal's server is given more: it is slow on a busy machine.
  void check_others_go_on() {
    const auto beats = sdk.start(kBeats, options(own_server() ? 600ms : 1s)).value();
    for (int i = 0; i < 5; ++i) {
      const auto echo = sdk.start(kEcho, options(), std::to_string(i)).value();
      CHECK(echo.result({.timeout = 5s}).value() == std::to_string(i));
    }
    CHECK(beats.result({.timeout = 10s}).value() == "never late");
  }
  Client sdk;
  std::unique_ptr<Worker> worker;
};

/// Replaces the log's sink while it lives.
struct Sink {
  explicit Sink(LogSink sink) { set_log_sink(std::move(sink), LogLevel::kWarn); }
  ~Sink() { set_log_sink({}); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
};

std::chrono::nanoseconds since(Clock::time_point start) {
  return Clock::now() - start;
}

}  // namespace

TEST_CASE("an activity that blocks holds up nobody else", "[conformance][worker][isolation]") {
  Gate gate;  // Outlives the worker, whose functions wait at it.
  Room room;
  room.worker->serve(kBlocks, [&] { gate.wait(); });
  REQUIRE(room.worker->start());
  const auto blocked = room.sdk.start(kBlocks, room.options()).value();
  REQUIRE(gate.reached());
  room.check_others_go_on();

  const auto begun = Clock::now();
  const auto stopped = room.worker->stop(2s);
  CHECK(since(begun) < 4s);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ErrorCode::kDeadlineExceeded);
  CHECK_THAT(stopped.error().message, ContainsSubstring("blocks '" + blocked.id() + "' (attempt 1), on thread "));
  CHECK_THAT(stopped.error().message, ContainsSubstring("(lb-activity), begun "));
  CHECK_THAT(stopped.error().message, ContainsSubstring("no heartbeat acknowledged"));
  const auto outcome = blocked.result({.timeout = 5s});
  REQUIRE_FALSE(outcome);
  REQUIRE(outcome.error().failure);
  CHECK(outcome.error().failure->type == "WorkerShutdown");
  gate.open();
}

TEST_CASE("a converter that blocks holds up nobody else, not even its own attempt's lease",
          "[conformance][worker][isolation]") {
  Gate gate;
  encoding_gate = &gate;
  std::promise<void> go_on;
  Room room;
  room.worker->serve(kBlocks, [&, wait = go_on.get_future().share()](ActivityContext& context) {
    context.heartbeat(Blocking{});
    while (wait.wait_for(50ms) != std::future_status::ready) context.heartbeat();
  });
  REQUIRE(room.worker->start());
  const auto blocked = room.sdk.start(kBlocks, room.options(600ms)).value();
  REQUIRE(gate.reached());
  room.check_others_go_on();
  go_on.set_value();
  CHECK(blocked.result({.timeout = 5s}));
  const auto begun = Clock::now();
  CHECK(room.worker->stop(3s));
  CHECK(since(begun) < 4s);
  gate.open();
}

TEST_CASE("a stop callback that blocks holds up nobody else", "[conformance][worker][isolation]") {
  Gate gate;
  std::promise<void> ready, called;
  Room room;
  room.worker->serve(kBlocks, [&](ActivityContext& context) {
    const std::stop_callback callback(context.stop_token(), [&] {
      called.set_value();
      gate.wait();
    });
    ready.set_value();
    while (!context.stopped()) {
      context.heartbeat();
      context.sleep_for(50ms);
    }
    called.get_future().wait();  // A callback that has not begun would be removed unheard.
    context.throw_if_stopped();
  });
  REQUIRE(room.worker->start());
  const auto blocked = room.sdk.start(kBlocks, room.options(600ms)).value();
  REQUIRE(ready.get_future().wait_for(10s) == std::future_status::ready);
  REQUIRE(blocked.cancel("enough"));
  REQUIRE(gate.reached());
  room.check_others_go_on();
  const auto canceled = room.sdk.start(kBeats, room.options(600ms)).value();
  REQUIRE(canceled.cancel("too"));
  const auto outcome = canceled.result({.timeout = 5s});
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == ErrorCode::kActivityCanceled);

  const auto begun = Clock::now();
  const auto stopped = room.worker->stop(2s);  // The callback keeps its function from returning.
  CHECK(since(begun) < 4s);
  REQUIRE_FALSE(stopped);
  CHECK_THAT(stopped.error().message, ContainsSubstring(blocked.id()));
  CHECK_THAT(stopped.error().message, !ContainsSubstring("; "));
  gate.open();
}

TEST_CASE("a log sink that blocks holds up nobody", "[conformance][worker][isolation]") {
  Gate gate;  // Outlives the worker, whose functions wait at it.
  Room room;
  const Sink sink([&](const LogRecord&) { gate.wait(); });
  room.worker->serve(kBlocks, [] { throw std::runtime_error("boom"); });
  REQUIRE(room.worker->start());
  CHECK_FALSE(room.sdk.start(kBlocks, room.options()).value().result({.timeout = 5s}));
  REQUIRE(gate.reached());  // The failed attempt is logged.
  room.check_others_go_on();
  const auto begun = Clock::now();
  CHECK(room.worker->stop(3s));
  CHECK(since(begun) < 4s);
  gate.open();
}

TEST_CASE("stop() comes from anywhere", "[conformance][worker][shutdown]") {
  Room room;
  SECTION("from inside an activity, which still reports its result, and ends run()") {
    std::optional<Result<>> inside;
    room.worker->serve(kQuits, [&](ActivityContext& context) {
      inside = room.worker->stop(5s);
      const auto patience = Clock::now() + 5s;  // Another thread tells the token.
      while (!context.shutdown_token().stop_requested() && Clock::now() < patience) std::this_thread::yield();
      return std::string(context.shutdown_token().stop_requested() ? "knew" : "did not know");
    });
    auto ran = std::async(std::launch::async, [&] { return room.worker->run(std::stop_token()); });
    const auto quits = room.sdk.start(kQuits, room.options()).value();
    CHECK(quits.result({.timeout = 10s}).value() == "knew");
    REQUIRE(ran.wait_for(10s) == std::future_status::ready);
    CHECK(ran.get());
    REQUIRE(inside);
    CHECK(*inside);
    room.worker.reset();
  }
  SECTION("from inside an activity while another one blocks, which it names") {
    Gate gate;
    std::optional<Result<>> inside;
    room.worker->serve(kBlocks, [&] { gate.wait(); });
    room.worker->serve(kQuits, [&] {
      inside = room.worker->stop(500ms);
      return std::string("done");
    });
    REQUIRE(room.worker->start());
    const auto blocked = room.sdk.start(kBlocks, room.options()).value();
    REQUIRE(gate.reached());
    const auto quits = room.sdk.start(kQuits, room.options()).value();
    CHECK(quits.result({.timeout = 10s}).value() == "done");
    REQUIRE(inside);
    REQUIRE_FALSE(*inside);
    CHECK(inside->error().code == ErrorCode::kDeadlineExceeded);
    CHECK_THAT(inside->error().message, ContainsSubstring(blocked.id()));
    CHECK_THAT(inside->error().message, !ContainsSubstring(quits.id()));
    gate.open();
    room.worker.reset();
  }
  SECTION("from a stop callback") {
    std::promise<void> ready, called, returned;
    room.worker->serve(kBlocks, [&](ActivityContext& context) {
      const std::stop_callback callback(context.stop_token(), [&] {
        called.set_value();
        const auto ignored = room.worker->stop(1s);
        returned.set_value();
      });
      ready.set_value();
      while (!context.stopped()) {
        context.heartbeat();
        context.sleep_for(50ms);
      }
      called.get_future().wait();
      context.throw_if_stopped();
    });
    REQUIRE(room.worker->start());
    const auto blocked = room.sdk.start(kBlocks, room.options(600ms)).value();
    REQUIRE(ready.get_future().wait_for(10s) == std::future_status::ready);
    REQUIRE(blocked.cancel("enough"));
    CHECK(returned.get_future().wait_for(10s) == std::future_status::ready);
    const auto outcome = blocked.result({.timeout = 10s});
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ErrorCode::kActivityCanceled);
    room.worker.reset();
  }
  SECTION("from the log's sink") {
    std::promise<Result<>> returned;
    std::atomic<bool> once{false};
    const Sink sink([&](const LogRecord& record) {
      if (record.message.find("boom") == std::string_view::npos || once.exchange(true)) return;
      returned.set_value(room.worker->stop(5s));
    });
    room.worker->serve(kBlocks, [] { throw std::runtime_error("boom"); });
    REQUIRE(room.worker->start());
    CHECK_FALSE(room.sdk.start(kBlocks, room.options()).value().result({.timeout = 5s}));
    auto future = returned.get_future();
    REQUIRE(future.wait_for(10s) == std::future_status::ready);
    CHECK(future.get());
  }
  SECTION("from several threads at once, and then from the destructor") {
    REQUIRE(room.worker->start());
    CHECK(room.sdk.start(kEcho, room.options(), "x").value().result({.timeout = 5s}).value() == "x");
    std::vector<std::future<Result<>>> stops;
    for (int i = 0; i < 4; ++i) stops.push_back(std::async(std::launch::async, [&] { return room.worker->stop(5s); }));
    for (auto& stop : stops) CHECK(stop.get());
    room.worker.reset();
  }
}

TEST_CASE("a running worker is in the server's list of workers, and tells when it goes",
          "[conformance][worker][workers]") {
  Room room(3);
  const auto listed = [&] {
    service::ListWorkersRequest request;
    request.set_namespace_("default");
    request.set_query("TaskQueue = '" + room.queue + "'");
    return ask<service::ListWorkersResponse>(room, "ListWorkers", request);
  };
  REQUIRE(room.worker->start());
  REQUIRE(eventually([&] { return listed().workers_size() == 1; }));
  const auto item = listed().workers(0);
  CHECK(item.worker_identity() == "worker of " + room.queue);
  CHECK(item.status() == enums::WORKER_STATUS_RUNNING);
  CHECK(item.sdk_name() == "longbeat-cpp");
  CHECK(item.sdk_version() == LONGBEAT_VERSION);
  CHECK(item.process_id() == std::to_string(getpid()));
  CHECK_FALSE(item.host_name().empty());

  CHECK(room.sdk.start(kEcho, room.options(), "x").value().result({.timeout = 5s}).value() == "x");
  const auto described = [&] {
    service::DescribeWorkerRequest request;
    request.set_namespace_("default");
    request.set_worker_instance_key(item.worker_instance_key());
    return ask<service::DescribeWorkerResponse>(room, "DescribeWorker", request).worker_info().worker_heartbeat();
  };
  REQUIRE(eventually([&] { return described().activity_task_slots_info().total_processed_tasks() == 1; }));
  const auto beat = described();
  CHECK(beat.activity_task_slots_info().current_available_slots() == 3);
  CHECK(beat.activity_task_slots_info().slot_supplier_kind() == "Fixed");
  CHECK(beat.activity_poller_info().current_pollers() == 3);
  CHECK(beat.activity_poller_info().has_last_successful_poll_time());

  const auto begun = Clock::now();
  CHECK(room.worker->stop(5s));
  CHECK(since(begun) < 900ms);  // The server answers the open polls at once.
  CHECK(described().status() == enums::WORKER_STATUS_SHUTTING_DOWN);
}
