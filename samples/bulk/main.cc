#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "../common/command_line.h"

using namespace std::chrono_literals;

inline constexpr longbeat::Activity<std::int64_t(std::int64_t n)> square{"square"};

int main(int argc, char** argv) try {
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  longbeat::Worker worker(client, {.task_queue = "bulk"});
  worker.serve(square, [](std::int64_t n) { return n * n; });
  worker.start().value();

  std::vector<std::int64_t> numbers(2000);
  std::iota(numbers.begin(), numbers.end(), 1);
  const auto options_of = [](std::int64_t n) {
    return longbeat::StartOptions{
        .id = "square-" + std::to_string(n),
        .task_queue = "bulk",
        .start_to_close_timeout = 30s,
        // Run again after half of them was started: those are taken as they are.
        .id_conflict_policy = longbeat::IdConflictPolicy::kUseExisting,
    };
  };
  // One answer a number, in order; up to 200 are under way.
  const auto handles = client.start_many(square, numbers, options_of, {.max_in_flight = 200, .timeout = 1min});

  std::int64_t sum = 0, failed = 0;
  for (const auto& handle : handles) {
    const auto result = handle ? handle->result({.timeout = 1min}) : handle.error();
    if (result) {
      sum += *result;
    } else {
      std::cerr << result.error() << "\n";  // One that fails does not stop the others.
      ++failed;
    }
  }
  std::cout << "of " << handles.size() << " activities " << failed << " failed\n";
  std::cout << "the squares add up to " << sum << "\n";
  return failed == 0 ? 0 : 1;
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
