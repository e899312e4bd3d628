#include "client/outcome_wait.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "fake_service.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using Catch::Matchers::StartsWith;
using namespace std::chrono_literals;

namespace {

PolledOutcome completed(std::string run_id) {
  return {std::move(run_id), ActivityOutcome{Payloads{{{}, "done"}}, {}}};
}

struct Setup {
  ManualLoop loop{};
  FakeService service{loop};
  std::optional<StatusOr<PolledOutcome>> answer{};

  std::shared_ptr<OutcomeWait> wait(std::string run_id = "run", std::optional<Nanoseconds> timeout = {}) {
    std::optional<TimePoint> deadline;
    if (timeout) deadline = loop.now() + *timeout;
    auto made = std::make_shared<OutcomeWait>(loop, service, RunParams{"default", "id", std::move(run_id)}, deadline, 1,
                                              std::function<void()>(), "result of activity 'id'");
    made->start([this](StatusOr<PolledOutcome> got) {
      REQUIRE_FALSE(answer.has_value());
      answer.emplace(std::move(got));
    });
    return made;
  }
};

}  // namespace

TEST_CASE("waiting for an outcome", "[client][result]") {
  Setup setup;
  SECTION("asks again when an answer is empty") {
    setup.service.latency = 20s;
    setup.service.outcomes = {PolledOutcome{"run", {}}, PolledOutcome{"run", {}}, completed("run")};
    setup.wait();
    setup.loop.run_for(61s);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->value().outcome->result.value()[0].data == "done");
    CHECK(setup.service.sent_at[2] - setup.service.sent_at[0] == 40s);
  }
  SECTION("says when its time is over that the server could not be asked, and tells the log after three seconds") {
    std::vector<std::string> lines;
    set_log_sink([&](const LogRecord& record) { lines.emplace_back(record.message); });
    for (int i = 0; i < 30; ++i) setup.service.outcomes.push_back(refused(StatusCode::kUnavailable));
    setup.wait("run", 10s);
    setup.loop.run_for(10s);
    set_log_sink({});
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kDeadlineExceeded);
    CHECK_THAT(setup.answer->error().message,
               StartsWith("it was not seen to close in time: the server did not answer: "));
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0], StartsWith("result of activity 'id': no answer from the server for 3"));
  }
  SECTION("does not ask in a hot loop when empty answers come at once") {
    for (int i = 0; i < 1000; ++i) setup.service.outcomes.push_back(PolledOutcome{"run", {}});
    const auto wait = setup.wait();
    setup.loop.run_for(10s);
    CHECK(setup.service.sent_at.size() < 30);
    wait->cancel();
  }
  SECTION("follows the run of the first answer") {
    setup.service.outcomes = {PolledOutcome{"run-7", {}}, completed("run-7")};
    setup.wait("");
    setup.loop.run_for(5s);
    REQUIRE(setup.service.seen_polls.size() == 2);
    CHECK(setup.service.seen_polls[0].run_id.empty());
    CHECK(setup.service.seen_polls[1].run_id == "run-7");
  }
  SECTION("rides out a server that is away for an hour") {
    for (int i = 0; i < 3600; ++i) setup.service.outcomes.push_back(refused(StatusCode::kUnavailable));
    setup.service.outcomes.push_back(completed("run"));
    setup.wait();
    setup.loop.run_for(2h);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->ok());
  }
  SECTION("asks a server that is away at least once a second or so") {
    for (int i = 0; i < 60; ++i) setup.service.outcomes.push_back(refused(StatusCode::kUnavailable));
    setup.wait();
    setup.loop.run_for(60s);
    const auto& sent = setup.service.sent_at;
    for (std::size_t i = 1; i < sent.size(); ++i) CHECK(sent[i] - sent[i - 1] <= 1001ms);
    CHECK_FALSE(setup.answer.has_value());
  }
  SECTION("leaves a server that has no room alone for longer each time") {
    for (int i = 0; i < 100; ++i) setup.service.outcomes.push_back(refused(StatusCode::kResourceExhausted));
    const auto wait = setup.wait();
    setup.loop.run_for(2min);
    const auto& sent = setup.service.sent_at;
    CHECK(sent.size() < 25);  // About 1 s, 2 s, 4 s, 8 s, then 10 s.
    CHECK(sent.back() - sent[sent.size() - 2] >= 8s);
    CHECK_FALSE(setup.answer.has_value());
    wait->cancel();
  }
  SECTION("goes on after the deadline of a single poll") {
    const auto wait = setup.wait();  // Every poll hangs.
    setup.loop.run_for(10min);
    CHECK_FALSE(setup.answer.has_value());
    CHECK(setup.service.sent_at.size() >= 9);
    CHECK(setup.service.timeouts[0] == 60s);
    wait->cancel();
  }
  SECTION("ends at the caller's deadline, to the millisecond, and leaves nothing behind") {
    setup.wait("run", 150s);
    setup.loop.run_for(150s - 1ms);
    CHECK_FALSE(setup.answer.has_value());
    setup.loop.run_for(1ms);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kDeadlineExceeded);
    CHECK(setup.service.hanging() == 0);
    CHECK(setup.loop.armed_timers() == 0);
  }
  SECTION("ends at once when it is given up") {
    const auto wait = setup.wait();
    setup.loop.run_for(1s);
    wait->cancel();
    wait->cancel();
    setup.loop.run_ready();
    CHECK(setup.answer->error().code == StatusCode::kCancelled);
    CHECK(setup.service.hanging() == 0);
  }
  SECTION("does not begin when it was given up before") {
    auto wait =
        std::make_shared<OutcomeWait>(setup.loop, setup.service, RunParams{"default", "id", "run"}, std::nullopt, 1);
    wait->cancel();
    wait->start([&](StatusOr<PolledOutcome> got) { setup.answer.emplace(std::move(got)); });
    setup.loop.run_for(1s);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.answer->error().code == StatusCode::kCancelled);
    CHECK(setup.service.sent_at.empty());
  }
  SECTION("ends with an answer that rules an outcome out") {
    setup.service.outcomes = {not_found("activity not found for ID: id")};
    setup.wait();
    setup.loop.run_for(1s);
    CHECK(setup.answer->error().code == StatusCode::kNotFound);
    CHECK(setup.service.sent_at.size() == 1);
  }
  SECTION("gives up on a server that answers INTERNAL for ever") {
    for (int i = 0; i < 100; ++i) setup.service.outcomes.push_back(refused(StatusCode::kInternal));
    setup.wait();
    setup.loop.run_for(10min);
    REQUIRE(setup.answer.has_value());
    CHECK(setup.service.sent_at.size() == 10);
  }
}
