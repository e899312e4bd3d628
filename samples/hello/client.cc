#include <longbeat/client.h>

#include <chrono>
#include <iostream>
#include <string>

#include "greet.h"

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  const std::string address = argc > 1 ? argv[1] : "127.0.0.1:7233";
  if (address == "--help") {
    std::cout << "usage: hello_client [HOST:PORT]\n";
    return 0;
  }
  if (argc > 2 || address.starts_with('-')) {
    std::cerr << "unknown option '" << argv[argc > 2 ? 2 : 1] << "', usage: hello_client [HOST:PORT]\n";
    return 2;
  }
  auto client = longbeat::Client::connect({.address = address});
  if (!client) {
    std::cerr << client.error() << "\n";
    return 2;  // A wrong address: it does not connect yet.
  }
  auto handle = client->start(greet, {.id = "greet-1", .task_queue = "hello", .start_to_close_timeout = 10s}, "world");
  if (!handle) {
    std::cerr << handle.error() << "\n";
    return 1;
  }
  auto greeting = handle->result();
  if (!greeting) {
    std::cerr << greeting.error() << "\n";
    return 1;
  }
  std::cout << *greeting << "\n";
}
