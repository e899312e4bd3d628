// From the payloads of a task through the user's function to the outcome.
#include "worker/registry.h"

#include <future>

#include "core/attempt.h"
#include "longbeat/json.h"
#include "support/catch.h"
#include "worker/thread_executor.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<Attempt> attempt_of(std::string type, Payloads input = {}, Payloads details = {}) {
  ActivityTask task;
  task.activity_type = std::move(type);
  task.input = std::move(input);
  task.heartbeat_details = std::move(details);
  return std::make_shared<Attempt>(task, "q", DataConverter(), system_clock(), Lease(system_clock().now(), 0s, 0s), 1);
}

const Failure& failure_of(const AttemptOutcome& outcome) {
  return std::get<AttemptFailed>(outcome).failure;
}

/// Around every attempt: notes that it was there.
struct Noting final : WorkerInterceptor {
  Noting(std::string& where, char mark_in) : notes(where), mark(mark_in) {}
  Payloads execute_activity(ExecuteActivityParams params, const Next& next) override {
    notes += mark;
    return next(std::move(params));
  }
  std::string& notes;
  char mark;
};

}  // namespace

TEST_CASE("a registry", "[worker][registry]") {
  Registry registry;
  registry.add("echo", [](ActivityContext&, const Payloads& input) { return input; });
  SECTION("runs the function of the type") {
    const Payloads input{make_payload("json/plain", "1")};
    CHECK(std::get<AttemptCompleted>(registry.run(attempt_of("echo", input))).result == input);
  }
  SECTION("fails an unknown type retryably and names the known ones") {
    const auto outcome = registry.run(attempt_of("other"));
    CHECK(failure_of(outcome).type == "NotFoundError");
    CHECK_FALSE(failure_of(outcome).non_retryable);
    CHECK_THAT(failure_of(outcome).message, ContainsSubstring("'other'") && ContainsSubstring("echo"));
  }
  SECTION("gives unknown types to the catch-all") {
    registry.add_unknown([](ActivityContext& context, const Payloads&) {
      return Payloads{make_payload("t", context.info().activity_type)};
    });
    CHECK(std::get<AttemptCompleted>(registry.run(attempt_of("other"))).result.at(0).data == "other");
  }
  SECTION("keeps the first mistake") {
    registry.add("echo", {});
    registry.add("", {});
    REQUIRE(registry.mistake());
    CHECK_THAT(registry.mistake()->message, ContainsSubstring("'echo' is served twice"));
  }
  SECTION("lets nothing escape that an activity throws") {
    registry.add("odd", [](ActivityContext&, const Payloads&) -> Payloads { throw 42; });
    CHECK(failure_of(registry.run(attempt_of("odd"))).type == "int");
  }
  SECTION("fails an attempt whose details cannot be read with that error") {
    registry.add("resume", [](ActivityContext& context, const Payloads&) {
      context.checkpoint<int>();
      return Payloads{};
    });
    CHECK(failure_of(registry.run(attempt_of("resume", {}, {make_payload("json/plain", "{")}))).type ==
          "UndecodableDetails");
    CHECK(std::holds_alternative<AttemptCompleted>(
        registry.run(attempt_of("resume", {}, {make_payload("json/plain", "5")}))));
    CHECK(std::holds_alternative<AttemptCompleted>(registry.run(attempt_of("resume"))));
  }
  SECTION("runs the interceptors around the function, the first one outermost") {
    std::string notes;
    registry.add_interceptors({std::make_shared<Noting>(notes, 'a'), std::make_shared<Noting>(notes, 'b')});
    registry.run(attempt_of("echo"));
    CHECK(notes == "ab");
  }
}

TEST_CASE("the thread executor", "[worker][executor]") {
  SECTION("runs attempts at the same time, up to its number of threads, and queues the rest") {
    std::promise<void> both, release;
    std::atomic<int> running{0};
    const auto gate = release.get_future().share();
    std::atomic<int> done{0};
    {
      ThreadExecutor executor(2, [&](const auto&) -> AttemptOutcome {
        if (++running == 2) both.set_value();
        gate.wait();
        return AttemptCompleted{};
      });
      std::promise<void> third;
      for (int i = 0; i < 3; ++i) {
        executor.submit({attempt_of("x"), [&](AttemptOutcome) {
                           if (++done == 3) third.set_value();
                         }});
      }
      REQUIRE(both.get_future().wait_for(10s) == std::future_status::ready);
      CHECK(running == 2);
      release.set_value();
      CHECK(third.get_future().wait_for(10s) == std::future_status::ready);
    }
    CHECK(done == 3);
  }
}
