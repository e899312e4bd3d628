// resume_main [wrong | same | option]: a program with a thread of its own that checks two activities, which are right;
// wrong; one and the same, wrong at the second time; with an option that means nothing. Their effects are in the file
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
  const std::string what = argc > 1 ? argv[1] : "";
  bool wrong = what == "wrong";
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
  if (what == "option") options.points_max = 0;

  std::jthread other([](const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, stop, [] { return false; });
  });
  const auto check = [&](const auto& activity) {
    return longbeat::testing::resume_check_main(argc, argv, activity, add, 4, read, options);
  };
  const int result = check(first);
  if (result != 0) return result;
  wrong = wrong || what == "same";
  return check(what == "same" ? first : second);
}
