// The throttled heartbeats of an AsyncActivity, on virtual time.
#include <memory>
#include <string>
#include <vector>

#include "client_setup.h"
#include "longbeat/async_activity.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

struct Room : ManualClient {
  using ManualClient::ManualClient;

  AsyncActivity activity(std::optional<std::chrono::nanoseconds> heartbeat_timeout = 10s) {
    return client.async_activity(TaskToken{"token"}, {.heartbeat_timeout = heartbeat_timeout});
  }
  void answer(int times, const StatusOr<HeartbeatFlags>& with = HeartbeatFlags{}) {
    for (int i = 0; i < times; ++i) service.heartbeats.push_back(with);
  }
  std::vector<std::string> beats() const {
    std::vector<std::string> all;
    for (const auto& beat : service.seen_heartbeats) all.push_back(beat.details.empty() ? "" : beat.details[0].data);
    return all;
  }
};
using Beats = std::vector<std::string>;

class Counting final : public ClientInterceptor {
 public:
  Result<CallEnded> call(ClientCallParams& params) override {
    ++calls;
    operation = params.operation;
    return CallEnded([this](const Result<>&) { ++ends; });
  }
  int calls = 0, ends = 0;
  std::string operation{};
};

}  // namespace

TEST_CASE("heartbeats from outside are throttled, and the newest wins", "[client][async][heartbeat]") {
  Room room;
  room.answer(9);
  SECTION("the first leaves at once, the next after 0.8 of the heartbeat timeout") {
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(1s);
    CHECK(room.beats() == Beats{"1"});
    activity.heartbeat(2);
    activity.heartbeat(3);
    room.loop.run_for(6s);
    CHECK(room.beats() == Beats{"1"});
    room.loop.run_for(1s);
    CHECK(room.beats() == Beats{"1", "3"});
    room.loop.run_for(1h);
    CHECK(room.beats().size() == 2);
  }
  SECTION("every 30 seconds when no timeout is known, every 60 at least") {
    const auto unknown = room.activity(std::nullopt);
    unknown.heartbeat(1);
    room.loop.run_ready();
    unknown.heartbeat(2);
    room.loop.run_for(29s);
    CHECK(room.beats().size() == 1);
    room.loop.run_for(1s);
    CHECK(room.beats().size() == 2);
    const auto slow = room.activity(1h);
    slow.heartbeat(3);
    room.loop.run_ready();
    slow.heartbeat(4);
    room.loop.run_for(59s);
    CHECK(room.beats().size() == 3);
    room.loop.run_for(1s);
    CHECK(room.beats().size() == 4);
  }
  SECTION("one without a value repeats the newest") {
    const auto activity = room.activity();
    activity.heartbeat(7, 8);
    room.loop.run_for(8s);
    activity.heartbeat();
    room.loop.run_for(8s);
    CHECK(room.beats() == Beats{"7", "7"});
    CHECK(room.service.seen_heartbeats.at(1).details.size() == 2);
  }
  SECTION("save_now passes the throttle, and nothing older follows it") {
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(1s);
    activity.heartbeat(2);
    auto saved = activity.save_now_async(3);
    room.loop.run_for(1s);
    CHECK(saved.get());
    CHECK(room.beats() == Beats{"1", "3"});
    room.loop.run_for(10s);
    CHECK(room.beats() == Beats{"1", "3", "3"});
  }
  SECTION("a failure takes along what the throttle holds back") {
    room.service.failures.answers = {{}};
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(1s);
    activity.heartbeat(2);
    auto failed = activity.fail_async(ApplicationError("x"));
    room.loop.run_for(1s);
    CHECK(failed.get());
    CHECK(room.service.failures.seen.at(0).last_heartbeat_details.value().at(0).data == "2");
    room.loop.run_for(1h);
    CHECK(room.beats() == Beats{"1"});
  }
  SECTION("but not what was saved past it later") {
    room.service.failures.answers = {{}};
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(1s);
    activity.heartbeat(2);
    auto saved = activity.save_now_async(3);
    room.loop.run_for(1s);
    REQUIRE(saved.get());
    auto failed = activity.fail_async(ApplicationError("x"));
    room.loop.run_for(1s);
    CHECK(failed.get());
    const auto& last = room.service.failures.seen.at(0).last_heartbeat_details;
    CHECK((!last || last->at(0).data == "3"));
  }
  SECTION("nothing is sent after the last copy has gone, or after an outcome") {
    {
      const auto activity = room.activity();
      activity.heartbeat(1);
      room.loop.run_ready();
      activity.heartbeat(2);
    }
    const auto ended = room.activity();
    room.service.completions.answers = {{}};
    auto completed = ended.complete_async(1);
    room.loop.run_for(1s);
    CHECK(completed.get());
    ended.heartbeat(3);
    room.loop.run_for(1h);
    CHECK(room.beats() == Beats{"1"});
  }
}

