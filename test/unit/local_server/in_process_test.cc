#include <algorithm>
#include <chrono>
#include <thread>

#include "kit_room.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

int twice(ActivityContext&, int input) {
  return 2 * input;
}

}  // namespace

TEST_CASE("a server in this process starts in under 20 ms", "[local]") {
  const auto kind = GENERATE(LocalServerKind::kInProcess, LocalServerKind::kManualClock);
  auto quickest = std::chrono::nanoseconds::max();
  for (int i = 0; i < 10; ++i) {  // The quickest of some: this machine may have more to do.
    const auto begin = std::chrono::steady_clock::now();
    const auto server = LocalServer::start({.kind = kind}).value();
    const auto client = Client::connect({.transport = server.transport()}).value();
    CHECK(client.count());  // It answers.
    quickest = std::min<std::chrono::nanoseconds>(quickest, std::chrono::steady_clock::now() - begin);
  }
  CAPTURE(quickest / 1us);
  CHECK(quickest < 20ms);
}

TEST_CASE("clients and workers reach any server by its transport", "[local]") {
  const auto kind = GENERATE(LocalServerKind::kPort, LocalServerKind::kInProcess, LocalServerKind::kManualClock);
  KitRoom room(twice, kind);
  CHECK(room.server.address().empty() == (kind != LocalServerKind::kPort));
  CHECK(room.start("a", {}, 21).result().value() == 42);
  CHECK(room.client.execute(work, {.id = "b", .task_queue = "tests", .start_to_close_timeout = 1min}, 4).value() == 8);
  CHECK(room.server.stats().completed == 2);
  CHECK(room.server.stats().calls > 4);

  SECTION("with the same answers: descriptions, refusals, lists") {
    const auto described = room.client.handle<int>("a").describe().value();
    CHECK(described.status == ActivityStatus::kCompleted);
    CHECK(described.last_worker_identity == "worker");
    CHECK(described.sdk_name == "longbeat-cpp");
    const auto again = room.client.start(work,
                                         {.id = "a",
                                          .task_queue = "tests",
                                          .start_to_close_timeout = 1min,
                                          .id_reuse_policy = IdReusePolicy::kRejectDuplicate},
                                         1);
    CHECK(again.error().code == ErrorCode::kAlreadyStarted);
    CHECK(again.error().run_id == described.run_id);
    CHECK(room.client.handle<int>("none").describe().error().code == ErrorCode::kNotFound);
    CHECK(room.client.count().value().count == 2);
    CHECK(room.client.list_page().value().activities.size() == 2);
  }
  SECTION("also by calls that do not block") {
    auto pending =
        room.client.execute_async(work, {.id = "c", .task_queue = "tests", .start_to_close_timeout = 1min}, 5);
    CHECK(pending.get().value() == 10);
  }
  SECTION("also many at once") {
    const std::vector<int> inputs{1, 2, 3, 4, 5, 6, 7, 8};
    const auto started = room.client.start_many(work, inputs, [](int input) {
      return StartOptions{.id = "many" + std::to_string(input), .task_queue = "tests", .start_to_close_timeout = 1min};
    });
    int sum = 0;
    for (const auto& handle : started) sum += handle.value().result().value();
    CHECK(sum == 72);
  }
}

TEST_CASE("what no server could do with is refused before it is sent", "[local]") {
  const auto server = LocalServer::start({.kind = LocalServerKind::kInProcess}).value();
  const auto with_tls = Client::connect({.transport = server.transport(), .tls = TlsOptions{}});
  CHECK(with_tls.error().code == ErrorCode::kInvalidArgument);
  CHECK(with_tls.error().message.find("ClientOptions.tls") != std::string::npos);
  const auto with_key = Client::connect({.transport = server.transport(), .api_key = "secret"});
  CHECK(with_key.error().code == ErrorCode::kInvalidArgument);
  CHECK(with_key.error().message.find("ClientOptions.api_key") != std::string::npos);
}

TEST_CASE("a client may outlive its server", "[local]") {
  KitRoom room(twice, LocalServerKind::kManualClock);
  CHECK(room.start("a").result().value() == 2);
  room.server.stop();
  room.server.stop();
  CHECK(room.server.stats().completed == 1);
  const auto late = room.client.start(
      work, {.id = "b", .task_queue = "tests", .start_to_close_timeout = 1min, .call = {.timeout = 5s}}, 1);
  REQUIRE(!late);
  CHECK((late.error().code == ErrorCode::kUnavailable || late.error().code == ErrorCode::kDeadlineExceeded));
  CHECK(room.server.wait_for("a", ActivityStatus::kFailed).error().code == ErrorCode::kCanceled);
  CHECK(room.server.restart().error().code == ErrorCode::kFailedPrecondition);
}

TEST_CASE("what only a server on a stage can do is refused by one on a port", "[local]") {
  auto server = LocalServer::start().value();
  CHECK(server.advance(1s).error().code == ErrorCode::kFailedPrecondition);
  CHECK(server.wait_for("a", ActivityStatus::kCompleted).error().code == ErrorCode::kFailedPrecondition);
  CHECK(server.wait_until([] { return true; }).error().code == ErrorCode::kFailedPrecondition);
  CHECK(server.drop_requests({}).error().code == ErrorCode::kFailedPrecondition);
  CHECK(server.clear_faults().error().code == ErrorCode::kFailedPrecondition);
  CHECK(server.kill().error().code == ErrorCode::kFailedPrecondition);
  CHECK(server.restart().error().code == ErrorCode::kFailedPrecondition);
  auto real = LocalServer::start({.kind = LocalServerKind::kInProcess}).value();
  CHECK(real.advance(1s).error().code == ErrorCode::kFailedPrecondition);
}
