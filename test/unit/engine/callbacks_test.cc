#include "machine/callbacks.h"

#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

EngineOptions with_callbacks() {
  EngineOptions options;
  options.limits.requests.callbacks_enabled = true;
  options.limits.requests.callback_addresses = {"http://good:*", "http://bad:*"};
  return options;
}

/// One activity "a" with callbacks to these URLs.
class CallbackRoom : public Room {
 public:
  explicit CallbackRoom(const std::vector<std::string>& urls = {"http://good:1/x"}) : Room(with_callbacks()) {
    callbacks = true;
    open();
    auto request = start_request();
    for (const std::string& url : urls) request.completion_callbacks.push_back({true, url, 0, "callback to " + url});
    REQUIRE(call(request).get<StartReply>().started);
  }
  /// Takes the attempt and completes it; the callbacks go out.
  void finish() {
    complete(poll().token, "result");
    deliver();
  }
  /// A close comes after all that was before, if only by a nanosecond: time has to pass.
  void deliver() { pass(1ms); }
  void report(const OutboundCall& call, OutboundResult result) {
    engine->callback_done(call.ticket, std::move(result));
    step();
  }
  CallbackState callback(std::size_t place = 0) { return state()->callbacks.at(place); }
  CallbackPhase phase(std::size_t place = 0) { return callback(place).phase; }
};

const OutboundResult kDelivered{.delivered = true};
const OutboundResult kRefused{.retryable = false, .message = "HTTP status 400"};
const OutboundResult kUnreached{.retryable = true, .message = "HTTP status 503"};

}  // namespace

TEST_CASE("a completion callback", "[server][engine][callbacks]") {
  CallbackRoom room;

  SECTION("stands by while its activity is open") {
    const std::string token = room.poll().token;
    room.beat(token);
    room.pass(1s);
    CHECK(room.phase() == CallbackPhase::kStandby);
    CHECK(room.sent.empty());
  }
  SECTION("is sent once the closing is durable, and succeeds") {
    room.complete(room.poll().token, "result");
    CHECK(room.phase() == CallbackPhase::kScheduled);
    CHECK(room.sent.empty());
    CHECK(room.engine->next_wakeup().value() <= room.now + 1ns);
    room.deliver();
    REQUIRE(room.sent.size() == 1);
    CHECK(room.sent[0].url == "http://good:1/x");
    CHECK(room.sent[0].body == "Completed");
    CHECK(room.engine->stats().undelivered == 1);

    room.report(room.sent[0], kDelivered);
    const CallbackState done = room.callback();
    CHECK(done.phase == CallbackPhase::kSucceeded);
    CHECK(done.attempt == 1);
    CHECK(done.last_attempt_complete_time == room.now);
    CHECK(done.last_failure.empty());
    CHECK(room.engine->stats().undelivered == 0);
    room.pass(100h);
    CHECK(room.sent.size() == 1);
  }
  SECTION("backs off after each failure, and longer each time") {
    room.finish();
    room.report(room.sent.at(0), kUnreached);
    CHECK(room.phase() == CallbackPhase::kBackingOff);
    CHECK(room.callback().last_failure == "HTTP status 503");
    CHECK(room.callback().next_attempt_time == room.now + 1s);
    room.pass(999ms);
    CHECK(room.sent.size() == 1);
    room.pass(1ms);
    REQUIRE(room.sent.size() == 2);
    CHECK(room.sent[1].ticket != room.sent[0].ticket);
    room.report(room.sent[1], kUnreached);
    CHECK(room.callback().next_attempt_time == room.now + 2s);
    room.pass(2s);
    room.report(room.sent.at(2), kDelivered);
    CHECK(room.phase() == CallbackPhase::kSucceeded);
    CHECK(room.callback().attempt == 3);
  }
  SECTION("fails for good when the target refuses it") {
    room.finish();
    room.report(room.sent.at(0), kRefused);
    CHECK(room.phase() == CallbackPhase::kFailed);
    CHECK(room.callback().last_failure_final);
    room.pass(100h);
    CHECK(room.sent.size() == 1);
  }
  SECTION("is on its way only once at a time") {
    room.finish();
    room.pass(1h);
    CHECK(room.sent.size() == 1);
  }
  SECTION("shows in a description of the closed run") {
    room.finish();
    room.report(room.sent.at(0), kUnreached);
    const auto described = room.describe().get<DescribeReply>();
    CHECK(described.state->callbacks.at(0).attempt == 1);
    CHECK(described.state->callbacks.at(0).message == "callback to http://good:1/x");
  }
  SECTION("is told of an end by terminate, by cancel and by timeout too") {
    const std::string way = GENERATE("Terminated", "Canceled", "TimedOut", "Failed");
    CAPTURE(way);
    if (way == "Terminated") {
      TerminateRequest request;
      request.run = room.run();
      CHECK(room.call(request).ok());
    } else if (way == "Canceled") {
      CancelRequest request;
      request.run = room.run();
      CHECK(room.call(request).ok());
    } else if (way == "TimedOut") {
      auto request = room.start_request("late");
      request.schedule_to_close = RawDuration{1, 0};
      request.completion_callbacks.push_back({true, "http://good:2/", 0, "callback"});
      room.call(request);
      room.pass(2s);
    } else {
      auto request = room.failed_request(room.poll().token);
      request.non_retryable = true;
      CHECK(room.call(request).ok());
    }
    room.deliver();
    REQUIRE(room.sent.size() == 1);
    CHECK(room.sent[0].body == way);
  }
}

