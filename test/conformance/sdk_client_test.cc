// What a Client can do, against a whole server: every call of its public headers, in both forms.
#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <coroutine>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "conformance/home.h"
#include "support/catch.h"

using namespace longbeat;
using namespace std::chrono_literals;

namespace {

constexpr Activity<int(int)> twice{"twice"};
constexpr Activity<std::string(std::string)> walk{"walk"};

/// A home, a client and, on the queue "served", a worker. `walk` heartbeats until it is told how to go on.
struct Room {
  test::Home home{};
  Client client = Client::connect(home.client("the client")).value();
  Worker worker{client, {.task_queue = "served", .identity = "the worker"}};

  Room() {
    worker.serve(twice, [](int number) {
      if (number < 0) throw ApplicationError("negative", {.type = "Negative", .non_retryable = true});
      return 2 * number;
    });
    worker.serve(walk, [](ActivityContext& context, const std::string& until) {
      for (int step = 1; until != "step " + std::to_string(step); ++step) {
        context.heartbeat(step);
        if (!context.sleep_for(20ms)) context.throw_if_stopped();
      }
      return std::string("there");
    });
    REQUIRE(worker.start());
  }
  /// Nobody serves this queue, so that the activity stays where the test puts it.
  StartOptions unserved(std::string id) const {
    return {.id = std::move(id), .task_queue = "nowhere", .start_to_close_timeout = 1min};
  }
  StartOptions served(std::string id) const {
    return {.id = std::move(id), .task_queue = "served", .start_to_close_timeout = 1min, .heartbeat_timeout = 1s};
  }
};

/// Lists and registries may lag behind.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Task add_up(Client& client, std::promise<int>& sum) {
  int all = 0;
  for (int number = 1; number <= 3; ++number) {
    auto pending = client.execute_async(
        twice, {.id = "co-" + std::to_string(number), .task_queue = "served", .start_to_close_timeout = 1min}, number);
    all += (co_await pending).value();
  }
  sum.set_value(all);
}

}  // namespace

TEST_CASE("execute runs an activity and gives its result", "[conformance][client]") {
  Room room;
  CHECK(room.client.execute(twice, room.served("a"), 21).value() == 42);
  CHECK(room.client.execute_async(twice, room.served("b"), 4).get().value() == 8);
  const auto error = room.client.execute(twice, room.served("c"), -1).error();
  CHECK(error.code == ErrorCode::kActivityFailed);
  CHECK(error.failure->type == "Negative");
  CHECK(room.client.execute(twice, room.served("c"), 1).value() == 2);  // Closed IDs may be used again.
  auto bounded = room.unserved("d");
  bounded.call.timeout = 50ms;
  CHECK(room.client.execute(twice, bounded, 1).error().code == ErrorCode::kDeadlineExceeded);
  CHECK(room.client.handle<int>("d").describe()->open());
}

TEST_CASE("a coroutine executes one activity after the other", "[conformance][client]") {
  Room room;
  std::promise<int> sum;
  add_up(room.client, sum);
  CHECK(sum.get_future().get() == 12);
}

TEST_CASE("many starts all get through, and those that are refused say why", "[conformance][client]") {
  Room room;
  std::vector<int> numbers(200);
  for (int i = 0; i < 200; ++i) numbers[static_cast<std::size_t>(i)] = i;
  const auto options_of = [&](int number) { return room.unserved("many-" + std::to_string(number % 199)); };
  const auto started = room.client.start_many(twice, numbers, options_of, {.max_in_flight = 16});
  REQUIRE(started.size() == 200);
  std::set<std::string> runs;
  for (const auto& handle : started) {
    if (handle) runs.insert(handle->run_id());
  }
  CHECK(runs.size() == 199);
  CHECK(eventually([&] { return room.client.count().value().count == 199; }));
}

