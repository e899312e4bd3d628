// Every way to give an activity to a worker, from the program's line to what a task of it gives.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client/client_core.h"
#include "longbeat/json.h"
#include "longbeat/worker.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"
#include "worker/registry.h"
#include "worker/worker_access.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

constexpr Activity<std::string(std::string path, int part)> copy_part{"copy_part"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Activity<void()> sweep{"sweep"};
constexpr Activity<std::string(std::string, std::optional<int>, std::optional<std::string>)> find{"find"};

struct IdleConnection final : Connection {
  ManualLoop manual{};
  ScriptedStub service{manual};
  InlineCourier jobs{};
  Loop& loop() override { return manual; }
  ServiceStub& stub() override { return service; }
  Courier& courier() override { return jobs; }
};

Client idle_client() {
  auto core = core_from({});
  core->connection = std::make_shared<IdleConnection>();
  return client_on(std::move(core));
}

/// A worker that is never started, and what it would do with a task.
struct Serving {
  Worker worker{idle_client(), {.task_queue = "q"}};

  template <class... Values>
  AttemptOutcome run(std::string type, const Values&... values) {
    ActivityTask task;
    task.activity_type = std::move(type);
    task.input = DataConverter().to_payloads(values...).value();
    return WorkerAccess::registry(worker).run(
        std::make_shared<Attempt>(task, "q", DataConverter(), system_clock(), Lease(system_clock().now(), 0s, 0s), 1));
  }
  /// The result as JSON; or the failure's type and message.
  template <class... Values>
  std::string text(std::string type, const Values&... values) {
    const auto outcome = run(std::move(type), values...);
    if (const auto* failed = std::get_if<AttemptFailed>(&outcome))
      return failed->failure.type + ": " + failed->failure.message;
    const auto& result = std::get<AttemptCompleted>(outcome).result.at(0);
    return internal::encoding_of(result) == "binary/null" ? "nothing" : result.data;
  }
  std::string mistake() { return worker.start().error().message; }
};

std::string copy_function(std::string path, int part) {
  return path + "#" + std::to_string(part);
}
int twice_in_context(ActivityContext&, int number) noexcept {
  return 2 * number;
}

struct Files {
  explicit Files(std::string root_in) : root(std::move(root_in)) {}
  std::string copy(std::string path, int part) { return root + path + std::to_string(part + ++calls); }
  std::string look(ActivityContext& context, std::string path, int) const noexcept {
    return root + path + context.info().activity_type;
  }
  int doubled(const int& number) const { return 2 * number; }
  Result<> clear() { return Error{ErrorCode::kNotFound, "no " + root}; }
  Payloads raw(ActivityContext& context, Payloads) const {
    return {internal::make_payload("text", root + context.info().activity_type)};
  }
  std::string root;
  std::atomic<int> calls{0};
};
struct NamedFiles : Files {
  using Files::Files;
};

struct Overloaded {
  int operator()(int number) const { return number; }
  int operator()(ActivityContext&, int number) const { return 3 * number; }
  std::string operator()(std::string text) const { return text; }
};

}  // namespace

