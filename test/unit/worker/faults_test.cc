// Every call of a worker fails with every code, before and after the server has taken it; the clock of the wall jumps;
// tasks come while the worker ends.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.h"
#include "unit/worker/faulty_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// What a worker makes of a code in the answer to a report.
enum class Report {
  kAmbiguous,  ///< sent again; the server may have taken it, so a NOT_FOUND after that is "unknown"
  kAgain,      ///< sent again; the server has not taken it
  kInstead,    ///< the server objects to what is in it: a failure goes out in its place
  kStale,      ///< the attempt does not count any more
};
/// And in the answers to its first questions and polls.
enum class Ask {
  kAgain,      ///< asked again, for ever
  kRefused,    ///< asked again as well, but after a minute the owner is told
  kTolerated,  ///< an older server: goes on without the answer
};
/// And in the answer to a heartbeat that brings new details.
enum class Beat {
  kAgain,         ///< sent again within the lease
  kEnds,          ///< the server does not know the attempt: it stops and reports nothing
  kFailsDetails,  ///< the server objects to the details: the attempt is stopped, to fail with that
};

struct Row {
  StatusCode code;
  Ask ask, poll;
  Beat beat;
  Report report;
};
// The whole table of reactions. What is not in a row's name does not depend on the code.
constexpr std::array kRows{
    Row{StatusCode::kCancelled, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAmbiguous},
    Row{StatusCode::kUnknown, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAmbiguous},
    Row{StatusCode::kInvalidArgument, Ask::kRefused, Ask::kRefused, Beat::kFailsDetails, Report::kInstead},
    Row{StatusCode::kDeadlineExceeded, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAmbiguous},
    Row{StatusCode::kNotFound, Ask::kRefused, Ask::kRefused, Beat::kEnds, Report::kStale},
    Row{StatusCode::kAlreadyExists, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kInstead},
    Row{StatusCode::kPermissionDenied, Ask::kRefused, Ask::kRefused, Beat::kAgain, Report::kAgain},
    Row{StatusCode::kResourceExhausted, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAgain},
    Row{StatusCode::kFailedPrecondition, Ask::kRefused, Ask::kRefused, Beat::kAgain, Report::kInstead},
    Row{StatusCode::kAborted, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAmbiguous},
    Row{StatusCode::kOutOfRange, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAmbiguous},
    Row{StatusCode::kUnimplemented, Ask::kTolerated, Ask::kRefused, Beat::kAgain, Report::kInstead},
    Row{StatusCode::kInternal, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAmbiguous},
    Row{StatusCode::kUnavailable, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAmbiguous},
    Row{StatusCode::kDataLoss, Ask::kAgain, Ask::kAgain, Beat::kAgain, Report::kAmbiguous},
    Row{StatusCode::kUnauthenticated, Ask::kRefused, Ask::kRefused, Beat::kAgain, Report::kAgain},
};

AttemptOutcome outcome_for(Call call) {
  if (call == Call::kCompleted) return AttemptCompleted{};
  if (call == Call::kCanceled) return AttemptCanceled{};
  Failure failure;
  failure.kind = FailureKind::kApplication;
  failure.message = "boom";
  return AttemptFailed{failure};
}

std::int64_t ended_as(const WorkerStats& stats, Call call) {
  if (call == Call::kCompleted) return stats.completed;
  return call == Call::kCanceled ? stats.canceled : stats.failed;
}

}  // namespace

TEST_CASE("the table of reactions names every code once", "[worker][faults]") {
  for (std::size_t i = 0; i < kRows.size(); ++i) CHECK(static_cast<std::size_t>(kRows[i].code) == i + 1);
}

TEST_CASE("a first question of the worker that fails", "[worker][faults]") {
  const auto call = GENERATE(Call::kSystemInfo, Call::kNamespace);
  const auto when = GENERATE(When::kBefore, When::kAfter);
  for (const Row& row : kRows) {
    CAPTURE(to_string(row.code), static_cast<int>(call), static_cast<int>(when));
    {
      INFO("once is asked again, unless the server is only too old to know it");
      FaultyWorker worker({call, when, row.code, 1});
      worker.start();
      worker.loop.run_for(1s);
      CHECK(worker.machine->stats().polls_open == 2);
      const int asked = call == Call::kSystemInfo ? worker.stub.system_calls : worker.stub.namespace_calls;
      CHECK(asked == (row.ask == Ask::kTolerated ? 1 : 2));
      worker.begin();
      worker.end(AttemptCompleted{});
      CHECK(worker.machine->stats().completed == 1);
    }
    {
      INFO("for ever is asked for ever, and the owner learns of a refusal only");
      FaultyWorker worker({call, when, row.code, kForEver});
      worker.start();
      worker.loop.run_for(5min);
      CHECK(worker.machine->stats().polls_open == (row.ask == Ask::kTolerated ? 2 : 0));
      CHECK(worker.refusal.has_value() == (row.ask == Ask::kRefused));
      worker.stub.fault.times = 0;
      worker.loop.run_for(13s);
      CHECK(worker.machine->stats().polls_open == 2);
      CHECK(worker.stop(1s, 5s).empty());
    }
  }
}

