// complete_later(): the duty to end an attempt in other hands, before and after its function has returned.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fake_worker.h"
#include "longbeat/async_activity.h"
#include "longbeat/client.h"
#include "longbeat/log.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

struct Room : FakeWorker {
  ActivityContext& context = begin();

  /// The function returns something that nobody reads.
  void returns() { end(AttemptCompleted{}); }
  /// What a call said by now.
  template <class T>
  static Result<T> said(Pending<T> pending, ManualLoop& loop) {
    loop.run_for(1s);
    return pending.get();
  }
  Result<> said(Pending<void> pending) { return said<void>(std::move(pending), loop); }
  std::string beat(std::size_t number) const { return text_of(stub.beats.at(number).params.details); }
  std::size_t slots_used() const { return static_cast<std::size_t>(machine->stats().slots_used); }
};

bool has(const std::vector<StopCause>& causes, StopCause cause) {
  return std::find(causes.begin(), causes.end(), cause) != causes.end();
}

}  // namespace

TEST_CASE("the value that a function returns after complete_later() is nobody's loss", "[worker][async]") {
  Room room;
  std::string lines;
  set_log_sink([&](const LogRecord& record) { lines += std::string(record.message) + "\n"; });
  auto late = room.context.complete_later();
  room.stub.answers_beats = false;
  room.loop.run_for(1s);
  room.context.heartbeat(1);
  room.loop.run_for(9s);
  REQUIRE_FALSE(room.stub.beats.empty());
  room.stub.beats.back().done(Status{StatusCode::kNotFound, "gone", {}});
  room.loop.run_ready();
  room.returns();
  set_log_sink({});
  CHECK_THAT(lines, !ContainsSubstring("is dropped"));
}

TEST_CASE("a late completion reports once the function has returned", "[worker][async]") {
  Room room;
  auto late = room.context.complete_later();
  room.returns();
  REQUIRE(room.slots_used() == 0);
  SECTION("a result") {
    CHECK(room.said(late.complete_async(42)));
    REQUIRE(room.stub.completed.size() == 1);
    CHECK(room.stub.completed[0].params.token == "token");
    CHECK(room.stub.completed[0].params.identity == "the client");
    CHECK(text_of(room.stub.completed[0].params.result) == "42");
    CHECK(room.said(late.complete_async(43)).error().code == ErrorCode::kFailedPrecondition);
  }
  SECTION("a failure, a cancellation") {
    CHECK(room.said(late.fail_async(ApplicationError("no", {.type = "No"}), 5)));
    CHECK(room.stub.failed.at(0).params.failure.type == "No");
    CHECK(text_of(room.stub.failed.at(0).params.last_heartbeat_details.value()) == "5");
    CHECK(room.said(late.report_canceled_async()).error().code == ErrorCode::kFailedPrecondition);
  }
  SECTION("heartbeats, throttled as its attempt's were") {
    const auto before = room.stub.beats.size();
    late.heartbeat(1);
    room.loop.run_for(1s);
    late.heartbeat(2);
    room.loop.run_for(8s);
    REQUIRE(room.stub.beats.size() == before + 2);
    CHECK(room.beat(before + 1) == "2");
    room.stub.flags.cancel_requested = true;
    CHECK(Room::said(late.save_now_async(3), room.loop)->cancel_requested);
    CHECK(late.stop_causes() == std::vector{StopCause::kCanceled});
  }
  SECTION("also when its worker has shut down") {
    std::optional<std::vector<std::string>> left;
    room.machine->stop(0s, 10s, [&](std::vector<std::string> names) { left = std::move(names); });
    room.loop.run_for(11s);
    REQUIRE(left);
    CHECK(left->empty());
    CHECK_FALSE(late.stopped());
    CHECK(room.said(late.complete_async()));
    CHECK(room.stub.completed.size() == 1);
  }
  SECTION("nothing any more once its token was released") {
    CHECK(late.task_token().bytes == "token");
    CHECK(late.release().bytes == "token");
    CHECK(late.complete().error().code == ErrorCode::kFailedPrecondition);
    late.heartbeat(1);
    room.loop.run_for(1h);
    CHECK(room.stub.failed.empty());
  }
}

