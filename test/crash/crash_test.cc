// Real servers, real kill -9: whatever was acknowledged must be there afterwards. README.md says what is compared.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>

#include "crash/ledger.h"
#include "crash/mixed_load.h"
#include "support/program.h"
#include "support/server_process.h"

namespace longbeat::crash {
namespace {

using std::chrono::milliseconds;
using test::Clock;

struct Options {
  std::string server{};
  int times = 200;
  std::uint64_t seed = std::random_device{}();
  bool plant = false;
  std::string sync_ms{};
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&] { return test::value_of_option(count, arguments, i); };
    if (name == "--server")
      options.server = value();
    else if (name == "--times")
      options.times = static_cast<int>(test::whole_number(name, value(), 1, 1'000'000));
    else if (name == "--seed")
      options.seed = test::whole_number(name, value(), 0, UINT64_MAX);
    else if (name == "--sync-ms")
      options.sync_ms = value();
    else if (name == "--plant")
      options.plant = true;
    else
      throw std::invalid_argument("unknown option " + name);
  }
  if (options.server.empty() || options.times < 1) {
    throw std::invalid_argument(
        "usage: crash_test --server CRASHING_SERVER [--times N] [--seed S] [--sync-ms N] [--plant]");
  }
  return options;
}

/// Where a server dies: at the n-th pass of a named point, or, where none is named, after some time.
struct Death {
  std::string point{};
  std::uint64_t pass = 0;
  milliseconds after{};
};

struct Point {
  const char* name;
  std::uint64_t pass_max;
};
constexpr Point kPoints[] = {{"before commit", 120},  {"after commit", 120}, {"scan", 4000},  {"checkpoint", 6},
                             {"after checkpoint", 6}, {"log restart", 3},    {"migration", 3}};
constexpr milliseconds kLongestWait{1500};  // For a pass that does not come.
constexpr milliseconds kLastWait{15'000};   // For the first pass of a point that no server came to yet.
constexpr int kTimesForAll = 80;            // Kills after which each point has been drawn several times.

Death draw(std::mt19937_64& random) {
  if (random() % 100 < 40) {
    // Mostly under full load, now and then within the first moments after a start.
    return {.after = milliseconds(random() % 100 < 25 ? random() % 60 : 100 + random() % 700)};
  }
  const Point& point = kPoints[random() % std::size(kPoints)];
  return {point.name, 1 + random() % point.pass_max, kLongestWait};
}

/// Makes the file one of format 1, which had no callbacks and no settings of task queues; the load here uses neither.
void make_older(const std::string& path) {
  sqlite3* db = nullptr;
  const int opened = sqlite3_open(path.c_str(), &db);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closer(db, sqlite3_close);
  char* said = nullptr;
  if (opened != SQLITE_OK ||
      sqlite3_exec(db,
                   "BEGIN IMMEDIATE; DROP TABLE IF EXISTS callbacks; DROP TABLE IF EXISTS task_queue;"
                   "UPDATE meta SET value = x'01000000feffffff' WHERE key = 0; COMMIT",
                   nullptr, nullptr, &said) != SQLITE_OK) {
    throw std::runtime_error("cannot make " + path + " a file of format 1: " + (said != nullptr ? said : "not opened"));
  }
}

/// The file as it was: what a disk does that has not written what it said it had.
class OlderCopy {
 public:
  explicit OlderCopy(std::filesystem::path database) : database_(std::move(database)) { copy(database_, kept()); }
  void put_back() const { copy(kept(), database_); }

 private:
  std::filesystem::path kept() const { return database_.string() + ".kept"; }
  static void copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    for (const char* part : {"", "-wal", "-shm"}) {
      std::filesystem::remove(to.string() + part);
      if (!std::filesystem::exists(from.string() + part)) continue;
      std::filesystem::copy_file(from.string() + part, to.string() + part);
    }
  }
  std::filesystem::path database_;
};

class CrashTest {
 public:
  explicit CrashTest(const Options& options) : options_(options), random_(options.seed) { load_.begin(); }
  ~CrashTest() { client_.reset(); }  // Its last answers go to what is still there.
  CrashTest(const CrashTest&) = delete;
  CrashTest& operator=(const CrashTest&) = delete;

  int run() {
    server_.kill();  // Dead between rounds and before the first: nobody else has the file then.
    for (int round = 1; round <= options_.times && ledger_.differences().empty(); ++round) {
      if (options_.plant && round == options_.times / 2) plant();
      die(draw(random_), round);
    }
    reach_the_rest();
    ::unsetenv("LONGBEAT_CRASH_AT");
    server_.restart();
    if (ledger_.differences().empty() && load_.drain(Clock::now() + std::chrono::seconds(40))) {
      server_.restart();  // Once more, with nothing left to do.
    }
    if (ledger_.differences().empty()) load_.compare_all();
    return report();
  }

