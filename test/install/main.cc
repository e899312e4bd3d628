// A program of a user: server, worker and client in one process, from the public headers alone.
#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/server.h>
#include <longbeat/worker.h>

#include <chrono>
#include <iostream>

inline constexpr longbeat::Activity<int(int number)> twice{"twice"};

int main() {
  using namespace std::chrono_literals;
  auto server = longbeat::LocalServer::start().value();
  auto client = longbeat::Client::connect({.address = server.address()}).value();
  longbeat::Worker worker(client, {.task_queue = "numbers", .max_concurrent_activities = 2});
  worker.serve(twice, [](longbeat::ActivityContext&, int number) { return 2 * number; });
  worker.start().value();

  auto handle = client.start(twice, {.id = "21", .task_queue = "numbers", .start_to_close_timeout = 10s}, 21).value();
  const int answer = handle.result({.timeout = 20s}).value();
  worker.stop(5s).value();
  std::cout << "twice 21 is " << answer << "\n";
  return answer == 42 ? 0 : 1;
}