TEST_CASE("a late completion that is lost fails its attempt", "[worker][async]") {
  Room room;
  std::optional<LateCompletion> late = room.context.complete_later();
  SECTION("when the function has returned") {
    room.returns();
    late.reset();
    CHECK(room.stub.failed.empty());  // Not on this thread.
    room.loop.run_for(1s);
    REQUIRE(room.stub.failed.size() == 1);
    CHECK(room.stub.failed[0].params.failure.type == "CompletionLost");
    CHECK_FALSE(room.stub.failed[0].params.failure.non_retryable);
    CHECK(room.stub.failed[0].params.token == "token");
  }
  SECTION("also when its own calls are given up") {
    std::stop_source stop;
    room.returns();
    auto& other = room.begin();
    {
      const auto given_up = other.complete_later({.timeout = 0s, .stop_token = stop.get_token()});
      stop.request_stop();
      room.returns();
    }
    room.loop.run_for(1s);
    CHECK(room.stub.failed.size() == 1);
  }
  SECTION("with the heartbeat that the throttle held back") {
    room.returns();
    late->heartbeat(1);
    room.loop.run_for(1s);
    late->heartbeat(2);
    late.reset();
    room.loop.run_for(1s);
    CHECK(text_of(room.stub.failed.at(0).params.last_heartbeat_details.value()) == "2");
  }
  SECTION("when the function returns after the loss, as its own outcome") {
    late.reset();
    room.loop.run_for(1s);
    CHECK(room.stub.failed.empty());
    CHECK_FALSE(room.context.stopped());
    room.returns();
    REQUIRE(room.stub.failed.size() == 1);
    CHECK(room.stub.failed[0].params.failure.type == "CompletionLost");
    CHECK(room.machine->stats().handed_over == 0);
    CHECK(room.slots_used() == 0);
  }
  SECTION("with what the function throws, when the loss was only its unwinding") {
    late.reset();
    room.fail();
    room.loop.run_for(1h);
    REQUIRE(room.stub.failed.size() == 1);
    CHECK(room.stub.failed[0].params.failure.message == "boom");
  }
  SECTION("when another one takes its place") {
    room.returns();
    auto& other = room.begin();
    *late = other.complete_later();
    room.loop.run_for(1s);
    CHECK(room.stub.failed.size() == 1);
    room.returns();
    CHECK(room.said(late->complete_async()));
    CHECK(room.stub.completed.size() == 1);
  }
  SECTION("when the outcome on its way does not get through") {
    room.returns();
    room.stub.answers_reports = false;
    late->complete_async(std::string(100, 'x')).then([](const Result<>&) {});
    room.loop.run_ready();
    late.reset();
    room.loop.run_ready();
    CHECK(room.stub.failed.empty());
    room.stub.completed.at(0).done(invalid_argument("not so"));
    room.loop.run_ready();
    CHECK(room.stub.failed.size() == 1);
  }
  SECTION("but not when the outcome on its way gets through, or the server knows nothing of it") {
    const bool through = GENERATE(true, false);
    room.returns();
    room.stub.answers_reports = false;
    late->complete_async().then([](const Result<>&) {});
    room.loop.run_ready();
    late.reset();
    room.stub.completed.at(0).done(through ? StatusOr<>() : not_found("gone"));
    room.loop.run_for(1s);
    CHECK(room.stub.failed.empty());
  }
  SECTION("but not when it has reported, or was moved") {
    room.returns();
    LateCompletion moved = *std::move(late);
    late.reset();
    room.loop.run_for(1s);
    CHECK(room.stub.failed.empty());
    CHECK(room.said(moved.complete_async()));
    {
      const LateCompletion gone = std::move(moved);
    }
    room.loop.run_for(1s);
    CHECK(room.stub.failed.empty());
  }
  SECTION("keeps the connection open until its report is settled, and no longer") {
    room.returns();
    const std::weak_ptr<ClientCore> core = room.core;
    room.core.reset();
    room.stub.answers_reports = false;
    late.reset();
    room.loop.run_ready();
    CHECK_FALSE(core.expired());
    room.stub.failed.at(0).done(StatusOr<>());
    room.stub.forget();
    room.loop.run_for(1s);
    CHECK(core.expired());
  }
}

