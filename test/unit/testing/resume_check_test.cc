// check_resume() on activities that resume well and badly. Their effects are lines of a file.
#include "longbeat/testing/resume_check.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iomanip>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/log.h"
#include "longbeat/log.h"
#include "support/catch.h"
#include "support/temporary_directory.h"
#include "unit/testing/activities.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;
using testing::check_resume;
using testing::KeptDetails;

namespace {

constexpr Activity<int(std::string file, int lines)> write_lines{"write_lines"};

/// The file whose lines are the effects, and how it is looked at.
struct Effects {
  TemporaryDirectory folder{};
  std::string file = folder.file("lines");

  std::string read() const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  testing::ResumeCheckOptions options() const {
    testing::ResumeCheckOptions options;
    options.prepare = [this] { std::filesystem::remove(file); };
    return options;
  }
  template <class Handler>
  testing::ResumeReport check(Handler handler, testing::ResumeCheckOptions options, int lines = 5) const {
    return check_resume(write_lines, handler, std::tuple(file, lines), [this] { return read(); }, std::move(options));
  }
  template <class Handler>
  testing::ResumeReport check(Handler handler) const {
    return check(handler, options());
  }
};

void append(const std::string& file, int line) {
  std::ofstream(file, std::ios::app) << "line " << std::setw(2) << std::setfill('0') << line << "\n";
}
/// Each line is 8 bytes.
void keep_only(const std::string& file, int lines) {
  if (std::filesystem::exists(file)) std::filesystem::resize_file(file, static_cast<std::uintmax_t>(8 * lines));
}

int write_well(ActivityContext& context, const std::string& file, int lines) {
  auto done = context.checkpoint<int>();
  keep_only(file, *done);
  for (int line = *done; line < lines; ++line) {
    append(file, line);
    done.save(line + 1);
  }
  return lines;
}
int write_without_cleaning(ActivityContext& context, const std::string& file, int lines) {
  auto done = context.checkpoint<int>();
  for (int line = *done; line < lines; ++line) {
    append(file, line);
    done.save(line + 1);
  }
  return lines;
}
int save_too_early(ActivityContext& context, const std::string& file, int lines) {
  auto done = context.checkpoint<int>();
  keep_only(file, *done);
  for (int line = *done; line < lines; ++line) {
    done.save(line + 1);
    append(file, line);
  }
  return lines;
}
/// Writes well, but ends a resumed attempt by `end`.
template <class End>
auto resuming_with(End end) {
  return [end](ActivityContext& context, const std::string& file, int lines) {
    if (context.checkpoint<int>().restored()) end();
    return write_well(context, file, lines);
  };
}

}  // namespace

TEST_CASE("an activity that resumes well", "[testing][resume]") {
  const Effects effects;
  SECTION("passes, with what was sent") {
    const auto report = effects.check(write_well);
    INFO(report);
    CHECK(report);
    CHECK(report.heartbeats == 5);
    CHECK(report.checked == std::vector<std::size_t>{1, 2, 3, 4, 5});
    CHECK_FALSE(report.first_wrong);
    CHECK(report.text == "'write_lines' resumes correctly after each of its 5 heartbeats");
  }
  SECTION("passes with what was called") {
    auto options = effects.options();
    options.kept_details = KeptDetails::kCalled;
    CHECK(effects.check(write_well, options));
  }
  SECTION("is killed after the first heartbeat, the last and some between") {
    auto options = effects.options();
    options.points_max = 4;
    const auto report = effects.check(write_well, options, 10);
    CHECK(report.checked == std::vector<std::size_t>{1, 4, 7, 10});
    CHECK_THAT(report.text, ContainsSubstring("4 of its 10 heartbeats"));
  }
  SECTION("is killed after each on request") {
    auto options = effects.options();
    options.points_max = 1;
    options.every_heartbeat = true;
    CHECK(effects.check(write_well, options, 8).checked.size() == 8);
  }
}

TEST_CASE("an activity that repeats effects", "[testing][resume]") {
  const Effects effects;
  SECTION("is found out by what was sent") {
    const auto report = effects.check(write_without_cleaning);
    CHECK_FALSE(report);
    // Only the first heartbeat was sent: virtual time has not moved.
    CHECK(report.first_wrong == 2u);
    CHECK_THAT(report.text, ContainsSubstring("killed after heartbeat 2 of 5"));
    CHECK_THAT(report.text, ContainsSubstring("effects: line 3: 'line 01', uninterrupted 'line 02'"));
    CHECK_THAT(report.text, ContainsSubstring("handed on: 1"));
  }
  SECTION("is not by what was called, where nothing is done twice") {
    auto options = effects.options();
    options.kept_details = KeptDetails::kCalled;
    CHECK(effects.check(write_without_cleaning, options));
  }
  SECTION("is not where each heartbeat is sent") {
    auto options = effects.options();
    options.heartbeat_time = 1min;
    CHECK(effects.check(write_without_cleaning, options));
  }
}