TEST_CASE("a worker serves", "[worker][serve]") {
  Serving serving;
  Worker& worker = serving.worker;
  SECTION("functions and function pointers, noexcept ones too") {
    worker.serve(copy_part, copy_function);
    worker.serve(twice, &twice_in_context);
    CHECK(serving.text("copy_part", "a", 1) == "\"a#1\"");
    CHECK(serving.text("twice", 21) == "42");
  }
  SECTION("lambdas that cannot be copied") {
    worker.serve(twice, [factor = std::make_unique<int>(2)](int number) { return *factor * number; });
    CHECK(serving.text("twice", 4) == "8");
  }
  SECTION("std::function, std::ref and the overload that fits, with the context if it can have it") {
    const Overloaded overloaded;
    worker.serve(twice, std::ref(overloaded));
    worker.serve(copy_part, std::function<std::string(std::string, int)>(copy_function));
    CHECK(serving.text("twice", 2) == "6");
    CHECK(serving.text("copy_part", "a", 1) == "\"a#1\"");
  }
  SECTION("generic lambdas") {
    worker.serve(twice, [](ActivityContext&, auto... numbers) { return (numbers + ...); });
    CHECK(serving.text("twice", 2) == "2");
  }
  SECTION("arguments that only move, and by const reference") {
    worker.serve(copy_part, [](std::string&& path, const int& part) { return std::move(path) + std::to_string(part); });
    CHECK(serving.text("copy_part", "a", 1) == "\"a1\"");
  }
  SECTION("what has no result") {
    int calls = 0;
    worker.serve(sweep, [&] { ++calls; });
    CHECK(serving.text("sweep") == "nothing");
    CHECK(calls == 1);
  }
  SECTION("what returns a Result, also of something that becomes the result") {
    worker.serve(copy_part, [](std::string, int part) -> Result<const char*> {
      if (part == 0) return Error{ErrorCode::kNotFound, "no such part"};
      return "part";
    });
    worker.serve(sweep, []() -> Result<> { return {}; });
    CHECK(serving.text("copy_part", "a", 1) == "\"part\"");
    CHECK(serving.text("copy_part", "a", 0) == "NotFound: no such part");
    CHECK(serving.text("sweep") == "nothing");
  }
  SECTION("what returns something that becomes the result") {
    worker.serve(copy_part, [](std::string, int) { return "text"; });
    worker.serve(twice, [](int number) { return static_cast<short>(number); });
    CHECK(serving.text("copy_part", "a", 1) == "\"text\"");
    CHECK(serving.text("twice", 7) == "7");
  }
  SECTION("names known only at run time, with raw payloads, with and without the context") {
    worker.serve(dynamic_activity("raw"), [](const Payloads& input) { return input; });
    worker.serve(dynamic_activity("type"), [](ActivityContext& context, Payloads) -> Result<Payloads> {
      return Payloads{internal::make_payload("text", context.info().activity_type)};
    });
    CHECK(serving.text("raw", 5) == "5");
    CHECK(serving.text("type", 1, 2, 3) == "type");
  }
  SECTION("whatever else there is") {
    worker.serve(sweep, [] {});
    worker.serve_unknown([](ActivityContext& context, const Payloads& input) {
      return Payloads{internal::make_payload("text", context.info().activity_type + std::to_string(input.size()))};
    });
    CHECK(serving.text("other", 1, 2) == "other2");
    CHECK(serving.text("sweep") == "nothing");
  }
}

TEST_CASE("optional arguments at the end", "[worker][serve]") {
  Serving serving;
  serving.worker.serve(find, [](std::string name, std::optional<int> depth, std::optional<std::string> kind) {
    return name + std::to_string(depth.value_or(-1)) + kind.value_or("any");
  });
  SECTION("may be missing, or null") {
    CHECK(serving.text("find", "a") == "\"a-1any\"");
    CHECK(serving.text("find", "a", 3) == "\"a3any\"");
    CHECK(serving.text("find", "a", 3, "file") == "\"a3file\"");
    CHECK(serving.text("find", "a", nullptr, "file") == "\"a-1file\"");
    CHECK(serving.text("find", "a", internal::make_payload("json/plain", "null")) == "\"a-1any\"");
  }
  SECTION("are decoded like others") {
    CHECK_THAT(serving.text("find", "a", "deep"), ContainsSubstring("UndecodableArguments"));
  }
  SECTION("allow no others to be missing, and none too many") {
    CHECK_THAT(serving.text("find"), ContainsSubstring("UndecodableArguments: the activity's arguments: "
                                                       "expected 1 to 3 values, found 0"));
    CHECK_THAT(serving.text("find", "a", 1, "b", 2), ContainsSubstring("expected 1 to 3 values, found 4"));
  }
}