TEST_CASE("an outcome that comes before the function has returned", "[worker][async]") {
  Room room;
  auto late = room.context.complete_later();
  SECTION("counts at once; the function is told to stop, and what it returns is ignored") {
    CHECK(room.said(late.complete_async(1)));
    REQUIRE(room.stub.completed.size() == 1);
    CHECK(has(room.context.stop_causes(), StopCause::kNotFound));
    CHECK(room.context.lost_token().stop_requested());
    CHECK(room.slots_used() == 1);
    CHECK_FALSE(late.stopped());
    room.returns();
    CHECK(room.slots_used() == 0);
    CHECK(room.machine->stats().handed_over == 1);
    CHECK(room.machine->stats().leases_lost == 0);
    CHECK(room.stub.completed.size() == 1);
  }
  SECTION("counts against what the function throws afterwards") {
    CHECK(room.said(late.complete_async(1)));
    room.fail();
    room.loop.run_for(1h);
    CHECK(room.stub.failed.empty());
    CHECK(room.slots_used() == 0);
  }
  SECTION("ends the heartbeats of the attempt") {
    CHECK(room.said(late.complete_async(1)));
    const auto beats = room.stub.beats.size();
    room.context.heartbeat(9);
    room.loop.run_for(1h);
    CHECK(room.stub.beats.size() == beats);
  }
  SECTION("waits for the newest details, when it is a failure without details of its own") {
    room.context.heartbeat(1);
    room.loop.run_for(1s);
    room.context.heartbeat(2);
    room.stub.answers_beats = false;
    auto failed = late.fail_async(ApplicationError("no"));
    room.loop.run_for(1s);
    CHECK(room.beat(room.stub.beats.size() - 1) == "2");
    CHECK(room.stub.failed.empty());
    room.stub.beats.back().done(HeartbeatFlags{});
    CHECK(room.said(std::move(failed)));
    CHECK(room.stub.failed.size() == 1);
  }
  SECTION("does not wait for them with details of its own, or with a result") {
    const bool failing = GENERATE(true, false);
    room.context.heartbeat(1);
    room.loop.run_for(1s);
    room.context.heartbeat(2);
    room.stub.answers_beats = false;
    CHECK(room.said(failing ? late.fail_async(ApplicationError("no"), 3) : late.complete_async(1)));
  }
  SECTION("leaves what was not sent to a failure that follows on a result that did not get through") {
    const bool encoding = GENERATE(true, false);
    room.context.heartbeat(1);
    room.loop.run_for(encoding ? 10s : 1s);
    room.courier.blocked = encoding;
    room.context.heartbeat(2);
    room.stub.answers_reports = false;
    auto completed = late.complete_async(1);
    room.loop.run_for(1s);
    REQUIRE(room.stub.completed.size() == 1);
    room.returns();
    CHECK(room.slots_used() == 0);
    room.courier.release();
    room.loop.run_ready();
    room.stub.completed[0].done(Status{StatusCode::kDeadlineExceeded, "", {}});
    CHECK(room.said(std::move(completed)).error().code == ErrorCode::kDeadlineExceeded);
    room.stub.answers_reports = true;
    CHECK(room.said(late.fail_async(ApplicationError("no"))));
    const auto& inside = room.stub.failed.at(0).params.last_heartbeat_details;  // Unless a heartbeat came first.
    CHECK((inside ? text_of(*inside) : room.beat(room.stub.beats.size() - 1)) == "2");
  }
  SECTION("goes out at once while the attempt still sends its last details") {
    room.context.heartbeat(1);
    room.loop.run_for(1s);
    room.context.heartbeat(2);
    room.stub.answers_beats = false;
    room.returns();
    CHECK(room.slots_used() == 1);
    CHECK(room.said(late.complete_async(1)));
    CHECK(room.slots_used() == 0);
  }
  SECTION("that is refused here leaves the function alone") {
    CHECK(room.said(late.complete_async(std::string("\xff"))).error().code == ErrorCode::kUndecodable);
    CHECK_FALSE(room.context.stopped());
  }
  SECTION("that the server refuses may be followed by another") {
    room.stub.answers_reports = false;
    auto canceled = late.report_canceled_async();
    room.loop.run_for(1s);
    room.stub.canceled.at(0).done(invalid_argument("nobody asked"));
    CHECK(room.said(std::move(canceled)).error().code == ErrorCode::kInvalidArgument);
    room.stub.answers_reports = true;
    CHECK(room.said(late.complete_async()));
  }
}

