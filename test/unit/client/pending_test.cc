#include "longbeat/pending.h"

#include <coroutine>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/callbacks.h"
#include "client_setup.h"
#include "longbeat/async_activity.h"
#include "longbeat/log.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

constexpr Activity<int(int)> twice{"twice"};

/// A coroutine that starts at once and is told when it is destroyed.
struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Task await_result(ActivityHandle<int> handle, std::optional<Result<int>>& into) {
  auto pending = handle.result_async();
  into.emplace(co_await pending);
}

Task execute_twice(Client& client, std::vector<int>& results) {
  for (const char* id : {"a", "b"}) {
    auto pending = client.execute_async(twice, start_options(id), 4);
    auto result = co_await pending;
    results.push_back(result.value());
  }
}

ClientOptions on_threads() {
  return {};
}

/// A client whose event loop is the test's thread as long as it is driven.
struct LoopThreadClient {
  struct DrivenLoop final : ManualLoop {
    bool driven = false;
    bool on_this_thread() const override { return driven; }
  };
  struct DrivenConnection final : Connection {
    DrivenLoop driven{};
    FakeService service{driven};
    InlineCourier jobs{};
    Loop& loop() override { return driven; }
    ServiceStub& stub() override { return service; }
    Courier& courier() override { return jobs; }
  };

  std::shared_ptr<DrivenConnection> connection = std::make_shared<DrivenConnection>();
  Client client;

  explicit LoopThreadClient(ClientOptions options) : client(EagerClient::make(connection, std::move(options))) {}
  /// The result of what waits.
  void answer() {
    connection->service.outcomes = {completed({json_payload("1")})};
    connection->driven.driven = true;
    connection->driven.run_for(1s);
    connection->driven.driven = false;
  }
};

}  // namespace

TEST_CASE("an answer that is on its way", "[client][pending]") {
  ManualClient setup;
  const auto handle = setup.client.handle<int>("a", "run-1");
  setup.service.outcomes = {completed({json_payload("42")})};
  SECTION("goes to a callback, once") {
    std::vector<int> seen;
    handle.result_async().then([&](Result<int> result) { seen.push_back(result.value()); });
    CHECK(seen.empty());
    setup.loop.run_for(1s);
    CHECK(seen == std::vector<int>{42});
  }
  SECTION("goes to a callback that comes after it") {
    auto pending = handle.result_async();
    setup.loop.run_for(1s);
    std::optional<int> seen;
    pending.then([&](Result<int> result) { seen = result.value(); });
    CHECK(seen == 42);
  }
  SECTION("takes a callback that cannot be copied") {
    auto kept = std::make_unique<int>(1);
    int sum = 0;
    handle.result_async().then([&, kept = std::move(kept)](Result<int> result) { sum = *kept + result.value(); });
    setup.loop.run_for(1s);
    CHECK(sum == 43);
  }
  SECTION("resumes a coroutine") {
    std::optional<Result<int>> result;
    await_result(handle, result);
    CHECK_FALSE(result.has_value());
    setup.loop.run_for(1s);
    CHECK(result->value() == 42);
  }
  SECTION("is taken by who waits for it") {
    auto pending = handle.result_async();
    auto& same = pending;
    pending = std::move(same);
    setup.loop.run_for(1s);
    CHECK(pending.get().value() == 42);
    CHECK(pending.get().error().code == ErrorCode::kInvalidArgument);
  }
  SECTION("tells that it is no such value") {
    setup.service.outcomes = {completed({json_payload("\"text\"")})};
    auto pending = handle.result_async();
    setup.loop.run_for(1s);
    CHECK(pending.get().error().code == ErrorCode::kUndecodable);
  }
}

