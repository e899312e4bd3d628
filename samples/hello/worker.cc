#include <longbeat/client.h>
#include <longbeat/worker.h>

#include <iostream>

#include "greet.h"

int main(int argc, char** argv) {
  auto client = longbeat::Client::connect({.address = argc > 1 ? argv[1] : "127.0.0.1:7233"});
  if (!client) {
    std::cerr << client.error() << "\n";
    return 1;
  }
  longbeat::Worker worker(*client, {.task_queue = "hello", .max_concurrent_activities = 8});
  worker.serve(greet, [](longbeat::ActivityContext&, std::string name) { return "Hello, " + name + "!"; });
  if (auto ended = worker.run(); !ended) {  // Until SIGINT or SIGTERM.
    std::cerr << ended.error() << "\n";
    return 1;
  }
}
