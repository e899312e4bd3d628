// Large payloads are moved through a worker. What has to be kept for a repetition is copied, once a send.
#include <memory>
#include <string>

#include "fake_worker.h"
#include "support/catch.h"
#include "support/large_allocations.h"
#include "worker/registry.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

Payloads large() {
  return {make_payload("binary/plain", std::string(kLarge, 'x'))};
}

/// A worker whose server takes large payloads.
struct LargeWorker {
  LargeWorker() {
    worker.stub.payload_bytes_max = 2 * kLarge;
    worker.start();
  }
  void give(ActivityTask task) {
    std::vector<ActivityTask> tasks;
    tasks.push_back(std::move(task));
    const auto done = std::move(worker.stub.polls.front().second);
    worker.stub.polls.pop_front();
    done(std::move(tasks));
    worker.loop.run_ready();
  }
  FakeWorker worker;
};

}  // namespace

TEST_CASE("a worker copies large payloads no more than it must", "[worker][limits]") {
  LargeWorker room;
  auto& worker = room.worker;
  auto task = FakeWorker::task();
  SECTION("arguments never, on their way to the handler") {
    Registry registry;
    std::size_t seen = 0;
    registry.add("ingest", [&](ActivityContext&, const Payloads& input) {
      seen = input.at(0).data.size();
      return Payloads();
    });
    task.input = large();
    CHECK(large_allocations_of([&] {
            room.give(std::move(task));
            static_cast<void>(registry.run(worker.executor.inputs.back().attempt));
          }) == 0);
    CHECK(seen == kLarge);
  }
  SECTION("earlier heartbeat details once, because they may be repeated") {
    task.heartbeat_details = large();
    CHECK(large_allocations_of([&] { room.give(std::move(task)); }) == 1);
  }
  SECTION("a result once, because the report may be repeated") {
    Registry registry;
    Payloads result = large();
    registry.add("ingest", [&](ActivityContext&, const Payloads&) { return std::move(result); });
    room.give(std::move(task));
    CHECK(large_allocations_of([&] { worker.end(registry.run(worker.executor.inputs.back().attempt)); }) == 1);
    REQUIRE(worker.stub.completed.size() == 1);
    CHECK(worker.stub.completed[0].params.result.at(0).data.size() == kLarge);
  }
  SECTION("new heartbeat details once a beat") {
    room.give(std::move(task));
    ActivityContext context(worker.executor.inputs.back().attempt);
    context.heartbeat(large());  // Copied here: the activity goes on with its own.
    CHECK(large_allocations_of([&] { worker.loop.run_for(50ms); }) <= 2);
    CHECK(worker.stub.beats.back().params.details.at(0).data.size() == kLarge);
    const auto sent = worker.stub.beats.size();
    const int copies = large_allocations_of([&] {
      context.heartbeat();
      worker.loop.run_for(9s);
    });
    REQUIRE(worker.stub.beats.size() == sent + 1);
    CHECK(copies == 1);
  }
}