TEST_CASE("an answer that is there at once", "[client][pending]") {
  ManualClient setup;
  SECTION("does not suspend a coroutine") {
    std::optional<Result<int>> result;
    const auto stopped = [](ActivityHandle<int> of, std::optional<Result<int>>& into) -> Task {
      std::stop_source source;
      source.request_stop();
      auto pending = of.result_async({.stop_token = source.get_token()});
      into.emplace(co_await pending);
    };
    stopped(setup.client.handle<int>("a"), result);
    REQUIRE(result.has_value());
    CHECK(result->error().code == ErrorCode::kCanceled);
  }
  SECTION("because the options are bad is that error") {
    auto bad = start_options();
    bad.task_queue = "";
    CHECK(setup.client.start_async(twice, bad, 1).get().error().code == ErrorCode::kInvalidArgument);
    CHECK(setup.client.execute_async(twice, bad, 1).get().error().code == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("nobody waits any more", "[client][pending]") {
  ManualClient setup;
  const auto handle = setup.client.handle<int>("a", "run-1");
  SECTION("because the Pending was dropped: the wait is given up") {
    {
      const auto dropped = handle.result_async();
    }
    setup.loop.run_for(1s);
    CHECK(setup.service.hanging() == 0);
    CHECK(setup.client.stats().failed_calls == 1);
  }
  SECTION("because the Pending was dropped while the server was asked") {
    auto pending = std::make_optional(handle.result_async());
    setup.loop.run_for(1s);
    CHECK(setup.service.hanging() == 1);
    pending.reset();
    setup.loop.run_for(1s);
    CHECK(setup.service.hanging() == 0);
  }
  SECTION("because the coroutine was destroyed") {
    std::optional<Result<int>> result;
    const auto task = await_result(handle, result);
    setup.loop.run_for(1s);
    CHECK(setup.service.hanging() == 1);
    task.handle.destroy();
    setup.loop.run_for(1s);
    CHECK(setup.service.hanging() == 0);
    CHECK_FALSE(result.has_value());
  }
  SECTION("because another Pending took its place") {
    auto pending = handle.result_async();
    setup.loop.run_for(1s);
    pending = handle.result_async();
    setup.loop.run_for(1s);
    CHECK(setup.service.hanging() == 1);
  }
  SECTION("for an execution: the start goes out, and its result is not waited for") {
    auto pending = std::make_optional(setup.client.execute_async(twice, start_options(), 1));
    setup.service.starts = {StartedActivity{"run-1", true, {}}};
    setup.loop.run_for(1s);
    CHECK(setup.service.hanging() == 1);
    pending.reset();
    setup.loop.run_for(1s);
    CHECK(setup.service.hanging() == 0);
    CHECK(setup.service.seen_starts.size() == 1);
  }
}

TEST_CASE("a callback is called, too, when its client goes before the answer", "[client][pending]") {
  std::optional<ErrorCode> code;
  {
    ManualClient setup;
    setup.client.handle<int>("a").result_async().then([&](Result<int> result) { code = result.error().code; });
    SECTION("while the server was asked") {
      setup.loop.run_for(1s);
    }
    SECTION("and before it was asked") {}
  }
  CHECK(code == ErrorCode::kCanceled);
  SECTION("while a start waits to hear how much the server takes") {
    code.reset();
    {
      ManualClient setup;
      constexpr Activity<int(std::string)> read{"read"};
      setup.client.start_async(read, start_options(), std::string(100'000, 'x'))
          .then([&](Result<ActivityHandle<int>> result) { code = result.error().code; });
      setup.loop.run_for(1s);
      CHECK(setup.service.namespaces.seen.size() == 1);
    }
    CHECK(code == ErrorCode::kCanceled);
  }
}

TEST_CASE("a stop token ends what waits", "[client][pending]") {
  ManualClient setup;
  std::stop_source source;
  std::optional<ErrorCode> code;
  SECTION("for a result") {
    setup.client.handle<int>("a").result_async({.stop_token = source.get_token()}).then([&](Result<int> result) {
      code = result.error().code;
    });
  }
  SECTION("for the answer of a call") {
    setup.client.handle<int>("a").pause_async({.call = {.stop_token = source.get_token()}}).then([&](Result<> result) {
      code = result.error().code;
    });
  }
  SECTION("for an execution, wherever it is") {
    setup.service.starts = {StartedActivity{"run-1", true, {}}};
    auto options = start_options();
    options.call.stop_token = source.get_token();
    setup.client.execute_async(twice, options, 1).then([&](Result<int> result) { code = result.error().code; });
  }
  setup.loop.run_for(1s);
  CHECK_FALSE(code.has_value());
  source.request_stop();
  setup.loop.run_for(1s);
  CHECK(code == ErrorCode::kCanceled);
}

TEST_CASE("executions one after the other in a coroutine", "[client][pending]") {
  ManualClient setup;
  setup.service.starts = {StartedActivity{"run-1", true, {}}, StartedActivity{"run-2", true, {}}};
  setup.service.outcomes = {completed({json_payload("8")}), completed({json_payload("9")})};
  std::vector<int> results;
  execute_twice(setup.client, results);
  setup.loop.run_for(1s);
  CHECK(results == std::vector<int>{8, 9});
  CHECK(setup.service.seen_polls.at(0).run_id == "run-1");
}

TEST_CASE("interceptors hear how an asynchronous call ended", "[client][pending][interceptor]") {
  struct Listener final : ClientInterceptor {
    Result<CallEnded> call(ClientCallParams& params) override {
      return [this, operation = params.operation](const Result<>& result) {
        heard.push_back(operation + (result ? " ok" : " failed"));
      };
    }
    std::vector<std::string> heard;
  };
  auto with = ManualClient::in_place();
  const auto listener = std::make_shared<Listener>();
  with.interceptors = {listener};
  ManualClient setup(with);
  {
    const auto dropped = setup.client.execute_async(twice, start_options(), 1);
  }
  setup.loop.run_for(1s);
  setup.service.starts = {StartedActivity{"run-1", true, {}}};
  {
    auto pending = setup.client.start_async(twice, start_options(), 1);
    setup.loop.run_for(1s);
  }
  CHECK(listener->heard == std::vector<std::string>{"StartActivityExecution failed", "StartActivityExecution ok"});
}

TEST_CASE("without an executor callbacks run on threads of the client", "[client][pending]") {
  EagerClient setup(on_threads());
  setup.service.outcomes = {completed({json_payload("1")}), completed({json_payload("2")})};
  const auto handle = setup.client.handle<int>("a", "run-1");
  std::promise<std::thread::id> where;
  handle.result_async().then([&](Result<int>) { where.set_value(std::this_thread::get_id()); });
  CHECK(where.get_future().get() != std::this_thread::get_id());
  CHECK(handle.result_async().get().value() == 2);
}

TEST_CASE("callbacks may throw, and the next ones run", "[client][pending]") {
  EagerClient setup(on_threads());
  setup.service.outcomes = {completed({json_payload("1")}), completed({json_payload("2")})};
  const auto handle = setup.client.handle<int>("a", "run-1");
  handle.result_async().then([](Result<int>) { throw std::runtime_error("not mine"); });
  std::promise<int> got;
  handle.result_async().then([&](Result<int> result) { got.set_value(result.value()); });
  CHECK(got.get_future().get() == 2);
}

TEST_CASE("what a callback throws is logged, also when its answer was there at once", "[client][pending]") {
  struct OnlyStarts final : ClientInterceptor {
    Result<CallEnded> call(ClientCallParams& params) override {
      if (params.operation == "StartActivityExecution") return CallEnded();
      return Error{ErrorCode::kPermissionDenied, "no results", {}, {}};
    }
  };
  auto with = ManualClient::in_place();
  with.interceptors = {std::make_shared<OnlyStarts>()};
  ManualClient setup(with);
  setup.service.starts = {StartedActivity{"run-1", true, {}}};
  std::mutex mutex;
  std::vector<std::string> lines;
  set_log_sink([&](const LogRecord& record) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(record.message);
  });
  std::promise<ErrorCode> got;
  setup.client.execute_async(twice, start_options(), 1).then([&](Result<int> result) {
    got.set_value(result.error().code);
    throw std::runtime_error("not mine");
  });
  setup.loop.run_for(1s);
  CHECK(got.get_future().get() == ErrorCode::kPermissionDenied);
  set_log_sink({});
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], ContainsSubstring("not mine"));
}

TEST_CASE("a callback is called in place where there is no client", "[client][pending]") {
  auto with = ManualClient::in_place();
  const ManualClient setup(with);
  auto activity = setup.client.async_activity(TaskToken{"token"});
  const auto moved = std::move(activity);
  std::vector<std::string> lines;
  set_log_sink([&](const LogRecord& record) { lines.emplace_back(record.message); });
  std::optional<ErrorCode> code;
  activity.complete_async().then([&](const Result<>& result) {
    code = result.error().code;
    throw std::runtime_error("not mine");
  });
  set_log_sink({});
  CHECK((code == ErrorCode::kFailedPrecondition));
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], ContainsSubstring("not mine"));
}

