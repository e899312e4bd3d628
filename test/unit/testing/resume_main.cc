// resume_main [wrong]: a program with a thread of its own that checks two activities. Their effects are in the file
// that the variable RESUME_MAIN_FILE names.
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "longbeat/activity.h"
#include "longbeat/testing/resume_check.h"
#include "unit/testing/activities.h"

namespace {

constexpr longbeat::Activity<int(int steps)> first{"first"}, second{"second"};

}  // namespace

int main(int argc, char** argv) {
  const std::string file = std::getenv("RESUME_MAIN_FILE");
  const bool wrong = argc > 1;
  const auto add = [&](longbeat::ActivityContext& context, int steps) {
    auto done = context.checkpoint<int>();
    for (int step = *done; step < steps; ++step) {
      if (!wrong || !done.restored()) std::ofstream(file, std::ios::app) << step << "\n";
      done.save(step + 1);
    }
    return steps;
  };
  const auto read = [&] {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  longbeat::testing::ResumeCheckOptions options;
  options.kept_details = longbeat::testing::KeptDetails::kCalled;
  options.prepare = [&] { std::filesystem::remove(file); };

  std::jthread other([](const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, stop, [] { return false; });
  });
  const auto check = [&](const auto& activity) {
    return longbeat::testing::resume_check_main(argc, argv, activity, add, 4, read, options);
  };
  const int result = check(first);
  return result != 0 ? result : check(second);
}