TEST_CASE("a failure takes along what the worker had not sent when it left", "[worker][async]") {
  Room room;
  auto late = room.context.complete_later();
  room.context.heartbeat(1);
  room.loop.run_for(1s);
  const auto last_details = [&] {
    return text_of(room.stub.failed.at(0).params.last_heartbeat_details.value_or(Payloads()));
  };
  SECTION("for a completion, which then did not get through") {
    room.context.heartbeat(2);
    room.stub.answers_reports = room.stub.answers_beats = false;
    auto completed = late.complete_async(1);
    room.loop.run_ready();
    room.stub.completed.at(0).done(invalid_argument("not so"));
    CHECK_FALSE(room.said(std::move(completed)));
    room.stub.answers_reports = true;
    CHECK(room.said(late.fail_async(ApplicationError("no"))));
    CHECK(last_details() == "2");
  }
  SECTION("because it was still being encoded") {
    room.loop.run_for(10s);
    room.courier.blocked = true;
    room.context.heartbeat(2);
    room.loop.run_ready();
    room.context.heartbeat(3);
    room.returns();
    room.loop.run_for(10s);
    REQUIRE(room.slots_used() == 0);
    const bool lost = GENERATE(false, true);
    if (lost) {
      room.courier.release();
      room.loop.run_ready();
      {
        const LateCompletion gone = std::move(late);
      }
      room.loop.run_for(1s);
    } else {
      auto failed = late.fail_async(ApplicationError("no"));
      room.loop.run_for(100ms);
      room.courier.release();
      CHECK(room.said(std::move(failed)));
    }
    CHECK(last_details() == "3");
  }
  SECTION("but nothing older than what was saved past it") {
    room.loop.run_for(7200ms);  // The interval is over, the lease is not.
    room.courier.blocked = true;
    room.context.heartbeat(2);
    room.loop.run_ready();
    if (GENERATE(false, true)) room.context.heartbeat(3);  // Waits behind that one.
    CHECK(Room::said(late.save_now_async(4), room.loop));
    room.returns();
    room.loop.run_for(10s);
    REQUIRE(room.slots_used() == 0);
    room.courier.release();
    room.loop.run_for(1s);
    late.heartbeat();
    room.loop.run_for(10s);
    CHECK(text_of(room.stub.beats.back().params.details) == "4");
    CHECK(room.said(late.fail_async(ApplicationError("no"))));
    const auto& last = room.stub.failed.at(0).params.last_heartbeat_details;
    CHECK((!last || text_of(*last) == "4"));
  }
  SECTION("and had only begun to encode") {
    room.loop.run_for(10s);
    room.courier.blocked = true;
    room.context.heartbeat(2);
    room.loop.run_ready();
    room.returns();
    room.loop.run_for(10s);
    REQUIRE(room.slots_used() == 0);
    auto failed = late.fail_async(ApplicationError("no"));
    room.loop.run_for(100ms);
    CHECK(room.stub.failed.empty());
    room.courier.release();
    CHECK(room.said(std::move(failed)));
    CHECK(last_details() == "2");
  }
}

