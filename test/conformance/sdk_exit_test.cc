// What a program has lost by its end still reaches the server: a process of its own, over the real stub.
#include <longbeat/client.h>
#include <longbeat/json.h>

#include <chrono>

#include "conformance/home.h"
#include "support/catch.h"
#include "support/child_process.h"
#include "support/eventually.h"

using namespace longbeat;
using namespace std::chrono_literals;

TEST_CASE("a late completion in a global that nobody reports fails its attempt when the program ends",
          "[conformance][async]") {
  const test::Home home;
  auto client = Client::connect(home.client()).value();
  StartOptions options{.id = "a", .task_queue = "late", .start_to_close_timeout = 10min};
  options.retry_policy = RetryPolicy{.maximum_attempts = 1};
  const auto handle = client.start(Activity<void()>("keep"), options).value();
  const test::TempFolder folder;
  test::ChildProcess program({LONGBEAT_LATE_AT_EXIT, home.address(), home.namespace_name()}, folder.path() / "log");

  const auto error = handle.result({.timeout = 30s}).error();
  const bool ended = test::eventually([&] { return !program.running(); });
  INFO(program.log_tail());
  REQUIRE(error.failure != nullptr);
  CHECK(error.failure->type == "CompletionLost");
  REQUIRE(ended);
  CHECK(program.exit_code() == 0);  // None when a signal ended it.
}
