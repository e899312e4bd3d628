// When time may jump, and when not.
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "kit_room.h"
#include "longbeat/log.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

TEST_CASE("time never jumps while user code computes", "[local][idle]") {
  std::atomic<bool> moved = false;
  KitRoom room;
  const auto compute = [&] {
    const auto before = room.server.elapsed();
    std::this_thread::sleep_for(30ms);  // Stands for computing: real time.
    if (room.server.elapsed() != before) moved = true;
  };
  const StartOptions options{.id = "a", .task_queue = "tests", .start_to_close_timeout = 24h};
  // A client with this executor, where activities sleep for as many seconds as they are told.
  const auto beside_sleepers = [&](auto executor) {
    room.worker.serve(work, [](ActivityContext& ctx, int number) {
      ctx.sleep_for(number * 1s);
      return number;
    });
    room.worker.start().value();
    return Client::connect({.transport = room.server.transport(), .callback_executor = executor}).value();
  };
  SECTION("in an activity, before, between and after its waits") {
    room.worker.serve(work, [&](ActivityContext& ctx, int) {
      compute();
      ctx.sleep_for(1h);
      compute();
      ctx.heartbeat(1);
      ctx.sleep_for(1h);
      compute();
      return 1;
    });
    room.worker.start().value();
    CHECK(room.start("a").result().value() == 1);
    CHECK(room.server.elapsed() == 2h);
  }
  SECTION("in one of two activities, while the other one sleeps") {
    room.worker.serve(work, [&](ActivityContext& ctx, int number) {
      if (number == 1) {
        ctx.sleep_for(1s);
      } else {
        compute();
      }
      return number;
    });
    room.worker.start().value();
    const auto sleeps = room.start("a", {}, 1);
    CHECK(room.start("b", {}, 2).result().value() == 2);
    CHECK(sleeps.result().value() == 1);
  }
  SECTION("in a callback of the client's") {
    room.worker.serve(work, [&](ActivityContext& ctx, int) {
      ctx.sleep_for(1s);
      return 1;
    });
    room.worker.start().value();
    std::promise<void> over;
    room.start("a").result_async().then([&](const Result<int>&) {
      compute();
      over.set_value();
    });
    const auto other = room.start("b", {}, 2);
    CHECK(other.result().value() == 1);
    over.get_future().wait();
  }
  SECTION("in a callback that an executor of the program's runs, later") {
    std::vector<std::jthread> threads;
    const auto queue = [&](std::function<void()> job) {
      threads.emplace_back([&, job = std::move(job)] {
        compute();
        job();
      });
    };
    const auto client = beside_sleepers(queue);
    std::promise<std::chrono::nanoseconds> called;
    const auto other = room.start("b", {}, 60);
    client.start(work, options, 10).value().result_async().then([&](const Result<int>&) {
      compute();
      called.set_value(room.server.elapsed());
    });
    CHECK(other.result().value() == 60);
    CHECK(called.get_future().get() == 10s);
  }
  SECTION("but when an executor drops a callback, it is over") {
    const auto drop = [](const std::function<void()>&) {};
    const auto client = beside_sleepers(drop);
    client.start(work, options, 10).value().result_async().then([](const Result<int>&) {});
    CHECK(room.start("b", {}, 60).result().value() == 60);
  }
  CHECK(!moved);
}

TEST_CASE("nothing jumps to the end of a poll that waits", "[local][idle]") {
  KitRoom room([](ActivityContext&, int) { return 1; });
  // A worker polls, and a client waits for a result; both polls end after a minute. It is the retention, the worker's
  // own heartbeats and these ends that are left, and none of them is a target.
  const auto handle = room.start("closed");
  CHECK(handle.result().value() == 1);
  const auto before = room.server.elapsed();
  const auto end = room.server.wait_until([] { return false; });
  REQUIRE(!end);
  CHECK(end.error().code == ErrorCode::kDeadlineExceeded);
  CHECK(end.error().message.find("nothing is planned") != std::string::npos);
  CHECK(room.server.elapsed() == before);
}

TEST_CASE("what is no target comes on time all the same", "[local][idle]") {
  KitRoom room([](ActivityContext&, int) { return 1; });
  room.server.wait_until([&] { return room.server.stats().parked_polls > 0; }).value();
  const auto calls = room.server.stats().calls;
  room.server.advance(10min).value();
  CHECK(room.server.stats().calls >= calls + 2 * 10);  // Polls and heartbeats of the worker, each a minute or so.
  CHECK(room.server.stats().parked_polls > 0);
  CHECK(room.start("a").result().value() == 1);
}

TEST_CASE("who is at work for too long is named", "[local][idle]") {
  std::promise<void> go_on;
  KitRoom room([&, wait = go_on.get_future().share()](ActivityContext&, int) {
    wait.wait();  // Not a wait of the context.
    return 1;
  });
  const auto handle = room.start("stuck");
  const auto end = room.server.wait_until([] { return false; });
  REQUIRE(!end);
  CHECK(end.error().code == ErrorCode::kDeadlineExceeded);
  CHECK(end.error().message.find("work 'stuck' (attempt 1) runs, and not inside a wait") != std::string::npos);
  CHECK(room.server.elapsed() == 0s);
  // It does not hold up advance(), so its timeout comes.
  CHECK(room.server.advance(25h));
  CHECK(room.server.stats().timeouts == 1);
  go_on.set_value();
  CHECK(handle.result().value() == 1);
}
