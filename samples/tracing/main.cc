#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "../common/command_line.h"
#include "tracing.h"

using namespace std::chrono_literals;

inline constexpr longbeat::Activity<std::string(int amount)> checkout{"checkout"};
inline constexpr longbeat::Activity<void(int amount)> charge{"charge"};

longbeat::StartOptions options(const std::string& id) {
  return {.id = id, .task_queue = "tracing", .start_to_close_timeout = 10s};
}

std::string run_checkout(longbeat::ActivityContext& ctx, int amount) {
  const auto client = ctx.client().value();
  client.execute(charge, options(ctx.info().activity_id + "/charge"), amount).value();
  return "sold";
}

void run_charge(longbeat::ActivityContext& ctx, int) {
  if (ctx.info().attempt == 1) throw longbeat::ApplicationError("line is busy", {.next_retry_delay = 10ms});
}

int main(int argc, char** argv) try {
  Tracer tracer;
  const auto trace_starts = std::make_shared<TraceStarts>(tracer);
  const auto client =
      longbeat::Client::connect({.address = address_of(argc, argv), .interceptors = {trace_starts}}).value();
  longbeat::Worker worker(client, {.task_queue = "tracing", .interceptors = {std::make_shared<TraceAttempts>(tracer)}});
  worker.serve(checkout, run_checkout);
  worker.serve(charge, run_charge);
  worker.start().value();

  const auto root = tracer.begin("order 1", "");
  {
    const InSpan inside(root);
    std::cout << client.execute(checkout, options("checkout-1"), 50).value() << "\n";
  }
  tracer.end(root, true);
  tracer.print();
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
