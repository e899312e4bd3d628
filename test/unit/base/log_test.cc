#include "base/log.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <future>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

/// The log's own thread, for one test.
struct OwnThread {
  OwnThread() { log_on_own_thread(); }
  ~OwnThread() {
    flush_log(10s);
    set_log_sink({});
    log_on_callers_thread(10s);
  }
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;
};

/// A sink that blocks at its first line until told to go on.
class Blocking {
 public:
  LogSink sink() {
    return [this](const LogRecord& record) {
      {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(record.message);
        if (lines_.size() == 1) entered.set_value();
      }
      go_on_.wait();
    };
  }
  void release() { release_.set_value(); }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::promise<void> entered{};

 private:
  std::promise<void> release_{};
  std::shared_future<void> go_on_ = release_.get_future().share();
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace

TEST_CASE("a line of the log", "[base][log]") {
  std::vector<std::string> lines;
  set_log_sink([&](const LogRecord& record) {
    std::string line(record.message);
    for (const auto& field : record.fields) line.append(" ").append(field.name).append("=").append(field.value);
    lines.push_back(line);
  });
  SECTION("carries its fields") {
    log(LogLevel::kInfo, "copied", std::array{LogField{"activity_id", "a"}, LogField{"attempt", "2"}});
    CHECK(lines == std::vector<std::string>{"copied activity_id=a attempt=2"});
  }
  SECTION("below the least level is not written") {
    log(LogLevel::kDebug, "noise");
    CHECK(lines.empty());
    CHECK_FALSE(log_enabled(LogLevel::kDebug));
  }
  SECTION("runs the sink on the caller's thread as long as nobody asked for another") {
    std::thread::id there;
    set_log_sink([&](const LogRecord&) { there = std::this_thread::get_id(); });
    log(LogLevel::kInfo, "x");
    CHECK(there == std::this_thread::get_id());
    CHECK(flush_log(0ms));
  }
  set_log_sink({});
}

TEST_CASE("a line of the default sink", "[base][log]") {
  std::ostringstream out;
  const auto before = spdlog::default_logger();
  const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger->set_pattern("%l %v");
  spdlog::set_default_logger(logger);
  set_log_sink({});
  const auto written = [&](std::string_view message, std::string_view value) {
    log(LogLevel::kWarn, message, std::array{LogField{"activity_id", value}});
    return out.str();
  };
  SECTION("carries its fields") {
    CHECK(written("copied", "a") == "warning copied activity_id=a\n");
  }
  SECTION("cannot be made to look like two, or to command a terminal") {
    CHECK(written("ingest 'a\nerror forged\r' failed: \x1b[2J\ttext\x7f\xc2\x9b", "b\nc") ==
          "warning ingest 'a\\nerror forged\\r' failed: \\x1b[2J\\ttext\\x7f\\xc2\\x9b activity_id=b\\nc\n");
  }
  SECTION("keeps what is readable in any language, and spells out what is not UTF-8") {
    CHECK(written("caf\xc3\xa9 \xc2\xa9 C:\\new \xff", "\xc2") ==
          "warning caf\xc3\xa9 \xc2\xa9 C:\\new \\xff activity_id=\\xc2\n");
  }
  spdlog::set_default_logger(before);
}

TEST_CASE("a log with a thread of its own", "[base][log]") {
  SECTION("never runs the sink on the caller's, keeps the order, and loses nothing") {
    const OwnThread own;
    std::vector<std::string> lines;
    std::thread::id there;
    set_log_sink([&](const LogRecord& record) {
      there = std::this_thread::get_id();
      lines.push_back(std::string(record.message) + (record.fields.empty() ? "" : std::string(record.fields[0].value)));
    });
    for (char c = 'a'; c <= 'z'; ++c) {
      const std::string value(1, c);
      log(LogLevel::kInfo, "line ", std::array{LogField{"c", value}});
    }
    REQUIRE(flush_log(10s));
    CHECK(there != std::this_thread::get_id());
    REQUIRE(lines.size() == 26);
    CHECK(lines.front() == "line a");
    CHECK(lines.back() == "line z");
  }
  SECTION("goes on while the sink blocks, drops the newest when its queue is full, and says so") {
    Blocking blocking;
    const OwnThread own;
    set_log_sink(blocking.sink());
    const auto lost = lost_log_lines();
    log(LogLevel::kInfo, "first");
    blocking.entered.get_future().wait();
    for (int i = 0; i < 5'000; ++i) log(LogLevel::kInfo, std::to_string(i));  // Would block for ever.
    CHECK(lost_log_lines() == lost + 904);
    CHECK_FALSE(flush_log(0ms));
    blocking.release();
    REQUIRE(flush_log(10s));
    const auto lines = blocking.lines();
    REQUIRE(lines.size() == 4'098);
    CHECK(lines[1] == "904 log lines were dropped here: the log's sink was too slow");
    CHECK(lines.back() == "4095");
  }
  SECTION("takes a mebibyte at most") {
    Blocking blocking;
    const OwnThread own;
    set_log_sink(blocking.sink());
    log(LogLevel::kInfo, "first");
    blocking.entered.get_future().wait();
    const auto lost = lost_log_lines();
    for (int i = 0; i < 3; ++i) log(LogLevel::kInfo, std::string(400'000, 'x'));
    CHECK(lost_log_lines() == lost + 1);
    blocking.release();
  }
  SECTION("hands a new sink no line of the old one's, and lets the old one end") {
    const OwnThread own;
    std::vector<std::string> first, second;
    set_log_sink([&](const LogRecord& record) { first.emplace_back(record.message); });
    for (int i = 0; i < 100; ++i) log(LogLevel::kInfo, "early");
    set_log_sink([&](const LogRecord& record) { second.emplace_back(record.message); });
    CHECK(first.size() == 100);
    log(LogLevel::kInfo, "late");
    REQUIRE(flush_log(10s));
    CHECK(second == std::vector<std::string>{"late"});
  }
  SECTION("counts what a throwing sink loses, and goes on") {
    const OwnThread own;
    const auto lost = lost_log_lines();
    set_log_sink([](const LogRecord&) { throw 42; });
    log(LogLevel::kError, "gone");
    REQUIRE(flush_log(10s));
    CHECK(lost_log_lines() == lost + 1);
  }
  SECTION("lets a sink log, flush and replace itself") {
    const OwnThread own;
    std::vector<std::string> lines;
    set_log_sink([&](const LogRecord& record) {
      lines.emplace_back(record.message);
      if (lines.size() > 1) return;
      log(LogLevel::kInfo, "from the sink");
      lines.emplace_back(flush_log(10s) ? "flushed" : "not flushed");
    });
    log(LogLevel::kInfo, "first");
    REQUIRE(flush_log(10s));
    REQUIRE(flush_log(10s));
    CHECK(lines == std::vector<std::string>{"first", "not flushed", "from the sink"});
  }
  SECTION("writes what waits when it ends, and can be begun again") {
    log_on_own_thread();
    std::vector<std::string> lines;
    set_log_sink([&](const LogRecord& record) { lines.emplace_back(record.message); });
    for (int i = 0; i < 100; ++i) log(LogLevel::kInfo, "x");
    CHECK(log_on_callers_thread(10s));
    CHECK(lines.size() == 100);
    const OwnThread again;
    log(LogLevel::kInfo, "y");
    REQUIRE(flush_log(10s));
    CHECK(lines.size() == 101);
  }
}