TEST_CASE("a failure from outside finds the newest heartbeat wherever it is", "[client][async][heartbeat]") {
  Room room;
  const auto last_details = [&](std::size_t number) {
    const auto& last = room.service.failures.seen.at(number).last_heartbeat_details;
    return last ? last->at(0).data : "none";
  };
  const auto fails = [&](const AsyncActivity& activity) {
    auto pending = activity.fail_async(ApplicationError("x"));
    room.loop.run_for(11s);
    return pending.get();
  };
  const auto activity = room.activity();
  SECTION("also when it repeats one that did not get through") {
    room.answer(1);
    room.service.failures.answers = {refused(StatusCode::kDeadlineExceeded), {}};
    activity.heartbeat(1);
    room.loop.run_ready();
    activity.heartbeat(2);
    CHECK_FALSE(fails(activity));
    room.service.heartbeats.clear();  // The throttle opens meanwhile; what it sends gets no answer.
    REQUIRE(fails(activity));
    CHECK(last_details(0) == "2");
    CHECK(last_details(1) == "2");
  }
  SECTION("also when it follows on one that an interceptor refused, or on a result that did not get through") {
    room.service.failures.answers = {{}};
    room.service.completions.answers = {refused(StatusCode::kDeadlineExceeded)};
    room.connection->jobs.blocked = true;
    activity.heartbeat(1);
    auto completed = activity.complete_async(5);
    const auto second = activity.fail_async(ApplicationError("x")).get();  // One is on its way.
    CHECK(second.error().code == ErrorCode::kFailedPrecondition);
    room.loop.run_for(1s);
    CHECK_FALSE(completed.get());
    room.service.heartbeats = {refused(StatusCode::kDeadlineExceeded)};
    room.connection->jobs.release();
    REQUIRE(fails(activity));
    CHECK(last_details(0) == "1");
  }
  SECTION("which otherwise goes its own way when the failure does not get through") {
    room.answer(2);
    room.service.failures.answers = {refused(StatusCode::kInvalidArgument)};
    activity.heartbeat(1);
    room.loop.run_ready();
    activity.heartbeat(2);
    CHECK_FALSE(fails(activity));
    CHECK(room.beats() == Beats{"1", "2"});
  }
  SECTION("but goes without one that is too large, or cannot be encoded") {
    const bool large = GENERATE(true, false);
    NamespaceInfo info;
    info.blob_size_limit_error = 20'000;
    room.service.namespaces.answers = {info};
    room.service.failures.answers = {{}};
    room.connection->jobs.blocked = true;
    activity.heartbeat(large ? std::string(30'000, 'x') : std::string("\xff"));
    REQUIRE(fails(activity));
    CHECK(last_details(0) == "none");
    CHECK(activity.stop_causes() == std::vector{StopCause::kBrokenDetails});
    room.connection->jobs.release();
  }
  SECTION("the last that could be sent, when the newest cannot") {
    room.service.heartbeats = {refused(StatusCode::kDeadlineExceeded)};
    room.service.failures.answers = {{}};
    activity.heartbeat(1);
    room.loop.run_ready();
    activity.heartbeat(std::string("\xff"));
    room.loop.run_for(1s);
    REQUIRE(fails(activity));
    CHECK(last_details(0) == "1");
  }
}

TEST_CASE("a heartbeat from outside tells why to stop", "[client][async][heartbeat]") {
  Room room;
  const auto activity = room.activity();
  SECTION("whatever the server asked for, in the order of arrival") {
    room.service.heartbeats = {HeartbeatFlags{}, HeartbeatFlags{false, true, false}, HeartbeatFlags{true, true, false}};
    activity.heartbeat(1);
    room.loop.run_for(8s);
    CHECK_FALSE(activity.stopped());
    CHECK_FALSE(activity.stop_token().stop_requested());
    activity.heartbeat(2);
    room.loop.run_for(8s);
    CHECK(activity.stop_token().stop_requested());
    activity.heartbeat(3);
    room.loop.run_for(8s);
    CHECK(activity.stop_causes() == std::vector{StopCause::kPaused, StopCause::kCanceled});
  }
  SECTION("that the attempt is gone, and then no more is sent") {
    room.service.heartbeats = {not_found("gone"), HeartbeatFlags{}};
    activity.heartbeat(1);
    room.loop.run_for(8s);
    activity.heartbeat(2);
    room.loop.run_for(1h);
    CHECK(activity.stop_causes() == std::vector{StopCause::kNotFound});
    CHECK(room.beats() == Beats{"1"});
  }
  SECTION("that a value cannot be encoded, and others still can") {
    room.answer(1);
    activity.heartbeat(std::string("\xff"));
    room.loop.run_for(8s);
    CHECK(activity.stop_causes() == std::vector{StopCause::kBrokenDetails});
    activity.heartbeat(2);
    room.loop.run_for(8s);
    CHECK(room.beats() == Beats{"2"});
  }
  SECTION("that a value is too large, after which the one before is repeated") {
    NamespaceInfo info;
    info.blob_size_limit_error = 20'000;
    room.service.namespaces.answers = {info};
    room.answer(2);
    activity.heartbeat(1);
    room.loop.run_for(8s);
    activity.heartbeat(std::string(30'000, 'x'));
    room.loop.run_for(8s);
    CHECK(activity.stop_causes() == std::vector{StopCause::kBrokenDetails});
    activity.heartbeat();
    room.loop.run_for(8s);
    CHECK(room.beats() == Beats{"1", "1"});
  }
}

TEST_CASE("a heartbeat from outside that did not arrive", "[client][async][heartbeat]") {
  Room room;
  SECTION("is sent again soon with a token, with what is newest by then") {
    room.service.heartbeats = {refused(StatusCode::kUnavailable), HeartbeatFlags{}};
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(10ms);
    activity.heartbeat(2);
    room.loop.run_for(1s);
    CHECK(room.beats() == Beats{"1", "2"});
  }
  SECTION("is not sent again by ID, where the next attempt might get it") {
    room.service.heartbeats_by_id.answers = {refused(StatusCode::kUnavailable), HeartbeatFlags{}};
    const auto activity = room.client.async_activity({.activity_id = "a"}, {.heartbeat_timeout = 10s});
    activity.heartbeat(1);
    room.loop.run_for(1min);
    CHECK(room.service.heartbeats_by_id.seen.size() == 1);
    activity.heartbeat(2);
    room.loop.run_for(1min);
    CHECK(room.service.heartbeats_by_id.seen.size() == 2);
  }
  SECTION("with a bad ID leaves no trace but the cause") {
    const auto activity = room.client.async_activity(ActivityById{});
    activity.heartbeat(1);
    room.loop.run_for(1s);
    CHECK(room.service.sent_at.empty());
    CHECK(activity.stop_causes() == std::vector{StopCause::kBrokenDetails});
  }
}

TEST_CASE("interceptors and statistics see throttled heartbeats as calls", "[client][async][heartbeat]") {
  const auto counting = std::make_shared<Counting>();
  auto options = ManualClient::in_place();
  options.interceptors = {counting};
  Room room(options);
  room.answer(1);
  const auto activity = room.activity();
  activity.heartbeat(1);
  activity.heartbeat(2);
  room.loop.run_for(1s);
  CHECK(counting->operation == "RecordActivityTaskHeartbeat");
  CHECK(counting->calls == 1);
  CHECK(counting->ends == 1);
  CHECK(room.client.stats().calls == 1);
}
