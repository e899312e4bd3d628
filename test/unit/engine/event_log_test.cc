#include "base/log.h"
#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;
using namespace longbeat::internal;

namespace {

/// Collects the lines of the process while it lives.
class Lines {
 public:
  explicit Lines(LogLevel least) {
    set_log_sink([this](const LogRecord& record) { lines_.emplace_back(record.message); }, least);
  }
  ~Lines() { set_log_sink({}); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  /// What happened, without the facts behind the colon.
  std::vector<std::string> events() const {
    std::vector<std::string> events;
    for (const std::string& line : lines_) {
      const auto attempt = line.find(" attempt=");
      if (attempt != std::string::npos) events.push_back(line.substr(0, line.find(':')) + line.substr(attempt));
    }
    return events;
  }
  const std::vector<std::string>& all() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace

TEST_CASE("at debug every event of an activity but its heartbeats has one line", "[server][engine][log]") {
  const Lines lines(LogLevel::kDebug);
  Room room;
  room.start();
  const std::string token = room.poll().token;
  room.beat(token, "half");
  room.fail(token);
  PauseRequest pause;
  pause.run = room.run();
  room.call(pause);
  UnpauseRequest unpause;
  unpause.run = room.run();
  room.call(unpause);
  room.pass(1s);
  room.poll();
  room.pass(6s);  // Longer than its heartbeat timeout.
  TerminateRequest terminate;
  terminate.run = room.run();
  room.call(terminate);
  DeleteRequest remove;
  remove.run = room.run();
  room.call(remove);
  CHECK(lines.events() == std::vector<std::string>{
                              "activity started attempt=1 state=Scheduled",
                              "activity handed out attempt=1 state=Started",
                              "activity attempt failed attempt=1 state=Scheduled",
                              "activity paused attempt=2 state=Paused",
                              "activity unpaused attempt=2 state=Scheduled",
                              "activity handed out attempt=2 state=Started",
                              "activity timed out attempt=2 state=Scheduled",
                              "activity terminated attempt=3 state=Terminated",
                              "activity deleted attempt=3 state=Terminated",
                          });
  CHECK(lines.all().front().starts_with("activity started: namespace='default' id='a' run="));
}

TEST_CASE("an ID from outside cannot break a line", "[server][engine][log]") {
  const Lines lines(LogLevel::kDebug);
  Room room;
  room.start("a'\nb" + std::string(300, 'c'));
  REQUIRE(lines.all().size() == 1);
  CHECK(lines.all()[0].find("id='a\\'\\x0ab") != std::string::npos);
  CHECK(lines.all()[0].find('\n') == std::string::npos);
  CHECK(lines.all()[0].size() < 400);
}

TEST_CASE("at info an activity's life has no lines", "[server][engine][log]") {
  const Lines lines(LogLevel::kInfo);
  CHECK_FALSE(log_enabled(LogLevel::kDebug));
  CHECK(log_enabled(LogLevel::kInfo));
  Room room;
  room.start();
  room.complete(room.poll().token);
  CHECK(lines.all().empty());
}

TEST_CASE("what retention removes is counted in a line at debug, and none when it removes nothing",
          "[server][engine][log]") {
  Room room;
  for (const char* id : {"a", "b"}) {
    room.start(id);
    room.complete(room.poll().token);
  }
  const Lines lines(LogLevel::kDebug);
  room.pass(71h);
  CHECK(lines.all().empty());
  room.pass(2h);
  CHECK(lines.all() == std::vector<std::string>{"closed activities removed after their retention: 2"});
}
