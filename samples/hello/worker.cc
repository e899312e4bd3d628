#include <longbeat/client.h>
#include <longbeat/worker.h>

#include <iostream>
#include <string>

#include "greet.h"

int main(int argc, char** argv) {
  const std::string address = argc > 1 ? argv[1] : "127.0.0.1:7233";
  if (address == "--help") {
    std::cout << "usage: hello_worker [HOST:PORT]\n";
    return 0;
  }
  if (argc > 2 || address.starts_with('-')) {
    std::cerr << "unknown option '" << argv[argc > 2 ? 2 : 1] << "', usage: hello_worker [HOST:PORT]\n";
    return 2;
  }
  auto client = longbeat::Client::connect({.address = address});
  if (!client) {
    std::cerr << client.error() << "\n";
    return 2;  // A wrong address: it does not connect yet.
  }
  longbeat::Worker worker(*client, {.task_queue = "hello", .max_concurrent_activities = 8});
  worker.serve(greet, [](longbeat::ActivityContext&, std::string name) { return "Hello, " + name + "!"; });
  if (auto ended = worker.run(); !ended) {  // Until SIGINT or SIGTERM.
    std::cerr << ended.error() << "\n";
    return 1;
  }
}