TEST_CASE("an activity that saves before the work is done", "[testing][resume]") {
  const Effects effects;
  auto options = effects.options();
  options.kept_details = KeptDetails::kCalled;
  const auto report = effects.check(save_too_early, options);
  CHECK_FALSE(report);
  CHECK(report.first_wrong == 1u);
}

TEST_CASE("the first heartbeat after which the result is wrong", "[testing][resume]") {
  const Effects effects;
  const auto forgets = [](ActivityContext& context, const std::string& file, int lines) {
    const int found = *context.checkpoint<int>();
    const int result = write_well(context, file, lines);
    return found > 12 ? result - 1 : result;
  };
  auto options = effects.options();
  options.kept_details = KeptDetails::kCalled;
  options.points_max = 3;
  const auto report = effects.check(forgets, options, 20);
  CHECK(report.first_wrong == 13u);
  CHECK(std::find(report.checked.begin(), report.checked.end(), 12u) != report.checked.end());
  CHECK_THAT(report.text, ContainsSubstring("result: 19, uninterrupted 20"));
}

TEST_CASE("an attempt that resumes and", "[testing][resume]") {
  const Effects effects;
  auto options = effects.options();
  const auto text = [&](auto end) {
    const auto report = effects.check(resuming_with(end), options);
    CHECK_FALSE(report);
    CHECK(report.first_wrong == 1u);
    return report.text;
  };
  SECTION("crashes is told by its signal") {
    CHECK_THAT(text([] { std::raise(SIGKILL); }), ContainsSubstring("was killed by signal 9"));
  }
  SECTION("aborts is told by its signal") {
    CHECK_THAT(text([] { std::abort(); }), ContainsSubstring("was killed by signal 6"));
  }
  SECTION("leaves the process is told by its exit code") {
    CHECK_THAT(text([] { ::_exit(3); }), ContainsSubstring("left its process with exit code 3"));
  }
  SECTION("throws is told by its failure") {
    CHECK_THAT(text([] { throw std::runtime_error("no such row"); }), ContainsSubstring("no such row"));
  }
  SECTION("does not end is told by the time limit") {
    const auto begin = std::chrono::steady_clock::now();
    CHECK(effects.check(write_well, options));
    const auto took = std::chrono::steady_clock::now() - begin;  // Of eleven runs, on this machine.
    options.time_limit = 1s + std::chrono::ceil<std::chrono::milliseconds>(took);
    CHECK_THAT(text([] {
                 for (;;) ::pause();
               }),
               ContainsSubstring("had not ended after 0 heartbeats and " + std::to_string(options.time_limit.count()) +
                                 " ms"));
  }
}

TEST_CASE("a time limit beyond the end of time", "[testing][resume]") {
  const Effects effects;
  auto options = effects.options();
  for (const auto limit : {std::chrono::milliseconds::max(), std::chrono::milliseconds(300 * 365 * 24h)}) {
    options.time_limit = limit;
    const auto report = effects.check(write_well, options);
    INFO(report);
    CHECK(report);
  }
}

TEST_CASE("a program that ignores its children", "[testing][resume]") {
  const Effects effects;
  struct sigaction before{};
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  REQUIRE(::sigaction(SIGCHLD, &ignored, &before) == 0);
  const auto crashed = effects.check(resuming_with([] { std::raise(SIGKILL); }));
  struct sigaction after{};
  REQUIRE(::sigaction(SIGCHLD, &before, &after) == 0);
  CHECK_THAT(crashed.text, ContainsSubstring("was killed by signal 9"));
  CHECK(after.sa_handler == SIG_IGN);
}

TEST_CASE("a process that the activity forks does not outlive a throw", "[testing][resume]") {
  const Effects effects;
  const auto forks = [](ActivityContext& context, const std::string& file, int lines) {
    const pid_t copy = ::fork();
    if (copy == 0) throw std::runtime_error("no such program");
    int status = 0;
    ::waitpid(copy, &status, 0);
    return write_well(context, file, lines) + (WIFEXITED(status) ? WEXITSTATUS(status) : 0);
  };
  const auto report = effects.check(forks);
  INFO(report);
  CHECK(report);
}