 private:
  void die(const Death& death, int round) {
    const auto begin = Clock::now();
    if (death.point == "migration") make_older(database());
    if (death.point.empty()) {
      ::unsetenv("LONGBEAT_CRASH_AT");
    } else {
      ::setenv("LONGBEAT_CRASH_AT", (death.point + ":" + std::to_string(death.pass)).c_str(), 1);
    }
    const bool is_up = server_.restart_unless_it_dies();
    const auto up = Clock::now();
    while (server_.running() && Clock::now() < up + death.after) {
      load_.run_until(std::min(up + death.after, Clock::now() + milliseconds(5)));
    }
    const bool at_its_point = !death.point.empty() && !server_.running();
    if (!server_.running() && !server_.was_killed()) {
      throw std::runtime_error("the server ended by itself; it said:\n" + server_.log_tail());
    }
    server_.kill();
    const std::string where = at_its_point ? death.point : "some moment";
    ++deaths_[where];
    const auto ms = [](auto time) {
      return static_cast<long long>(std::chrono::duration_cast<milliseconds>(time).count());
    };
    std::printf("%3d: %-16s %s %4lld ms, lived %4lld ms; so far %zu started, %zu closed, %llu calls answered\n", round,
                where.c_str(), is_up ? "back after" : "dead after", ms(up - begin), ms(Clock::now() - up),
                ledger_.started().size(), ledger_.acknowledged_closed(),
                static_cast<unsigned long long>(load_.answers()));
    std::fflush(stdout);
  }

  /// With so many deaths each point has had its turn. One that no server came to gets more: where the log is moved as
  /// fast as it grows, SQLite begins it again by itself, and only the smallest of limits lets the server do so.
  void reach_the_rest() {
    if (options_.times < kTimesForAll) return;
    ::setenv("LONGBEAT_CRASH_WAL_BYTES", "1", 1);
    for (const Point& point : kPoints) {
      for (int i = 0; i < 3 && deaths_[point.name] == 0 && ledger_.differences().empty(); ++i) {
        die({point.name, 1, kLastWait}, ++options_.times);
      }
    }
  }

  /// A loss that the ledger has to find.
  void plant() {
    const OlderCopy copy(database());
    ::unsetenv("LONGBEAT_CRASH_AT");
    server_.restart();
    load_.run_until(Clock::now() + milliseconds(500));
    server_.kill();
    copy.put_back();
  }

  int report() {
    std::printf("died");
    for (const auto& [where, times] : deaths_) std::printf(" %d times at \"%s\",", times, where.c_str());
    std::printf("\ncompared %zu activities after %d kills: ", ledger_.started().size(), options_.times);
    for (const Point& point : kPoints) {  // Or it does not work any more.
      if (options_.times >= kTimesForAll && deaths_[point.name] == 0) {
        ledger_.difference(std::string("no server died at \"") + point.name + '"');
      }
    }
    if (ledger_.differences().empty()) return std::printf("nothing lost, doubled or changed\n"), options_.plant ? 1 : 0;
    std::printf("%zu differences\n", ledger_.differences().size());
    for (std::size_t i = 0; i < ledger_.differences().size() && i < 20; ++i) {
      std::printf("  %s\n", ledger_.differences()[i].c_str());
    }
    if (options_.plant) return std::printf("as it should be: a loss was planted\n"), 0;
    std::printf("the server said:\n%s\n", server_.log_tail().c_str());
    return 1;
  }

  std::string database() const { return (folder_.path() / "crash.db").string(); }

  Options options_;
  std::mt19937_64 random_;
  const test::TempFolder folder_{};
  test::ServerProcess server_{
      {.binary = options_.server, .database = folder_.path() / "crash.db", .folder = folder_.path()}};
  Ledger ledger_{Lease{}};
  std::optional<test::WireClient> client_{server_.address()};
  MixedLoad load_{*client_, ledger_, random_()};
  std::map<std::string, int> deaths_{};
};

}  // namespace
}  // namespace longbeat::crash

int main(int count, char** arguments) {
  return longbeat::test::run_program("crash_test", "", [&] {
    const auto options = longbeat::crash::parse(count, arguments);
    std::printf("seed %llu, %d times\n", static_cast<unsigned long long>(options.seed), options.times);
    ::setenv("LONGBEAT_CRASH_WAL_BYTES", "1000000", 1);  // So that the log is moved and begun again all the time.
    if (!options.sync_ms.empty()) ::setenv("LONGBEAT_CRASH_SYNC_MS", options.sync_ms.c_str(), 1);
    return longbeat::crash::CrashTest(options).run();
  });
}