TEST_CASE("who waits may begin the next call while the first one's answer is being handed on", "[client][pending]") {
  const auto callbacks = std::make_shared<Callbacks>();
  for (int i = 0; i < 200; ++i) {  // A race, for ThreadSanitizer to see.
    const auto state = std::make_shared<PendingAnswer<int>>();
    state->deliver_on(callbacks);
    std::thread loop([&] {
      PendingState::answer(
          state,
          [&] {
            state->reopen();
            state->deliver_on(callbacks);
            PendingState::answer(state, [answer = state.get()] { answer->fill(7); }, false);
          },
          false);
    });
    const auto answer = state->take();
    loop.join();
    REQUIRE(answer.value() == 7);
  }
  callbacks->close();
}

TEST_CASE("the last one to hold a client may be its own callback", "[client][pending]") {
  auto setup = std::make_unique<EagerClient>(on_threads());
  setup->service.outcomes = {completed({json_payload("1")})};
  std::promise<void> proceed, ended;
  auto handle = std::make_shared<ActivityHandle<int>>(setup->client.handle<int>("a", "run-1"));
  auto pending = handle->result_async();
  pending.then([handle = std::move(handle), &proceed, &ended](Result<int>) mutable {
    proceed.get_future().get();
    handle.reset();  // Closes the client, on a thread that the client would have to join.
    ended.set_value();
  });
  {
    auto gone = std::move(pending);
  }
  setup.reset();
  proceed.set_value();
  ended.get_future().get();
}

