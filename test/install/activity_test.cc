// A test of a user's, without a test framework and without gRPC, from the public headers alone.
#include <longbeat/json.h>
#include <longbeat/testing/activity_environment.h>
#include <longbeat/testing/resume_check.h>

#include <chrono>
#include <iostream>
#include <string>

inline constexpr longbeat::Activity<int(int steps)> walk{"walk"};

int run_walk(longbeat::ActivityContext& ctx, int steps) {
  using namespace std::chrono_literals;
  auto done = ctx.checkpoint<int>();
  for (int step = *done; step < steps; ++step) {
    ctx.sleep_for(1h);
    ctx.throw_if_stopped();
    done.save(step + 1);
  }
  return *done;
}

int main() {
  using namespace std::chrono_literals;
  longbeat::testing::ActivityEnvironment environment({.info = {.heartbeat_timeout = 3h}});
  const auto run = environment.run(walk, run_walk, 24);
  if (!run.result || *run.result != 24 || run.took != 24h || run.called.size() != 24) {
    std::cout << "the walk went wrong\n";
    return 1;
  }
  const auto report = longbeat::testing::check_resume(walk, run_walk, 6, [] { return std::string(); });
  std::cout << report << "\n";
  return report ? 0 : 1;
}