TEST_CASE("methods of an object", "[worker][serve]") {
  Serving serving;
  Worker& worker = serving.worker;
  SECTION("that the worker keeps alive") {
    auto files = std::make_shared<Files>("/");
    const std::weak_ptr<Files> watched = files;
    worker.serve(copy_part, std::move(files), &Files::copy);
    CHECK_FALSE(watched.expired());
    CHECK(serving.text("copy_part", "a", 1) == "\"/a2\"");
    CHECK(serving.text("copy_part", "a", 1) == "\"/a3\"");
    worker = Worker(idle_client(), {.task_queue = "q"});
    CHECK(watched.expired());
  }
  SECTION("that outlives the worker, const or not") {
    Files files("/");
    const Files& constant = files;
    worker.serve(copy_part, files, &Files::copy);
    worker.serve(twice, constant, &Files::doubled);
    worker.serve(sweep, std::ref(files), &Files::clear);
    CHECK(serving.text("copy_part", "a", 1) == "\"/a2\"");
    CHECK(files.calls == 1);
    CHECK(serving.text("twice", 3) == "6");
    CHECK(serving.text("sweep") == "NotFound: no /");
  }
  SECTION("of a base, with the context, noexcept") {
    worker.serve(copy_part, std::make_unique<NamedFiles>("/"), &Files::look);
    CHECK(serving.text("copy_part", "a", 1) == "\"/acopy_part\"");
  }
  SECTION("in one list, with names known at run time and all the rest") {
    worker.serve_all(std::make_shared<Files>("/"), method(copy_part, &Files::copy), method(sweep, &Files::clear),
                     method(dynamic_activity("raw"), &Files::raw), method_unknown(&Files::raw));
    CHECK(serving.text("copy_part", "a", 1) == "\"/a2\"");
    CHECK(serving.text("sweep") == "NotFound: no /");
    CHECK(serving.text("raw", 1) == "/raw");
    CHECK(serving.text("other") == "/other");
  }
}

TEST_CASE("an alias", "[worker][serve]") {
  Serving serving;
  Worker& worker = serving.worker;
  SECTION("runs the handler of the new name, and the context tells the old one") {
    worker.alias(copy_part, "copy-v1");
    worker.alias(copy_part, "copy-v2");
    worker.serve(copy_part, std::make_shared<Files>(""), &Files::look);
    CHECK(serving.text("copy-v1", "a", 1) == "\"acopy-v1\"");
    CHECK(serving.text("copy-v2", "a", 1) == "\"acopy-v2\"");
    CHECK(serving.text("copy_part", "a", 1) == "\"acopy_part\"");
    CHECK_FALSE(WorkerAccess::registry(worker).mistake());
  }
  SECTION("of a dynamic activity is one too") {
    worker.serve(dynamic_activity("raw"), [](Payloads input) { return input; });
    worker.alias(dynamic_activity("raw"), "raw-v1");
    CHECK(serving.text("raw-v1", 1) == "1");
  }
  SECTION("comes before the catch-all") {
    worker.serve_unknown([](Payloads) { return Payloads{internal::make_payload("text", "unknown")}; });
    worker.serve(twice, twice_in_context);
    worker.alias(twice, "double");
    CHECK(serving.text("double", 2) == "4");
  }
}