TEST_CASE("a start under the same request ID is the same start", "[conformance][client]") {
  Room room;
  auto options = room.unserved("a");
  options.request_id = "order-17";
  const auto first = room.client.start(twice, options, 1).value();
  CHECK_FALSE(first.joined());
  const auto again = room.client.start(twice, options, 1).value();
  CHECK(again.run_id() == first.run_id());
  CHECK(again.joined());
  options.request_id = "order-18";
  const auto refused = room.client.start(twice, options, 1).error();
  CHECK(refused.code == ErrorCode::kAlreadyStarted);
  CHECK(refused.run_id == first.run_id());
  options.id_conflict_policy = IdConflictPolicy::kUseExisting;
  const auto joined = room.client.start(twice, options, 1).value();
  CHECK(joined.run_id() == first.run_id());
  CHECK(joined.joined());
}

TEST_CASE("a description shows what was asked for", "[conformance][client]") {
  Room room;
  auto options = room.served("a");
  options.summary = "doubling";
  options.details = "It **doubles**.";
  options.priority = Priority{.priority_key = 2, .fairness_key = "tenant"};
  options.retry_policy = RetryPolicy{.maximum_attempts = 4};
  options.links = {LinkToActivity{room.home.namespace_name(), "parent", "10000000-0000-4000-8000-000000000000"}};
  const auto handle = room.client.start(twice, options, 21).value();
  CHECK(handle.result().value() == 42);
  const auto shown = handle.describe({.include_input = true, .include_outcome = true}).value();
  CHECK(shown.status == ActivityStatus::kCompleted);
  CHECK(shown.input<int>().value() == std::tuple(21));
  CHECK(shown.outcome<int>()->value() == 42);
  CHECK(shown.summary == "doubling");
  CHECK(shown.details == "It **doubles**.");
  CHECK(shown.priority.priority_key == 2);
  CHECK(shown.priority.fairness_key == "tenant");
  CHECK(shown.retry_policy.maximum_attempts == 4);
  CHECK(shown.retry_policy.initial_interval == 1s);
  CHECK(shown.heartbeat_timeout == 1s);
  CHECK_FALSE(shown.schedule_to_close_timeout.has_value());
  CHECK(shown.last_worker_identity == "the worker");
  CHECK(shown.execution_duration > 0ns);
  CHECK(shown.links.size() == 1);
  CHECK_FALSE(handle.describe()->raw_input.has_value());
}

TEST_CASE("a watch sees progress and the end", "[conformance][client]") {
  Room room;
  const auto handle = room.client.start(walk, room.served("a"), "step 30").value();
  int last_step = 0;
  bool running = false;
  std::optional<ActivityStatus> end;
  for (const Result<ActivityDescription>& now : handle.watch({.timeout = 20s})) {
    REQUIRE(now);
    running = running || now->run_state == ActivityRunState::kStarted;
    last_step = now->heartbeat_details<int>().value().value_or(last_step);
    end = now->status;
  }
  CHECK(running);
  CHECK(last_step > 0);
  CHECK(end == ActivityStatus::kCompleted);
  SECTION("and its single steps come asynchronously, too") {
    const auto other = room.client.start(twice, room.unserved("b"), 1).value();
    const auto seen = other.describe().value();
    auto change = other.wait_for_change_async(seen, {.timeout = 10s});
    REQUIRE(other.pause());
    CHECK(change.get()->status == ActivityStatus::kPaused);
  }
}

