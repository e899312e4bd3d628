// What stands around attempts: interceptors, and what they put into the context.
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/attempt.h"
#include "core/handover.h"
#include "longbeat/json.h"
#include "support/catch.h"
#include "worker/registry.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

struct Tenant {
  std::string name{};
};

std::shared_ptr<Attempt> attempt_of(std::string type, std::map<std::string, Payload> header = {}, Payloads input = {}) {
  ActivityTask task;
  task.activity_type = std::move(type);
  task.header = std::move(header);
  task.input = std::move(input);
  return std::make_shared<Attempt>(task, "q", DataConverter(), system_clock(), Lease(system_clock().now(), 0s, 0s), 1);
}

/// Writes down how attempts end.
struct Ends final : WorkerInterceptor {
  Ends(std::vector<std::string>& where, std::string name_in) : notes(where), name(std::move(name_in)) {}
  void attempt_ended(ActivityContext& context, const AttemptEnd& end) override {
    auto note = name + ": " + context.info().activity_type + " " + std::string(to_string(end.kind));
    if (end.failure != nullptr) note += " with " + end.failure->type;
    notes.push_back(std::move(note));
  }
  std::vector<std::string>& notes;
  std::string name;
};

/// Reads the tenant out of the header.
struct ReadsTenant final : WorkerInterceptor {
  Payloads execute_activity(ExecuteActivityParams params, const Next& next) override {
    const auto& header = params.context.info().header;
    if (const auto at = header.find("tenant"); at != header.end())
      params.context.attach(Tenant{params.context.converter().from_payload<std::string>(at->second).value()});
    return next(std::move(params));
  }
};

}  // namespace

TEST_CASE("worker interceptors are told how an attempt ended", "[worker][interceptor]") {
  Registry registry;
  std::vector<std::string> notes;
  registry.add_interceptors({std::make_shared<Ends>(notes, "outer"), std::make_shared<Ends>(notes, "inner")});
  const auto serve = [&](const char* type, std::function<void(ActivityContext&)> body) {
    registry.add(type, [body](ActivityContext& context, const Payloads&) {
      body(context);
      return Payloads();
    });
  };
  using Notes = std::vector<std::string>;
  SECTION("the innermost first") {
    serve("work", [](ActivityContext&) {});
    registry.run(attempt_of("work"));
    CHECK(notes == Notes{"inner: work completed", "outer: work completed"});
  }
  SECTION("with what it threw, as its caller will see it") {
    serve("work", [](ActivityContext&) { throw ApplicationError("no", {.type = "Declined"}); });
    registry.run(attempt_of("work"));
    CHECK(notes.at(0) == "inner: work failed with Declined");
  }
  SECTION("with the error it returned") {
    registry.add("work", [](ActivityContext&, const Payloads&) -> Payloads {
      throw_returned_error(Error{ErrorCode::kNotFound, "no such file", {}, {}});
    });
    registry.run(attempt_of("work"));
    CHECK(notes.at(0) == "inner: work failed with NotFound");
  }
  SECTION("when it was canceled") {
    const auto attempt = attempt_of("work");
    serve("work", [&](ActivityContext& context) {
      attempt->stop(StopCause::kCanceled, false);
      context.throw_if_stopped();
    });
    registry.run(attempt);
    CHECK(notes.at(0) == "inner: work canceled");
  }
  SECTION("when somebody else completes it") {
    const auto attempt = attempt_of("work");
    serve("work", [&](ActivityContext&) { attempt->give_away(std::make_shared<Handover>()); });
    registry.run(attempt);
    CHECK(notes.at(0) == "inner: work handed over");
  }
  SECTION("when nothing of it can count") {
    const auto attempt = attempt_of("work");
    serve("work", [&](ActivityContext&) { attempt->stop(StopCause::kNotFound, true); });
    registry.run(attempt);
    CHECK(notes.at(0) == "inner: work abandoned");
  }
  SECTION("when its details were broken, although it returned") {
    const auto attempt = attempt_of("work");
    serve("work", [&](ActivityContext&) { attempt->fail_details("not a number"); });
    registry.run(attempt);
    CHECK(notes.at(0) == "inner: work failed with HeartbeatDetailsError");
  }
  SECTION("also when nobody serves it") {
    registry.run(attempt_of("other"));
    CHECK(notes.at(0) == "inner: other failed with NotFoundError");
  }
  SECTION("also when one of them throws at that") {
    struct Broken final : WorkerInterceptor {
      void attempt_ended(ActivityContext&, const AttemptEnd&) override { throw std::runtime_error("no disk"); }
    };
    registry.add_interceptors({std::make_shared<Ends>(notes, "outer"), std::make_shared<Broken>()});
    serve("work", [](ActivityContext&) {});
    CHECK(std::holds_alternative<AttemptCompleted>(registry.run(attempt_of("work"))));
    CHECK(notes == Notes{"outer: work completed"});
  }
}