TEST_CASE("a worker does not start", "[worker][serve]") {
  Serving serving;
  Worker& worker = serving.worker;
  SECTION("when a name is served twice, in whatever way") {
    worker.serve(twice, twice_in_context);
    worker.serve(dynamic_activity("twice"), [](Payloads input) { return input; });
    CHECK(serving.mistake() == "activity 'twice' is served twice");
  }
  SECTION("when there are two catch-alls") {
    worker.serve_unknown([](Payloads input) { return input; });
    worker.serve_unknown([](Payloads input) { return input; });
    CHECK(serving.mistake() == "serve_unknown was called twice");
  }
  SECTION("when an alias is taken by an activity, before or after, or by an alias") {
    const bool before = GENERATE(true, false), other_alias = GENERATE(true, false);
    if (before) worker.alias(sweep, "twice");
    if (other_alias) {
      worker.serve(sweep, [] {});
      worker.alias(sweep, "twice");
    } else {
      worker.serve(twice, twice_in_context);
    }
    if (!before) worker.alias(sweep, "twice");
    CHECK(serving.mistake() == (before || other_alias
                                    ? "activity 'twice' is served twice: the name is an alias of 'sweep'"
                                    : "activity 'twice' is served twice"));
  }
  SECTION("when an alias stands for nothing") {
    worker.alias(sweep, "clean");
    CHECK(serving.mistake() == "alias 'clean' stands for 'sweep', which is not served");
  }
  SECTION("when an alias stands for an alias") {
    worker.serve(sweep, [] {});
    worker.alias(sweep, "clean");
    worker.alias(dynamic_activity("clean"), "tidy");
    CHECK(serving.mistake() == "alias 'tidy' stands for 'clean', which is itself an alias of 'sweep'; name that one");
  }
  SECTION("when aliases go round") {
    worker.alias(dynamic_activity("a"), "b");
    worker.alias(dynamic_activity("b"), "a");
    CHECK_THAT(serving.text("a"), ContainsSubstring("NotFoundError"));
    CHECK(serving.mistake() == "alias 'a' stands for 'b', which is itself an alias of 'a'; name that one");
  }
  SECTION("when a name is reserved or empty") {
    worker.serve(sweep, [] {});
    const std::string name = GENERATE("", "__temporal_sweep");
    const bool alias = GENERATE(true, false);
    if (alias) {
      worker.alias(sweep, name);
    } else {
      worker.serve(dynamic_activity(name), [](Payloads input) { return input; });
    }
    CHECK_THAT(serving.mistake(), ContainsSubstring("activity name '" + name + "' is "));
  }
  SECTION("when a handler is empty") {
    worker.serve(copy_part, std::function<std::string(std::string, int)>());
    CHECK(serving.mistake() == "activity 'copy_part' has an empty handler, or its object is null");
  }
  SECTION("when a function pointer, an object or a method is null") {
    const int which = GENERATE(0, 1, 2);
    if (which == 0) worker.serve(copy_part, static_cast<std::string (*)(std::string, int)>(nullptr));
    if (which == 1) worker.serve(copy_part, std::shared_ptr<Files>(), &Files::copy);
    if (which == 2) worker.serve_all(std::make_shared<Files>(""), method(copy_part, decltype (&Files::copy)(nullptr)));
    CHECK(serving.mistake() == "activity 'copy_part' has an empty handler, or its object is null");
  }
  SECTION("when automatic heartbeats have no time to stall in") {
    const auto timeout = GENERATE(0ns, 9'999'999ns, -1ns, std::chrono::nanoseconds(240h) + 1ns);
    const ServeOptions options{.auto_heartbeat = AutoHeartbeatOptions{.stall_timeout = timeout}};
    const int which = GENERATE(0, 1, 2);
    if (which == 0) worker.serve(sweep, [] {}, options);
    if (which == 1) worker.serve_unknown([](Payloads input) { return input; }, options);
    if (which == 2) worker.serve_all(std::make_shared<Files>(""), method(sweep, &Files::clear, options));
    CHECK(serving.mistake() == std::string(which == 1 ? "serve_unknown" : "activity 'sweep'") +
                                   ": ServeOptions.auto_heartbeat.stall_timeout is " + std::to_string(timeout.count()) +
                                   " ns, must be 10 ms to 240 hours");
  }
  SECTION("and names the first mistake of several") {
    worker.alias(sweep, "clean");
    worker.serve(dynamic_activity(""), [](Payloads input) { return input; });
    CHECK_THAT(serving.mistake(), ContainsSubstring("is empty"));
  }
}

TEST_CASE("automatic heartbeats stand around the call", "[worker][serve]") {
  Serving serving;
  ActivityTask task;
  task.activity_type = "sweep";
  const auto attempt =
      std::make_shared<Attempt>(task, "q", DataConverter(), system_clock(), Lease(system_clock().now(), 0s, 0s), 1);
  std::optional<bool> during;
  serving.worker.serve(sweep, [&] { during = attempt->has_auto_beat() && attempt->look_at_progress().number != 0; },
                       {.auto_heartbeat = AutoHeartbeatOptions{.stall_timeout = 1min}});
  WorkerAccess::registry(serving.worker).run(attempt);
  CHECK(during == true);
  CHECK(attempt->look_at_progress().number == 0);
}