TEST_CASE("on the event loop", "[client][pending]") {
  ClientOptions with;
  std::promise<std::thread::id> where;
  SECTION("an executor that runs jobs in place does not get them") {
    with.callback_executor = [](const std::function<void()>& job) { job(); };
    LoopThreadClient setup(with);
    setup.client.handle<int>("a", "run-1").result_async().then([&](Result<int>) {
      where.set_value(std::this_thread::get_id());
    });
    setup.answer();
    CHECK(where.get_future().get() != std::this_thread::get_id());
  }
  SECTION("nothing of a callback dies that its executor drops") {
    with.callback_executor = [](const std::function<void()>&) {};
    LoopThreadClient setup(with);
    auto kept = std::shared_ptr<int>(new int, [&where](const int* gone) {
      delete gone;
      where.set_value(std::this_thread::get_id());
    });
    setup.client.handle<int>("a", "run-1").result_async().then([kept = std::move(kept)](Result<int>) {});
    setup.answer();
    CHECK(where.get_future().get() != std::this_thread::get_id());
  }
}

TEST_CASE("an executor that runs nothing", "[client][pending]") {
  auto queue = std::make_shared<std::vector<std::function<void()>>>();
  ClientOptions with;
  with.callback_executor = [queue](std::function<void()> job) { queue->push_back(std::move(job)); };
  auto setup = std::make_unique<EagerClient>(with);
  with = {};
  setup->service.starts = {StartedActivity{"run-1", true, {}}};
  setup->service.outcomes = {completed({json_payload("8")})};
  SECTION("does not keep get() waiting") {
    CHECK(setup->client.handle<int>("a", "run-1").result_async().get().value() == 8);
  }
  SECTION("does not keep the wait of an execution from beginning") {
    auto pending = setup->client.execute_async(twice, start_options(), 4);
    CHECK(setup->service.seen_polls.empty());
    CHECK(pending.get().value() == 8);
  }
  SECTION("is not kept by what it has been given") {
    int called = 0;
    setup->client.handle<int>("a", "run-1").result_async().then([&](Result<int>) { ++called; });
    setup.reset();
    CHECK(called == 0);
    const std::weak_ptr executor_owns = std::exchange(queue, nullptr);
    CHECK(executor_owns.expired());
  }
  SECTION("may run late, after its client") {
    int got = 0;
    setup->client.handle<int>("a", "run-1").result_async().then([&](Result<int> result) { got = result.value(); });
    setup.reset();
    for (const auto& job : std::exchange(*queue, {})) job();
    CHECK(got == 8);
  }
}

TEST_CASE("an answer whose conversion throws is an error", "[client][pending]") {
  const auto state = std::make_shared<PendingAnswer<int>>();
  SECTION("to who waits") {
    PendingState::answer(state, [] { throw std::runtime_error("no room"); }, false);
    const auto result = state->take();
    CHECK(result.error().code == ErrorCode::kInternal);
    CHECK_THAT(result.error().message, ContainsSubstring("no room"));
  }
  SECTION("to a callback") {
    std::optional<ErrorCode> code;
    state->then([&](Result<int> result) { code = result.error().code; });
    PendingState::answer(state, [] { throw 7; }, false);
    CHECK(code == ErrorCode::kInternal);
  }
}

TEST_CASE("an executor that throws does not lose the callback", "[client][pending]") {
  const std::string what = GENERATE("closed", "");
  ClientOptions with;
  with.callback_executor = [what](const std::function<void()>&) { throw std::runtime_error(what); };
  EagerClient setup(with);
  setup.service.outcomes = {completed({json_payload("7")})};
  std::promise<int> got;
  setup.client.handle<int>("a", "run-1").result_async().then([&](Result<int> result) {
    got.set_value(result.value());
  });
  CHECK(got.get_future().get() == 7);
}

TEST_CASE("a start does not wait longer than it may for what another call asks", "[client][pending][start]") {
  ManualClient setup;
  constexpr Activity<int(std::string)> read{"read"};
  const std::string large(100'000, 'x');
  auto options = start_options();
  options.call.timeout = 1min;
  auto patient = setup.client.start_async(read, options, large);
  std::optional<ErrorCode> code;
  options.call.timeout = 1s;
  setup.client.start_async(read, options, large).then([&](Result<ActivityHandle<int>> result) {
    code = result.error().code;
  });
  setup.loop.run_for(900ms);
  CHECK_FALSE(code.has_value());
  setup.loop.run_for(200ms);
  CHECK(code == ErrorCode::kDeadlineExceeded);
  CHECK(setup.service.namespaces.seen.size() == 1);
}