TEST_CASE("beside the log's own thread", "[testing][resume]") {
  const Effects effects;
  internal::log_on_own_thread();
  SECTION("an activity is checked, and the thread is there again") {
    for (int i = 0; i < 2; ++i) {
      const auto report = effects.check(write_well);
      INFO(report);
      CHECK(report);
    }
    std::promise<std::thread::id> wrote;
    set_log_sink([&](const LogRecord&) { wrote.set_value(std::this_thread::get_id()); });
    internal::log(internal::LogLevel::kInfo, "on which thread?");
    CHECK(wrote.get_future().get() != std::this_thread::get_id());
  }
  SECTION("whose sink blocks, none is") {
    std::promise<void> released;
    set_log_sink([held = released.get_future().share()](const LogRecord&) { held.wait(); });
    internal::log(internal::LogLevel::kInfo, "not soon");
    const auto report = effects.check(write_well);
    released.set_value();
    CHECK_FALSE(report);
    CHECK_THAT(report.text, ContainsSubstring("2 threads"));
  }
  internal::flush_log(10s);
  set_log_sink({});
  CHECK(internal::log_on_callers_thread(10s));
}

TEST_CASE("what cannot be compared is refused", "[testing][resume]") {
  const Effects effects;
  const auto refused = [](const testing::ResumeReport& report) {
    CHECK_FALSE(report);
    CHECK(report.checked.empty());
    return report.text;
  };
  SECTION("an activity that fails by itself") {
    const auto fails = [](const std::string&, int) -> int { throw std::runtime_error("boom"); };
    CHECK_THAT(refused(effects.check(fails)), ContainsSubstring("uninterrupted run") && ContainsSubstring("boom"));
  }
  SECTION("an activity that crashes by itself") {
    const auto crashes = [](const std::string&, int) -> int { std::abort(); };
    CHECK_THAT(refused(effects.check(crashes)), ContainsSubstring("signal 6"));
  }
  SECTION("an activity without heartbeats") {
    const auto silent = [](const std::string&, int lines) { return lines; };
    CHECK_THAT(refused(effects.check(silent)), ContainsSubstring("no heartbeat"));
  }
  SECTION("effects that cannot be observed") {
    const auto blind = []() -> std::string { throw std::runtime_error("no table"); };
    CHECK_THAT(refused(check_resume(write_lines, write_well, std::tuple(effects.file, 3), blind, effects.options())),
               ContainsSubstring("observe() threw") && ContainsSubstring("no table"));
  }
  SECTION("a world that cannot be prepared") {
    auto options = effects.options();
    options.prepare = [] { throw std::runtime_error("no disk"); };
    CHECK_THAT(refused(effects.check(write_well, options)),
               ContainsSubstring("prepare() threw") && ContainsSubstring("no disk"));
  }
  SECTION("a process with other threads") {
    std::mutex mutex;
    std::condition_variable condition;
    bool over = false;
    std::thread other([&] {
      std::unique_lock lock(mutex);
      condition.wait(lock, [&] { return over; });
    });
    const auto report = effects.check(write_well);
    {
      const std::lock_guard lock(mutex);
      over = true;
      condition.notify_all();
    }
    other.join();
    CHECK_THAT(refused(report), ContainsSubstring("2 threads") && ContainsSubstring("resume_check_main"));
  }
  SECTION("a process that may open no more files") {
    struct rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    struct rlimit none = before;
    none.rlim_cur = 0;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto report = effects.check(write_well);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK_THAT(refused(report), ContainsSubstring("/proc/self/task") && ContainsSubstring("Too many open files"));
  }
  SECTION("options that mean nothing") {
    auto none = effects.options(), instant = effects.options(), back = effects.options(), bad = effects.options();
    none.points_max = 0;
    instant.time_limit = 0ms;
    back.heartbeat_time = -1s;
    bad.environment.info.attempt = 0;
    for (const auto& options : {none, instant, back, bad})
      CHECK_THROWS_AS(effects.check(write_well, options), std::invalid_argument);
  }
}

