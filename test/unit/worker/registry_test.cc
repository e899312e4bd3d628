// From the payloads of a task through the user's function to the outcome.
#include "worker/registry.h"

#include <exception>
#include <future>
#include <stdexcept>

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
    registry.add("echo", [](ActivityContext&, const Payloads& input) { return input; });
    registry.add("", {});
    REQUIRE(registry.mistake());
    CHECK_THAT(registry.mistake()->message, ContainsSubstring("'echo' is served twice"));
  }
  SECTION("names a thousand types in a message of bounded length, in order") {
    for (int i = 0; i < 1000; ++i)
      registry.add("activity_" + std::to_string(1000 + i),
                   [](ActivityContext&, const Payloads& input) { return input; });
    registry.add_alias("a", "echo");
    const auto message = failure_of(registry.run(attempt_of("other"))).message;
    CHECK_THAT(message, ContainsSubstring("registered are: a, activity_1000, activity_1001, "));
    CHECK_THAT(message, Catch::Matchers::EndsWith(" more"));
    CHECK(message.size() < 1200);
  }
  SECTION("also when their names are long, or the unknown one is") {
    Registry other;
    other.add(std::string(1000, 'x'), [](ActivityContext&, const Payloads& input) { return input; });
    other.add(std::string(999, 'y'), [](ActivityContext&, const Payloads& input) { return input; });
    const auto message = failure_of(other.run(attempt_of(std::string(5000, 'z')))).message;
    CHECK(message.size() < 2200);
    CHECK_THAT(message, Catch::Matchers::EndsWith("x and 1 more"));
    CHECK_THAT(failure_of(Registry().run(attempt_of("other"))).message, Catch::Matchers::EndsWith(": none"));
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

namespace {

/// Throws when it is moved for the given time; its codec throws when it is told to.
struct Moody {
  explicit Moody(int moves_left_in, bool encodes_in = true) : moves_left(moves_left_in), encodes(encodes_in) {}
  Moody(Moody&& other) : moves_left(other.moves_left - 1), encodes(other.encodes) {  // NOLINT: may throw.
    if (moves_left < 0) throw std::runtime_error("moved once too often");
  }
  int moves_left;
  bool encodes;
};

/// Cannot say what it is.
struct Speechless final : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

struct OnlyThrown {};

/// Looks around while it is destroyed by somebody else's exception.
struct Looking {
  ~Looking() {
    if (std::uncaught_exceptions() == 0) return;
    try {
      throw std::logic_error("inside");
    } catch (const std::logic_error&) {
      ++seen;
    }
  }
  static inline int seen = 0;
};

}  // namespace

template <>
struct longbeat::PayloadCodec<Moody> {
  static Payload encode(const Moody& value) {
    if (!value.encodes) throw std::string("no words for it");
    return make_payload("text", "moody");
  }
  static Result<Moody> decode(const Payload&) { return Moody(1); }
};
template <>
struct longbeat::PayloadCodec<Looking> {
  static Payload encode(const Looking&) { return {}; }
  static Result<Looking> decode(const Payload&) { return Looking(); }
};

TEST_CASE("a function is not begun when nothing it does could count", "[worker][registry][lease]") {
  Registry registry;
  bool ran = false;
  registry.add("touch", [&](ActivityContext&, const Payloads&) {
    ran = true;
    return Payloads();
  });
  ActivityTask task;
  task.activity_type = "touch";
  task.heartbeat = 10s;
  const auto begun = system_clock().now();
  SECTION("because its lease ran out while the task lay about") {
    const auto late =
        std::make_shared<Attempt>(task, "q", DataConverter(), system_clock(), Lease(begun - 11s, 10s, 0s), 1);
    CHECK(std::holds_alternative<AttemptAbandoned>(registry.run(late)));
  }
  SECTION("because the worker has ended the attempt") {
    const auto ended = std::make_shared<Attempt>(task, "q", DataConverter(), system_clock(), Lease(begun, 10s, 0s), 1);
    ended->end();
    CHECK(std::holds_alternative<AttemptAbandoned>(registry.run(ended)));
  }
  CHECK_FALSE(ran);
}

TEST_CASE("what an activity throws becomes its failure", "[worker][registry]") {
  constexpr Activity<void()> kSweep{"sweep"};
  constexpr Activity<Moody()> kMood{"mood"};
  constexpr Activity<void(Moody)> kTakeMood{"take_mood"};
  constexpr Activity<void(Looking, int)> kLook{"look"};
  Registry registry;
  const auto failure = [&](const auto& activity, auto handler, Payloads input = {}) {
    registry.add(std::string(activity.name()),
                 Served<std::remove_cvref_t<decltype(activity)>>::function(std::move(handler)));
    return failure_of(registry.run(attempt_of(std::string(activity.name()), std::move(input))));
  };
  SECTION("with type and message") {
    const auto found = failure(kSweep, [] { throw std::out_of_range("row 7"); });
    CHECK(found.type == "std::out_of_range");
    CHECK(found.message == "row 7");
    CHECK_FALSE(found.non_retryable);
  }
  SECTION("with the chain of what caused it") {
    const auto found = failure(kSweep, [] {
      try {
        throw std::invalid_argument("inner");
      } catch (...) {
        std::throw_with_nested(ApplicationError("outer", {.type = "Outer", .non_retryable = true}));
      }
    });
    CHECK(found.type == "Outer");
    CHECK(found.non_retryable);
    REQUIRE(found.cause);
    CHECK(found.cause->type == "std::invalid_argument");
  }
  SECTION("when it is no std::exception") {
    CHECK(failure(kSweep, [] { throw 42; }).message == "activity threw an int: 42");
  }
  SECTION("when it is a type of the program's own") {
    CHECK_THAT(failure(kSweep, [] { throw OnlyThrown(); }).type, ContainsSubstring("OnlyThrown"));
  }
  SECTION("when it cannot say what it is") {
    const auto found = failure(kSweep, [] { throw Speechless(); });
    CHECK(found.kind == FailureKind::kApplication);
    CHECK_THAT(found.type, ContainsSubstring("Speechless"));
    CHECK_FALSE(found.message.empty());
  }
  SECTION("when moving its result throws") {
    const auto found = failure(kMood, [] { return Result<Moody>(Moody(0)); });
    CHECK(found.type == "std::runtime_error");
    CHECK(found.message == "moved once too often");
  }
  SECTION("when encoding its result throws") {
    const auto found = failure(kMood, [] { return Moody(5, false); });
    CHECK(found.type == "UnencodableResult");
    CHECK_THAT(found.message, ContainsSubstring("Moody` cannot be encoded"));
  }
  SECTION("when moving an argument throws") {
    const auto found = failure(kTakeMood, [](const Moody&) {}, {make_payload("text", "")});
    CHECK_THAT(found.message, ContainsSubstring("moved once too often"));
  }
  SECTION("also when destructors of its arguments throw and catch meanwhile") {
    Looking::seen = 0;
    const auto found = failure(kLook, [](Looking, int) { throw std::runtime_error("outside"); },
                               {make_payload("text", ""), make_payload("json/plain", "1")});
    CHECK(found.message == "outside");
    CHECK(Looking::seen > 0);
  }
  SECTION("when an interceptor throws it") {
    struct Refusing final : WorkerInterceptor {
      Payloads execute_activity(ExecuteActivityParams, const Next&) override { throw "not today"; }
    };
    registry.add_interceptors({std::make_shared<Refusing>()});
    CHECK(failure(kSweep, [] {}).message == "not today");
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
