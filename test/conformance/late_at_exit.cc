// late_at_exit ADDRESS NAMESPACE: takes one activity of the queue "late", keeps its late completion in a global and
// leaves main(). The global goes when what the libraries had as globals has gone, gRPC's service stub and all.
#include <longbeat/async_activity.h>
#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <chrono>
#include <future>
#include <iostream>
#include <optional>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;

std::optional<longbeat::LateCompletion> in_a_global;

void take_one(const char* address, const char* namespace_name) {
  std::promise<void> taken;
  auto client = longbeat::Client::connect({.address = address, .namespace_name = namespace_name}).value();
  longbeat::Worker worker(client, {.task_queue = "late", .max_concurrent_activities = 1});
  worker.serve(longbeat::Activity<void()>("keep"), [&taken](longbeat::ActivityContext& context) {
    in_a_global = context.complete_later();
    taken.set_value();
  });
  worker.start().value();
  if (taken.get_future().wait_for(20s) != std::future_status::ready) throw std::runtime_error("no attempt came");
  worker.stop(20s).value();  // Once the attempt is nobody's but the global's.
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: late_at_exit ADDRESS NAMESPACE");
  take_one(argv[1], argv[2]);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "late_at_exit: " << error.what() << "\n";
  return 1;
}