TEST_CASE("a poll that fails", "[worker][faults]") {
  const auto when = GENERATE(When::kBefore, When::kAfter);
  for (const Row& row : kRows) {
    CAPTURE(to_string(row.code), static_cast<int>(when));
    {
      INFO("once is opened again; a task that was in the lost answer comes again from the server");
      FaultyWorker worker({Call::kPoll, when, row.code, 1}, 1);
      worker.start();
      if (when == When::kAfter) worker.server.give(FakeWorker::task());
      worker.loop.run_for(1s);
      CHECK(worker.executor.inputs.empty());
      CHECK(worker.machine->stats().slots_used == 0);
      CHECK(worker.machine->stats().polls_open == 1);
      worker.begin();
      worker.end(AttemptCompleted{});
      CHECK(worker.machine->stats().completed == 1);
      CHECK(worker.settled() == 1);
      CHECK(worker.machine->stats().slots_used == 0);
    }
    if (when == When::kAfter) continue;
    {
      INFO("for ever is opened for ever, with pauses, and the owner learns of a refusal only");
      FaultyWorker worker({Call::kPoll, when, row.code, 100'000}, 1);
      worker.start();
      for (int second = 0; second < 300; ++second) worker.loop.run_for(1s);
      CHECK(worker.stub.fault.times > 100'000 - 500);
      CHECK(worker.refusal.has_value() == (row.poll == Ask::kRefused));
      worker.stub.fault.times = 0;
      worker.loop.run_for(13s);
      CHECK(worker.machine->stats().polls_open == 1);
      CHECK(worker.stop(1s, 5s).empty());
    }
  }
}

TEST_CASE("a heartbeat that fails", "[worker][faults][heartbeat]") {
  const auto when = GENERATE(When::kBefore, When::kAfter);
  for (const Row& row : kRows) {
    CAPTURE(to_string(row.code), static_cast<int>(when));
    {
      INFO("once costs neither the lease nor the details");
      FaultyWorker worker;
      auto& context = worker.begin();
      worker.loop.run_for(5s);
      worker.stub.fault = {Call::kBeat, when, row.code, 1};
      context.heartbeat(std::string("newest"));
      worker.loop.run_for(6s);  // Longer than the lease that the worker's own first beat gave.
      CHECK(worker.machine->stats().heartbeats_failed == 1);
      CHECK(context.stopped() == (row.beat != Beat::kAgain));
      if (row.beat == Beat::kAgain) {
        CHECK(text_of(worker.server.beats.back().params.details) == "\"newest\"");
        CHECK(worker.machine->stats().heartbeats_acknowledged == 2);
      }
      if (row.beat == Beat::kEnds) CHECK(context.stop_causes() == std::vector{StopCause::kNotFound});
      worker.end(AttemptCompleted{});
      const auto stats = worker.machine->stats();
      CHECK(stats.completed == (row.beat == Beat::kEnds ? 0 : 1));
      CHECK(stats.abandoned == (row.beat == Beat::kEnds ? 1 : 0));
      CHECK(worker.settled() == 1);
      CHECK(stats.slots_used == 0);
    }
    {
      INFO("for ever costs the lease, in time; the result is offered all the same");
      FaultyWorker worker;
      auto& context = worker.begin();
      worker.stub.fault = {Call::kBeat, when, row.code, kForEver};
      worker.loop.run_for(1s);
      context.heartbeat(std::string("newest"));
      worker.loop.run_for(8500ms);  // The own beat left at 50 ms: the lease ends 10 s later, the margin before.
      CHECK(context.stopped());
      CHECK(context.lost_token().stop_requested());
      CHECK(worker.machine->stats().leases_lost == 1);
      worker.end(AttemptCompleted{});
      CHECK(worker.machine->stats().completed == (row.beat == Beat::kEnds ? 0 : 1));
      CHECK(worker.settled() == 1);
      CHECK(worker.machine->stats().slots_used == 0);
    }
  }
}

TEST_CASE("a report that fails", "[worker][faults][report]") {
  const auto call = GENERATE(Call::kCompleted, Call::kFailed, Call::kCanceled);
  for (const Row& row : kRows) {
    CAPTURE(to_string(row.code), static_cast<int>(call));
    {
      INFO("before the server has taken it passes later, or a failure does in its place");
      FaultyWorker worker;
      worker.begin();
      worker.stub.fault = {call, When::kBefore, row.code, 1};
      worker.end(outcome_for(call));
      worker.loop.run_for(1s);
      const auto stats = worker.machine->stats();
      const bool repeated = row.report == Report::kAmbiguous || row.report == Report::kAgain;
      CHECK(stats.reports_repeated == (repeated ? 1 : 0));
      CHECK(worker.stub.applied_reports == (row.report == Report::kStale ? 0 : 1));
      if (repeated) CHECK(ended_as(stats, call) == 1);
      if (row.report == Report::kInstead) CHECK(stats.failed == 1);
      CHECK(stats.reports_stale == (row.report == Report::kStale ? 1 : 0));
      CHECK(worker.settled() == 1);
      CHECK(stats.slots_used == 0);
    }
    {
      INFO("after the server has taken it counts as unknown, or as too late, and is applied once");
      FaultyWorker worker;
      worker.begin();
      worker.stub.fault = {call, When::kAfter, row.code, 1};
      worker.end(outcome_for(call));
      worker.loop.run_for(1s);
      const auto stats = worker.machine->stats();
      CHECK(worker.stub.applied_reports == 1);
      CHECK(stats.reports_unknown == (row.report == Report::kAmbiguous ? 1 : 0));
      CHECK(stats.reports_stale == (row.report == Report::kAmbiguous ? 0 : 1));
      CHECK(worker.settled() == 1);
      CHECK(stats.slots_used == 0);
    }
    {
      INFO("for ever is given up, counted, when the attempt's time is over or the failure in its place fails too");
      FaultyWorker worker;
      worker.begin();
      worker.stub.fault = {call, When::kBefore, row.code, kForEver};
      worker.end(outcome_for(call));
      worker.loop.run_for(59min);
      const bool repeated = row.report == Report::kAmbiguous || row.report == Report::kAgain;
      CHECK(worker.machine->stats().slots_used == (repeated ? 1 : 0));
      worker.loop.run_for(3min);
      const auto stats = worker.machine->stats();
      const bool given_up = repeated || (row.report == Report::kInstead && call == Call::kFailed);
      CHECK(stats.reports_given_up == (given_up ? 1 : 0));
      if (row.report == Report::kInstead && call != Call::kFailed) CHECK(stats.failed == 1);
      CHECK(worker.settled() == 1);
      CHECK(stats.slots_used == 0);
      CHECK(stats.polls_open == 2);
    }
  }
}

TEST_CASE("a heartbeat of the worker itself that fails harms nothing", "[worker][faults][worker_heartbeat]") {
  const auto when = GENERATE(When::kBefore, When::kAfter);
  for (const Row& row : kRows) {
    CAPTURE(to_string(row.code), static_cast<int>(when));
    FaultyWorker worker({Call::kWorkerBeat, when, row.code, kForEver});
    worker.server.takes_worker_heartbeats = true;
    worker.begin();
    worker.loop.run_for(4s);
    worker.end(AttemptCompleted{});
    CHECK(worker.machine->stats().completed == 1);
    worker.loop.run_for(10min);
    CHECK(worker.machine->stats().polls_open == 2);
    CHECK(worker.machine->stats().poll_errors == 0);
    CHECK_FALSE(worker.refusal);
    // The first one and one a minute, unless the server has no such call.
    CHECK(worker.stub.worker_beats == (row.code == StatusCode::kUnimplemented ? 1 : 11));
    CHECK(worker.stop(1s, 5s).empty());
  }
}

TEST_CASE("a goodbye that fails keeps nobody from ending", "[worker][faults][shutdown]") {
  const auto when = GENERATE(When::kBefore, When::kAfter);
  const bool completes_polls = GENERATE(false, true);
  for (const Row& row : kRows) {
    CAPTURE(to_string(row.code), static_cast<int>(when), completes_polls);
    FaultyWorker worker({Call::kShutdown, when, row.code, kForEver});
    worker.server.completes_polls = completes_polls;
    worker.begin();
    std::optional<std::vector<std::string>> left;
    worker.machine->stop(10s, 30s, [&](std::vector<std::string> names) { left = std::move(names); });
    worker.loop.run_for(1s);
    CHECK(worker.server.polls.empty());
    CHECK(worker.machine->stats().slots_used == 1);
    CHECK_FALSE(left);
    worker.end(AttemptCompleted{});
    REQUIRE(left);
    CHECK(left->empty());
    CHECK(worker.machine->stats().completed == 1);
    CHECK(worker.settled() == 1);
  }
}

TEST_CASE("a wall clock that jumps by an hour changes no lease, no pause and no deadline", "[worker][faults][clock]") {
  const auto jump = GENERATE(Nanoseconds(1h), Nanoseconds(-1h));
  FaultyWorker worker;
  auto& context = worker.begin();
  context.heartbeat(std::string("first"));
  worker.loop.run_for(4s);
  const auto lease = context.lease_left();
  const auto rest = context.time_left();
  const std::size_t beats = worker.server.beats.size();

  worker.loop.jumped += jump;
  worker.loop.run_ready();
  CHECK(context.lease_left() == lease);
  CHECK(context.time_left() == rest);
  CHECK_FALSE(context.stopped());
  context.heartbeat(std::string("x"));  // Leaves 8 s after the first.
  worker.loop.run_for(3900ms);
  CHECK(worker.server.beats.size() == beats);
  worker.loop.run_for(200ms);
  CHECK(worker.server.beats.size() == beats + 1);

  SECTION("nor when a report is repeated") {
    worker.stub.fault = {Call::kCompleted, When::kBefore, StatusCode::kUnavailable, 3};
    worker.end(AttemptCompleted{});
    worker.loop.jumped -= 2 * jump;
    worker.loop.run_for(2s);
    CHECK(worker.machine->stats().completed == 1);
  }
  SECTION("nor when the lease ends") {
    worker.server.answers_beats = false;
    worker.loop.run_for(9s);
    CHECK_FALSE(context.stopped());
    worker.loop.jumped -= 2 * jump;
    worker.loop.run_for(600ms);
    CHECK(context.stop_causes() == std::vector{StopCause::kLeaseLost});
  }
  SECTION("nor when the worker stops") {
    bool ended = false;
    worker.machine->stop(10s, 20s, [&](const std::vector<std::string>&) { ended = true; });
    worker.loop.jumped -= 2 * jump;
    worker.loop.run_for(9s);
    context.heartbeat(std::string("y"));
    CHECK_FALSE(context.stopped());
    worker.loop.run_for(2s);
    CHECK(context.stop_causes() == std::vector{StopCause::kShutdown});
    CHECK_FALSE(ended);
    worker.end(AttemptCompleted{});
    CHECK(ended);
  }
}

TEST_CASE("a task that comes while the worker ends is run, or its loss is counted", "[worker][faults][shutdown]") {
  // The worker stops within 10 s, after a grace of 5 s. The answer of its poll comes at any moment of that.
  const auto comes_after = GENERATE(0ms, 1ms, 1999ms, 2000ms, 2001ms, 4999ms, 5000ms, 5001ms, 8999ms, 9000ms, 9001ms,
                                    9999ms, 10'000ms, 10'001ms);
  const bool returns = GENERATE(true, false);
  CAPTURE(comes_after.count(), returns);
  FaultyWorker worker({}, 1);
  worker.server.answers_shutdown = false;
  worker.start();
  auto [poll, answer] = worker.server.polls.front();  // Its answer is on the way: it crosses whatever cancels it.
  worker.server.polls.clear();
  std::optional<std::vector<std::string>> left;
  worker.machine->stop(5s, 10s, [&](std::vector<std::string> names) { left = std::move(names); });
  worker.loop.run_for(comes_after);
  answer(std::vector{FakeWorker::task()});
  worker.loop.run_ready();

  const auto taken = worker.machine->stats();
  CHECK(taken.attempts_started + taken.tasks_dropped == 1);
  CHECK(taken.attempts_started == (comes_after < 10s ? 1 : 0));
  if (returns && taken.attempts_started == 1) worker.end(AttemptCompleted{});
  worker.loop.run_for(10s);
  const auto stats = worker.machine->stats();
  CHECK(worker.settled() == taken.attempts_started);
  CHECK(stats.slots_used == 0);
  REQUIRE(left);
  CHECK(left->empty() == (returns || taken.attempts_started == 0));
  // Without a function that ends, WorkerShutdown was reported for it.
  if (taken.attempts_started == 1) CHECK(worker.stub.applied_reports == 1);
}