TEST_CASE("a worker interceptor", "[worker][interceptor]") {
  Registry registry;
  SECTION("sees what the activity threw, and its message when it returned an error") {
    struct Watching final : WorkerInterceptor {
      Payloads execute_activity(ExecuteActivityParams params, const Next& next) override {
        try {
          return next(std::move(params));
        } catch (const std::exception& error) {
          seen += error.what();
          throw;
        }
      }
      std::string seen{};
    };
    const auto watching = std::make_shared<Watching>();
    registry.add_interceptors({watching});
    registry.add("throws", [](ActivityContext&, const Payloads&) -> Payloads { throw std::runtime_error("one "); });
    registry.add("returns", [](ActivityContext&, const Payloads&) -> Payloads {
      throw_returned_error(Error{ErrorCode::kNotFound, "two", {}, {}});
    });
    registry.run(attempt_of("throws"));
    CHECK(std::get<AttemptFailed>(registry.run(attempt_of("returns"))).failure.type == "NotFound");
    CHECK(watching->seen == "one two");
  }
  SECTION("may change arguments and result") {
    struct Doubling final : WorkerInterceptor {
      Payloads execute_activity(ExecuteActivityParams params, const Next& next) override {
        params.input.push_back(params.input.front());
        auto result = next(std::move(params));
        result.push_back(make_payload("t", "more"));
        return result;
      }
    };
    registry.add_interceptors({std::make_shared<Doubling>()});
    registry.add("echo", [](ActivityContext&, const Payloads& input) { return input; });
    const auto outcome = registry.run(attempt_of("echo", {}, {make_payload("t", "a")}));
    CHECK(std::get<AttemptCompleted>(outcome).result.size() == 3);
  }
  SECTION("hands values of the header to the activity and to threads it starts") {
    registry.add_interceptors({std::make_shared<ReadsTenant>()});
    std::string found;
    registry.add("report", [&](ActivityContext& context, const Payloads&) {
      std::thread([&] { found = context.attached<Tenant>()->name; }).join();
      return Payloads();
    });
    registry.run(attempt_of("report", {{"tenant", DataConverter().to_payload(std::string("acme")).value()}}));
    CHECK(found == "acme");
  }
}

TEST_CASE("values attached to an attempt", "[worker][context]") {
  const auto attempt = attempt_of("work");
  ActivityContext context(attempt);
  SECTION("are null when there are none") {
    CHECK(context.attached<Tenant>() == nullptr);
  }
  SECTION("are one of each type, the newest") {
    context.attach(Tenant{"a"});
    context.attach(5);
    const auto kept = context.attached<Tenant>();
    context.attach(Tenant{"b"});
    CHECK(context.attached<Tenant>()->name == "b");
    CHECK(*context.attached<int>() == 5);
    CHECK(kept->name == "a");
  }
  SECTION("may be what cannot be copied") {
    context.attach(std::make_unique<int>(7));
    CHECK(**context.attached<std::unique_ptr<int>>() == 7);
  }
  SECTION("are let go on the function's thread, and none is kept after that") {
    Registry registry;
    std::weak_ptr<const Tenant> weak;
    registry.add("work", [&](ActivityContext& inside, const Payloads&) {
      inside.attach(Tenant{"a"});
      weak = inside.attached<Tenant>();
      return Payloads();
    });
    registry.run(attempt);
    CHECK(weak.expired());
    context.attach(Tenant{"late"});
    CHECK(context.attached<Tenant>() == nullptr);
  }
}