TEST_CASE("a late completion's loss does not need the program's executor", "[worker][async]") {
  Room room;
  room.core->callbacks = std::make_shared<Callbacks>([](const std::function<void()>&) {});
  std::optional<LateCompletion> late = room.context.complete_later();
  room.returns();
  late.reset();
  room.loop.run_for(1s);
  REQUIRE(room.stub.failed.size() == 1);
  CHECK(room.stub.failed[0].params.failure.type == "CompletionLost");
}

TEST_CASE("what an attempt has not sent when it takes its lease for lost", "[worker][async][lease]") {
  Room room;
  auto late = room.context.complete_later();
  room.context.heartbeat(1);
  room.loop.run_for(1s);
  room.stub.answers_beats = false;
  room.context.heartbeat(2);
  room.loop.run_for(20s);
  REQUIRE(room.context.lost_token().stop_requested());
  SECTION("goes with a failure that the server still takes") {
    room.end(room.stopped());
    CHECK(room.machine->stats().abandoned == 1);
    CHECK(room.slots_used() == 0);
    const auto beats = room.stub.beats.size();
    CHECK(room.said(late.fail_async(ApplicationError("no"))));
    CHECK(text_of(room.stub.failed.at(0).params.last_heartbeat_details.value()) == "2");
    CHECK(room.stub.beats.size() == beats);
  }
  SECTION("and not even encoded, too") {
    room.courier.blocked = true;
    room.context.heartbeat(3);
    room.end(room.stopped());
    room.loop.run_for(1s);
    CHECK(room.slots_used() == 0);
    room.courier.release();
    room.loop.run_ready();
    CHECK(room.said(late.fail_async(ApplicationError("no"))));
    CHECK(text_of(room.stub.failed.at(0).params.last_heartbeat_details.value()) == "3");
  }
}

TEST_CASE("details that a worker had sent in vain when its function returned", "[worker][async]") {
  Room room;
  std::optional<LateCompletion> late = room.context.complete_later();
  room.context.heartbeat(1);
  room.loop.run_for(1s);
  room.stub.answers_beats = false;
  room.context.heartbeat(2);
  room.returns();
  std::size_t refused = room.stub.beats.size() - 1;
  for (int second = 0; second < 20; ++second) {
    for (; refused < room.stub.beats.size(); ++refused) {
      const auto done = room.stub.beats[refused].done;
      done(Status{StatusCode::kUnavailable, "away", {}});
    }
    room.loop.run_for(1s);
  }
  REQUIRE(room.slots_used() == 0);
  SECTION("go with the failure of who ends it") {
    CHECK(room.said(late->fail_async(ApplicationError("no"))));
  }
  SECTION("go with the report of its loss") {
    late.reset();
    room.loop.run_for(1s);
  }
  CHECK(text_of(room.stub.failed.at(0).params.last_heartbeat_details.value()) == "2");
}