TEST_CASE("several callbacks of one activity go their own ways, in the order in which they were attached",
          "[server][engine][callbacks]") {
  CallbackRoom room({"http://good:1/", "http://bad:2/", "http://good:3/"});
  room.finish();
  REQUIRE(room.sent.size() == 3);
  CHECK(room.sent[0].url == "http://good:1/");
  CHECK(room.sent[1].url == "http://bad:2/");
  CHECK(room.sent[2].url == "http://good:3/");
  // Two results of one step, and of one row.
  room.engine->callback_done(room.sent[1].ticket, kUnreached);
  room.engine->callback_done(room.sent[2].ticket, kDelivered);
  room.step();
  CHECK(room.phase(0) == CallbackPhase::kScheduled);
  CHECK(room.phase(1) == CallbackPhase::kBackingOff);
  CHECK(room.phase(2) == CallbackPhase::kSucceeded);
  room.pass(1s);
  REQUIRE(room.sent.size() == 4);
  CHECK(room.sent[3].url == "http://bad:2/");
  room.report(room.sent[0], kDelivered);
  room.report(room.sent[3], kRefused);
  CHECK(room.phase(0) == CallbackPhase::kSucceeded);
  CHECK(room.phase(1) == CallbackPhase::kFailed);
  CHECK(room.engine->stats().undelivered == 0);
}

TEST_CASE("an activity that is deleted while several of its callbacks back off sends none of them again",
          "[server][engine][callbacks]") {
  CallbackRoom room({"http://good:1/", "http://bad:2/"});
  room.finish();
  REQUIRE(room.sent.size() == 2);
  room.report(room.sent[0], kUnreached);
  room.report(room.sent[1], kUnreached);
  CHECK(room.call(DeleteRequest{room.run()}).ok());
  room.pass(1h);
  CHECK(room.sent.size() == 2);
  CHECK(room.fatal.empty());
  CHECK(room.start("next").started);
}

TEST_CASE("a callback survives a crash", "[server][engine][callbacks]") {
  CallbackRoom room;

  SECTION("between the closing and its delivery: it is sent then") {
    room.complete(room.poll().token, "result");
    room.crash_and_reopen();
    room.deliver();
    REQUIRE(room.sent.size() == 1);
    CHECK(room.sent[0].body == "Completed");
  }
  SECTION("while it is on its way: it is sent again, at least once in all") {
    room.finish();
    room.crash_and_reopen(1s);
    room.step();
    REQUIRE(room.sent.size() == 2);
    room.report(room.sent[1], kDelivered);
    CHECK(room.phase() == CallbackPhase::kSucceeded);
    room.crash_and_reopen(1s);
    room.pass(100h);
    CHECK(room.sent.size() == 2);
  }
  SECTION("while it backs off: it is sent when its time has come, not before") {
    room.finish();
    room.report(room.sent.at(0), kUnreached);
    room.crash_and_reopen(400ms);
    CHECK(room.callback().attempt == 1);
    room.pass(599ms);
    CHECK(room.sent.size() == 1);
    room.pass(1ms);
    CHECK(room.sent.size() == 2);
  }
  SECTION("before the closing: it stands by") {
    room.crash_and_reopen();
    CHECK(room.phase() == CallbackPhase::kStandby);
    room.finish();
    CHECK(room.sent.size() == 1);
  }
}