TEST_CASE("an activity is steered", "[conformance][client]") {
  Room room;
  const auto handle = room.client.start(twice, room.unserved("a"), 1).value();
  SECTION("by pause and unpause") {
    REQUIRE(handle.pause({.reason = "maintenance", .request_id = "p"}));
    CHECK(handle.pause({.request_id = "p"}).ok());
    CHECK(handle.pause().error().code == ErrorCode::kFailedPrecondition);
    CHECK(handle.describe()->status == ActivityStatus::kPaused);
    REQUIRE(handle.unpause_async({.reason = "over"}).get());
    CHECK(handle.describe()->status == ActivityStatus::kRunning);
    CHECK(handle.unpause().error().code == ErrorCode::kFailedPrecondition);
  }
  SECTION("by reset") {
    REQUIRE(handle.reset({.jitter = 1ms, .reset_heartbeat = true}));
    REQUIRE(handle.pause());
    REQUIRE(handle.reset({.keep_paused = true}));
    CHECK(handle.describe()->status == ActivityStatus::kPaused);
  }
  SECTION("by other options, and back") {
    const auto changed = handle.update_options({.task_queue = "elsewhere",
                                                .start_to_close_timeout = 2h,
                                                .heartbeat_timeout = 5s,
                                                .retry_policy_fields = {.maximum_attempts = 7},
                                                .priority = Priority{.priority_key = 5}});
    REQUIRE(changed);
    CHECK(changed->task_queue == "elsewhere");
    CHECK(changed->start_to_close_timeout == 2h);
    CHECK(changed->heartbeat_timeout == 5s);
    CHECK(changed->retry_policy.maximum_attempts == 7);
    CHECK(changed->priority.priority_key == 5);
    const auto cleared = handle.update_options({.heartbeat_timeout = clear, .retry_policy = clear});
    REQUIRE(cleared);
    CHECK_FALSE(cleared->heartbeat_timeout.has_value());
    CHECK_FALSE(cleared->retry_policy.maximum_attempts.has_value());
    const auto restored = handle.update_options_async({.restore_original = true}).get();
    REQUIRE(restored);
    CHECK(restored->task_queue == "nowhere");
    CHECK(restored->start_to_close_timeout == 1min);
  }
  SECTION("to where a worker is") {
    REQUIRE(handle.update_options({.task_queue = "served"}));
    CHECK(handle.result({.timeout = 10s}).value() == 2);
  }
}

TEST_CASE("an activity is ended", "[conformance][client]") {
  Room room;
  SECTION("by cancellation, at once when no worker has it") {
    const auto handle = room.client.start(twice, room.unserved("a"), 1).value();
    REQUIRE(handle.cancel("superseded"));
    CHECK(handle.result().error().code == ErrorCode::kActivityCanceled);
    CHECK(handle.describe()->canceled_reason == "superseded");
  }
  SECTION("by cancellation, which its worker hears of") {
    const auto handle = room.client.start(walk, room.served("a"), "never").value();
    REQUIRE(handle.cancel_async({.reason = "superseded"}).get());
    CHECK(handle.result({.timeout = 10s}).error().code == ErrorCode::kActivityCanceled);
  }
  SECTION("by termination") {
    const auto handle = room.client.start(walk, room.served("a"), "never").value();
    REQUIRE(handle.terminate({.reason = "obsolete", .request_id = "t"}));
    CHECK(handle.terminate({.request_id = "t"}).ok());
    CHECK(handle.terminate().error().code == ErrorCode::kFailedPrecondition);
    const auto error = handle.result().error();
    CHECK(error.code == ErrorCode::kActivityTerminated);
    CHECK(error.failure->message == "obsolete");
    CHECK(error.failure->identity == "the client");
  }
  SECTION("by removal, after which nothing is known of it") {
    const auto handle = room.client.start(twice, room.unserved("a"), 1).value();
    REQUIRE(handle.remove());
    CHECK(eventually([&] { return !handle.describe().ok(); }));
    CHECK(handle.describe().error().code == ErrorCode::kNotFound);
    CHECK(handle.remove_async().get().error().code == ErrorCode::kNotFound);
  }
}

