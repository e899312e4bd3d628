// [headers]
#include <longbeat/json.h>                          // Arguments and results as JSON.
#include <longbeat/testing/activity_environment.h>  // ActivityEnvironment
#include <longbeat/testing/resume_check.h>          // check_resume, resume_check_main
// [end]
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>

#include "support/catch.h"  // Or any other test framework.

// [headers]

using namespace std::chrono_literals;
using longbeat::testing::ActivityEnvironment;
// [end]

// [activity]
struct Copied {
  int lines = 0;
  std::uintmax_t from = 0, to = 0;  // Bytes read and written.
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Copied, lines, from, to)

inline constexpr longbeat::Activity<int(std::string from, std::string to)> copy_lines{"copy_lines"};

int run_copy_lines(longbeat::ActivityContext& ctx, const std::string& from, const std::string& to) {
  auto done = ctx.checkpoint<Copied>();
  std::ofstream out(to, std::ios::app);
  std::filesystem::resize_file(to, done->to);  // Without what was written and not saved.
  std::ifstream in(from);
  in.seekg(static_cast<std::streamoff>(done->from));
  for (std::string line; std::getline(in, line);) {
    out << line << std::endl;
    const auto bytes = line.size() + 1;
    done.save({done->lines + 1, done->from + bytes, done->to + bytes});
    ctx.sleep_for(1s);  // Not to disturb others.
    ctx.throw_if_stopped();
  }
  return done->lines;
}
// [end]

namespace {

/// A folder with a file of ten lines.
struct TenLines {
  TenLines() {
    std::filesystem::create_directory(folder);
    std::ofstream out(from);
    for (int line = 1; line <= 10; ++line) out << "line " << line << "\n";
  }
  ~TenLines() { std::filesystem::remove_all(folder); }
  TenLines(const TenLines&) = delete;
  TenLines& operator=(const TenLines&) = delete;

  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("longbeat-guide-" + std::to_string(::getpid()));
  std::string from = (folder / "from").string(), to = (folder / "to").string();
};

std::string contents(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Stands for what fetches files over a network.
struct Network {
  virtual ~Network() = default;
  virtual int fetch(const std::string& name) = 0;
};
inline constexpr longbeat::Activity<int(std::string name)> fetch_file{"fetch_file"};

}  // namespace

TEST_CASE("copying lines takes a second each", "[guide]") {
  const TenLines files;
  // [first]
  ActivityEnvironment environment({.info = {.heartbeat_timeout = 5s}});
  const auto run = environment.run(copy_lines, run_copy_lines, files.from, files.to);

  REQUIRE(run.result);  // A Result<int>, as a client gets it.
  CHECK(*run.result == 10);
  CHECK(run.took == 10s);  // On the virtual clock; really some milliseconds.
  CHECK(run.called.size() == 10);
  CHECK(run.called.back().value<Copied>()->lines == 10);
  CHECK(run.sent.size() < 6);  // One heartbeat each 4 s, and the worker's own first one.
  // [end]
  CHECK(contents(files.to) == contents(files.from));
}

TEST_CASE("copying goes on where the last attempt was", "[guide]") {
  const TenLines files;
  // [previous]
  ActivityEnvironment environment({.info = {.attempt = 2}});
  std::ofstream(files.to) << "line 1\nline 2\nli";
  environment.set_previous_details(Copied{2, 14, 14});
  const auto run = environment.run(copy_lines, run_copy_lines, files.from, files.to);

  CHECK(run.called.front().value<Copied>()->lines == 3);
  CHECK(contents(files.to) == contents(files.from));
  // [end]
  CHECK(run.result);
}

TEST_CASE("copying stops when asked to", "[guide]") {
  const TenLines files;
  // [stops]
  ActivityEnvironment environment({.info = {.heartbeat_timeout = 5s}});
  environment.stop_after_heartbeat(3, longbeat::StopCause::kCanceled);
  const auto canceled = environment.run(copy_lines, run_copy_lines, files.from, files.to);
  CHECK(canceled.end == longbeat::AttemptEndKind::kCanceled);
  CHECK(canceled.took == 2s);                        // The sleep was cut short.
  CHECK(canceled.left.value<Copied>()->lines == 3);  // What the next attempt would find.
  CHECK(contents(files.to) == "line 1\nline 2\nline 3\n");
  // [end]
}

TEST_CASE("copying survives a worker that dies", "[guide]") {
  const TenLines files;
  // [continue]
  ActivityEnvironment environment({.info = {.heartbeat_timeout = 5s}});
  environment.disconnect(4500ms, 30s);  // Long enough for the lease to be lost.
  const auto first = environment.run(copy_lines, run_copy_lines, files.from, files.to);
  CHECK(first.stop_causes == std::vector{longbeat::StopCause::kLeaseLost});

  ActivityEnvironment another({.info = {.heartbeat_timeout = 5s}});
  another.continue_after(first);
  CHECK(another.run(copy_lines, run_copy_lines, files.from, files.to).result);
  CHECK(contents(files.to) == contents(files.from));
  // [end]
}

TEST_CASE("fetching gives up before its time is over", "[guide]") {
  // [fake]
  ActivityEnvironment environment({.info = {.start_to_close_timeout = 1min}});
  struct SlowNetwork : Network {
    explicit SlowNetwork(ActivityEnvironment& of) : environment(of) {}
    int fetch(const std::string&) override {
      environment.advance(25s);  // So long it takes.
      return ++fetched;
    }
    ActivityEnvironment& environment;
    int fetched = 0;
  } network(environment);

  const auto fetch_all = [&](longbeat::ActivityContext& ctx, const std::string& name) {
    while (ctx.time_left() > 30s && network.fetch(name) < 100) continue;
    return network.fetched;
  };
  CHECK(*environment.run(fetch_file, fetch_all, "a").result == 2);
  // [end]
}

TEST_CASE("copying resumes after kill -9", "[guide]") {
  const TenLines files;
  // [resume]
  const auto report = longbeat::testing::check_resume(copy_lines, run_copy_lines, std::tuple(files.from, files.to),
                                                      [&] { return contents(files.to); },
                                                      {.prepare = [&] { std::filesystem::remove(files.to); }});
  INFO(report);
  CHECK(report);
  // [end]
}