TEST_CASE("runs that are not the same each time", "[testing][resume]") {
  const Effects effects;
  const std::string seen = effects.folder.file("seen");
  const auto lazy = [&](ActivityContext& context, const std::string& file, int lines) {
    if (std::filesystem::exists(seen)) return lines;
    append(seen, 1);
    return write_well(context, file, lines);
  };
  const auto told = [&](const auto& handler) {
    const auto report = effects.check(handler);
    CHECK_FALSE(report);
    CHECK(report.checked.empty());
    CHECK_FALSE(report.first_wrong);
    CHECK_THAT(report.text, ContainsSubstring("two undisturbed runs of 'write_lines' are not the same"));
    CHECK_THAT(report.text, !ContainsSubstring("killed after"));
    return report.text;
  };
  SECTION("by the number of their heartbeats") {
    CHECK_THAT(told(lazy), ContainsSubstring("heartbeats: 0, before 5"));
  }
  SECTION("by their results") {
    const auto random = [](ActivityContext& context, const std::string& file, int lines) {
      write_well(context, file, lines);
      return static_cast<int>(::getpid());
    };
    CHECK_THAT(told(random), ContainsSubstring("result: ") && ContainsSubstring(", before "));
  }
  SECTION("by their effects") {
    const auto random = [](ActivityContext& context, const std::string& file, int lines) {
      write_well(context, file, lines);
      std::ofstream(file, std::ios::app) << ::getpid() << "\n";
      return lines;
    };
    CHECK_THAT(told(random), ContainsSubstring("effects: line 6: "));
  }
  SECTION("because one of them crashes") {
    const auto crashes = [&](ActivityContext& context, const std::string& file, int lines) {
      if (std::filesystem::exists(seen)) std::abort();
      append(seen, 1);
      return write_well(context, file, lines);
    };
    CHECK_THAT(told(crashes), ContainsSubstring("the second one was killed by signal 6"));
  }
  SECTION("because nothing brings the world back") {
    auto options = effects.options();
    options.prepare = nullptr;
    const auto report = effects.check(write_without_cleaning, options);
    CHECK_THAT(report.text, ContainsSubstring("are not the same") && ContainsSubstring("prepare"));
  }
}

TEST_CASE("effects in memory do not survive", "[testing][resume]") {
  static constexpr Activity<int(int)> collect{"collect"};
  std::vector<int> seen;
  const auto handler = [&](ActivityContext& context, int steps) {
    auto done = context.checkpoint<int>();
    for (int step = *done; step < steps; ++step) {
      seen.push_back(step);
      done.save(step + 1);
    }
    return steps;
  };
  const auto report = check_resume(collect, handler, 3, [&] { return seen; });
  CHECK_FALSE(report);
  CHECK_THAT(report.text, ContainsSubstring("effects: '[1,2]', uninterrupted '[0,1,2]'"));
  CHECK(seen.empty());
}

namespace {

struct Ended {
  int code = 0;
  std::string output;
};

/// Runs resume_main.cc.
Ended run_main(const std::string& file, const std::string& argument) {
  const std::string command = "RESUME_MAIN_FILE='" + file + "' " LONGBEAT_RESUME_MAIN " " + argument;
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Ended ended;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) ended.output += static_cast<char>(c);
  ended.code = WEXITSTATUS(::pclose(pipe));
  return ended;
}

}  // namespace

TEST_CASE("a program of its own, which may have threads", "[testing][resume]") {
  const TemporaryDirectory folder;
  SECTION("passes") {
    const auto ended = run_main(folder.file("steps"), "");
    CHECK(ended.code == 0);
    CHECK(ended.output ==
          "'first' resumes correctly after each of its 4 heartbeats\n"
          "'second' resumes correctly after each of its 4 heartbeats\n");
  }
  SECTION("tells what is wrong") {
    const auto ended = run_main(folder.file("steps"), "wrong");
    CHECK(ended.code == 1);
    CHECK_THAT(ended.output, ContainsSubstring("killed after heartbeat 1 of 4, 'first' does not resume correctly"));
  }
  SECTION("tells apart its checks of one activity") {
    const auto ended = run_main(folder.file("steps"), "same");
    CHECK(ended.code == 1);
    CHECK_THAT(ended.output, ContainsSubstring("'first' resumes correctly after each of its 4 heartbeats\nkilled after "
                                               "heartbeat 1 of 4, 'first' does not resume correctly"));
  }
  SECTION("says in one line which option means nothing") {
    const auto ended = run_main(folder.file("steps"), "option");
    CHECK(ended.code == 2);
    CHECK(ended.output == "resume_check_main: ResumeCheckOptions.points_max is 0, must be at least 1\n");
  }
}