TEST_CASE("while the function runs, a late completion heartbeats through its worker", "[worker][async]") {
  Room room;
  auto late = room.context.complete_later();
  SECTION("under one throttle") {
    room.context.heartbeat(1);
    room.loop.run_for(1s);
    const auto before = room.stub.beats.size();
    late.heartbeat(2);
    late.heartbeat();
    room.loop.run_for(1s);
    CHECK(room.stub.beats.size() == before);
    room.loop.run_for(7s);
    REQUIRE(room.stub.beats.size() == before + 1);
    CHECK(room.beat(before) == "2");
    CHECK(room.stub.beats[before].params.identity == "me");
  }
  SECTION("also what must arrive, and with the reply's flags") {
    room.stub.flags.activity_paused = true;
    const auto reply = Room::said(late.save_now_async(5), room.loop);
    REQUIRE(reply);
    CHECK(reply->activity_paused);
    CHECK_FALSE(reply->cancel_requested);
    CHECK(text_of(room.stub.beats.back().params.details) == "5");
    CHECK(late.stop_causes() == std::vector{StopCause::kPaused});
    CHECK(room.context.stop_causes() == std::vector{StopCause::kPaused});
  }
  SECTION("and what must arrive goes its own way when the function is just being left") {
    room.context.heartbeat(1);
    room.loop.run_for(1s);
    room.context.heartbeat(2);
    room.stub.answers_beats = false;
    room.returns();
    REQUIRE(room.slots_used() == 1);
    auto saved = late.save_now_async(3);
    room.loop.run_ready();
    CHECK(room.beat(room.stub.beats.size() - 1) == "2");
    room.stub.answers_beats = true;
    room.stub.beats.back().done(HeartbeatFlags{});
    CHECK(Room::said(std::move(saved), room.loop));
    CHECK(room.beat(room.stub.beats.size() - 1) == "3");
    CHECK_FALSE(late.stopped());
  }
  SECTION("but not what nobody waits for any more") {
    room.context.heartbeat(1);
    room.loop.run_for(1s);
    room.context.heartbeat(2);
    room.stub.answers_beats = false;
    room.returns();
    auto saved = late.save_now_async(3);
    room.loop.run_for(5s);
    const auto beats = room.stub.beats.size();
    room.loop.run_for(6s);
    CHECK(saved.get().error().code == ErrorCode::kDeadlineExceeded);
    room.stub.answers_beats = true;
    for (const auto& beat : std::exchange(room.stub.beats, {})) beat.done(HeartbeatFlags{});
    room.loop.run_for(1s);
    REQUIRE(room.slots_used() == 0);
    CHECK(beats > 0);
    for (const auto& beat : room.stub.beats) CHECK(text_of(beat.params.details) != "3");
  }
  SECTION("and hears what the server tells the attempt, but not of the worker's shutdown") {
    room.machine->stop(0s, 10s, [](const auto&) {});
    room.loop.run_ready();
    CHECK(has(room.context.stop_causes(), StopCause::kShutdown));
    CHECK_FALSE(late.stopped());
    room.stub.flags.cancel_requested = true;
    room.context.heartbeat(1);
    room.loop.run_for(1s);
    CHECK(late.stop_causes() == std::vector{StopCause::kCanceled});
    CHECK(late.stop_token().stop_requested());
  }
  SECTION("and goes on by itself from the newest value the attempt knew") {
    late.heartbeat(1);
    room.loop.run_for(1s);
    room.returns();
    late.heartbeat();
    room.loop.run_for(1s);
    CHECK(text_of(room.stub.beats.back().params.details) == "1");
    CHECK(room.stub.beats.back().params.identity == "the client");
  }
}

TEST_CASE("a late completion that can report nothing says so", "[worker][async]") {
  Room room;
  SECTION("after its function has thrown") {
    auto late = room.context.complete_later();
    room.fail();
    CHECK(room.stub.failed.size() == 1);
    const auto error = room.said(late.complete_async(1)).error();
    CHECK(error.code == ErrorCode::kFailedPrecondition);
    CHECK(error.message.find("has ended the attempt") != std::string::npos);
    CHECK(room.stub.completed.empty());
  }
  SECTION("when it is the second of its attempt") {
    const auto first = room.context.complete_later();
    {
      const auto second = room.context.complete_later();
      const auto error = room.said(second.complete_async(1)).error();
      CHECK(error.code == ErrorCode::kFailedPrecondition);
      CHECK(error.message ==
            "no outcome can be reported here: complete_later() was called before, and what it gave then "
            "reports the outcome");
    }
    room.returns();
    CHECK(room.stub.failed.empty());
    CHECK(room.said(first.complete_async(1)));
  }
  SECTION("when its attempt had ended before") {
    room.machine->stop(0s, 10s, [](const auto&) {});
    room.loop.run_for(9500ms);
    REQUIRE(room.stub.failed.size() == 1);  // WorkerShutdown.
    const auto late = room.context.complete_later();
    const auto error = room.said(late.complete_async(1)).error();
    CHECK(error.code == ErrorCode::kFailedPrecondition);
    CHECK(error.message == "no outcome can be reported here: the attempt has ended");
    room.returns();
    CHECK(room.stub.completed.empty());
  }
  SECTION("and its loss is nobody's failure") {
    {
      auto late = room.context.complete_later();
      room.fail();
    }
    room.loop.run_for(1h);
    CHECK(room.stub.failed.size() == 1);
  }
}