TEST_CASE("a callback to an address that is not allowed any more", "[server][engine][callbacks]") {
  CallbackRoom room({"http://bad:1/", "http://good:2/"});
  room.limits().requests.callback_addresses = {"http://good:*"};
  room.crash_and_reopen();
  room.finish();
  REQUIRE(room.sent.size() == 1);
  CHECK(room.sent[0].url == "http://good:2/");
  CHECK(room.phase() == CallbackPhase::kBlocked);
  CHECK(room.callback().blocked_reason.find("does not match any configured callback address") != std::string::npos);
  room.report(room.sent[0], kDelivered);
  room.pass(1h);
  CHECK(room.sent.size() == 1);

  SECTION("is sent by a server that allows it again") {
    room.limits().requests.callback_addresses = {"http://bad:*"};
    room.crash_and_reopen();
    room.step();
    REQUIRE(room.sent.size() == 2);
    CHECK(room.sent[1].url == "http://bad:1/");
    room.report(room.sent[1], kDelivered);
    CHECK(room.phase() == CallbackPhase::kSucceeded);
    CHECK(room.callback().blocked_reason.empty());
  }
  SECTION("stays blocked by one that has no callbacks at all") {
    room.limits().requests.callbacks_enabled = false;
    room.crash_and_reopen();
    room.pass(1h);
    CHECK(room.phase() == CallbackPhase::kBlocked);
    CHECK(room.sent.size() == 1);
  }
}

TEST_CASE("a closed activity with callbacks to deliver", "[server][engine][callbacks]") {
  CallbackRoom room;
  room.finish();

  SECTION("is not forgotten at the end of its retention, but some time later") {
    const Duration retention = 72h;
    room.report(room.sent.at(0), kUnreached);
    room.pass(retention + 2min);
    CHECK(room.engine->stats().removed == 0);
    room.pass(room.limits().undelivered_callbacks_keep);
    CHECK(room.engine->stats().removed == 1);
    CHECK(room.engine->stats().undelivered == 0);
    const auto sent = room.sent.size();
    room.pass(2h);
    CHECK(room.sent.size() == sent);
  }
  SECTION("drops them when it is deleted; a result that comes later means nothing") {
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    room.report(room.sent.at(0), kUnreached);
    room.pass(1h);
    CHECK(room.sent.size() == 1);
    CHECK(room.engine->stats().undelivered == 0);
    CHECK(room.fatal.empty());
  }
  SECTION("drops them also when the result comes in the same step") {
    room.engine->callback_done(room.sent.at(0).ticket, kUnreached);
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    room.crash_and_reopen();
    room.pass(1h);
    CHECK(room.sent.size() == 1);
  }
  SECTION("counts as memory until they are settled") {
    CHECK(room.engine->stats().open_bytes > 0);
    room.report(room.sent.at(0), kDelivered);
    CHECK(room.engine->stats().open_bytes == 0);
  }
}

TEST_CASE("an open activity that is deleted sends nothing", "[server][engine][callbacks]") {
  CallbackRoom room;
  CHECK(room.call(DeleteRequest{room.run()}).ok());
  room.pass(1h);
  CHECK(room.sent.empty());
}

TEST_CASE("a server that stops sends no more callbacks and does not spin", "[server][engine][callbacks]") {
  CallbackRoom room;
  room.complete(room.poll().token, "result");
  room.engine->stop_accepting();
  room.now += 1ms;
  room.step();
  CHECK(room.sent.empty());
  CHECK(room.engine->next_wakeup().value_or(Time::max()) > room.now);
  room.crash_and_reopen();
  room.deliver();
  CHECK(room.sent.size() == 1);
}

TEST_CASE("a burst of closings is worked off over several steps", "[server][engine][callbacks]") {
  CallbackRoom room;
  room.limits().callbacks_per_step = 2;
  room.crash_and_reopen();
  for (int i = 0; i < 5; ++i) {
    auto request = room.start_request("b" + std::to_string(i));
    request.completion_callbacks.push_back({true, "http://good:" + std::to_string(10 + i) + "/", 0, "callback"});
    room.call(request);
  }
  for (int i = 0; i < 5; ++i) room.submit(TerminateRequest{.run = room.run("b" + std::to_string(i))});
  room.step();
  CHECK(room.sent.empty());
  room.now += 1ms;
  room.step();
  CHECK(room.sent.size() == 2);
  CHECK(room.engine->next_wakeup() == room.now);
  room.step();
  CHECK(room.sent.size() == 4);
  room.step();
  CHECK(room.sent.size() == 5);
}