TEST_CASE("lists and counts", "[conformance][client]") {
  Room room;
  for (int i = 0; i < 5; ++i) REQUIRE(room.client.start(twice, room.unserved("l-" + std::to_string(i)), i));
  REQUIRE(room.client.handle<int>("l-4").cancel("enough"));
  REQUIRE(eventually([&] { return room.client.count({.query = "ExecutionStatus = 'Canceled'"}).value().count == 1; }));
  std::vector<std::string> ids;
  for (const Result<ActivitySummary>& row : room.client.list({.page_size = 2})) {
    REQUIRE(row);
    CHECK(row->task_queue == "nowhere");
    ids.push_back(row->id);
  }
  CHECK(ids.size() == 5);
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 5);
  const auto page = room.client.list_page_async({.query = "ActivityId = 'l-4'"}).get().value();
  REQUIRE(page.activities.size() == 1);
  CHECK(page.activities[0].status == ActivityStatus::kCanceled);
  CHECK(page.activities[0].close_time.has_value());
  const auto groups = room.client.count_async({.query = "GROUP BY ExecutionStatus"}).get().value();
  CHECK(groups.count == 5);
  CHECK(groups.groups.size() == 2);
  CHECK(room.client.count({.query = "Nonsense = 1"}).error().code == ErrorCode::kInvalidArgument);
  CHECK(room.client.list({.query = "((("}).next()->error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("what the server tells of queues, workers and namespaces", "[conformance][client]") {
  Room room;
  REQUIRE(room.client.execute(twice, room.served("a"), 1));  // So that the worker has polled.
  REQUIRE(room.client.start(twice, room.unserved("b"), 1));
  const auto queue = room.client.describe_task_queue("served").value();
  REQUIRE(queue.pollers.size() == 1);
  CHECK(queue.pollers[0].identity == "the worker");
  const auto backlog = [&] {
    return room.client.describe_task_queue_async("nowhere", {.report_config = true}).get().value();
  };
  CHECK(backlog().pollers.empty());
  CHECK(eventually([&] { return backlog().stats->approximate_backlog_count == 1; }));

  REQUIRE(eventually([&] { return room.client.count_workers().value() == 1; }));
  const auto workers = room.client.list_workers_page().value().workers;
  REQUIRE(workers.size() == 1);
  CHECK(workers[0].identity == "the worker");
  CHECK(workers[0].status == WorkerState::kRunning);
  CHECK(room.client.count_workers({.query = "TaskQueue = 'served'"}).value() == 1);
  const auto worker = room.client.describe_worker(workers[0].worker_instance_key).value();
  CHECK(worker.summary.task_queue == "served");
  CHECK(worker.activity_slots->available > 0);
  CHECK(room.client.describe_worker("nobody").error().code == ErrorCode::kNotFound);

  const auto home = room.client.describe_namespace().value();
  CHECK(home.name == room.home.namespace_name());
  CHECK(home.standalone_activity_operator_commands);
  CHECK(home.blob_size_limit_error > 0);
  CHECK(room.client.describe_namespace_async({.namespace_name = "nowhere"}).get().error().code == ErrorCode::kNotFound);
}

TEST_CASE("headers that an interceptor adds travel with the activity", "[conformance][client][interceptor]") {
  struct Sender final : ClientInterceptor {
    Result<CallEnded> call(ClientCallParams& params) override {
      if (params.operation == "StartActivityExecution") params.header["trace"] = {{{"encoding", "binary/plain"}}, "t1"};
      return CallEnded();
    }
  };
  Room room;
  auto options = room.home.client();
  options.interceptors = {std::make_shared<Sender>()};
  auto client = Client::connect(options);
  REQUIRE(client);
  const auto handle = client->start(twice, room.unserved("a"), 1).value();
  CHECK(handle.describe()->header.at("trace").data == "t1");
}

TEST_CASE("calls end with their client", "[conformance][client]") {
  std::promise<ErrorCode> code;
  {
    Room room;
    room.client.start(twice, room.unserved("a"), 1).value().result_async().then([&](Result<int> result) {
      code.set_value(result.error().code);
    });
    REQUIRE(room.worker.stop(5s));
  }
  CHECK(code.get_future().get() == ErrorCode::kCanceled);
}
