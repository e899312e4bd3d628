// Which heartbeat details arrive from outside, in which order, and with which failure.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "client_setup.h"
#include "longbeat/async_activity.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

const Status kAway = refused(StatusCode::kUnavailable);
const Status kNo = refused(StatusCode::kInvalidArgument);

/// Keeps conversions until it is told to go on.
class HeldCourier final : public Courier {
 public:
  void post(CourierJob kind, std::uint64_t, std::function<void()> job) override {
    if (!blocked || kind != CourierJob::kConvert) return job();
    held_.push_back(std::move(job));
  }
  void release() {
    blocked = false;
    for (const auto& job : std::exchange(held_, {})) job();
  }
  bool blocked = false;

 private:
  std::vector<std::function<void()>> held_{};
};

struct HeldConnection final : Connection {
  ManualLoop manual{};
  FakeService service{manual};
  HeldCourier jobs{};

  Loop& loop() override { return manual; }
  ServiceStub& stub() override { return service; }
  Courier& courier() override { return jobs; }
};

class Counting final : public ClientInterceptor {
 public:
  Result<CallEnded> call(ClientCallParams& params) override {
    if (params.operation == refuses) return Error{ErrorCode::kPermissionDenied, "not now"};
    ++calls;
    return CallEnded([this](const Result<>& result) { ends.push_back(result ? "ok" : to_string(result.error())); });
  }
  int calls = 0;
  std::vector<std::string> ends{};
  std::string refuses{};
};

using Beats = std::vector<std::string>;

struct Room {
  std::shared_ptr<HeldConnection> connection = std::make_shared<HeldConnection>();
  ManualLoop& loop = connection->manual;
  FakeService& service = connection->service;
  std::shared_ptr<Counting> interceptor = std::make_shared<Counting>();
  Client client = EagerClient::make(connection, options());

  ClientOptions options() const {
    auto made = ManualClient::in_place();
    made.interceptors = {interceptor};
    return made;
  }
  AsyncActivity activity(std::optional<std::chrono::nanoseconds> heartbeat_timeout = 10s,
                         std::optional<std::chrono::nanoseconds> call_timeout = {}) const {
    return client.async_activity(TaskToken{"token"},
                                 {.heartbeat_timeout = heartbeat_timeout, .call = {.timeout = call_timeout}});
  }
  AsyncActivity by_id() const {
    return client.async_activity({.activity_id = "a", .run_id = "r"}, {.heartbeat_timeout = 10s});
  }
  void answer(int times, const StatusOr<HeartbeatFlags>& with = HeartbeatFlags{}) {
    for (int i = 0; i < times; ++i) service.heartbeats.push_back(with);
  }
  void limit(std::int64_t bytes) {
    NamespaceInfo info;
    info.blob_size_limit_error = bytes;
    service.namespaces.answers = {info};
  }
  static std::string text(const Payloads& details) { return details.empty() ? "" : details[0].data; }
  Beats beats() const {
    Beats all;
    for (const auto& beat : service.seen_heartbeats) all.push_back(text(beat.details));
    return all;
  }
  Beats beats_by_id() const {
    Beats all;
    for (const auto& beat : service.heartbeats_by_id.seen) all.push_back(text(beat.details));
    return all;
  }
  /// What the failures said last, "-" for nothing.
  Beats last_details() const {
    Beats all;
    for (const auto& failure : service.failures.seen)
      all.push_back(failure.last_heartbeat_details ? text(*failure.last_heartbeat_details) : "-");
    return all;
  }
  template <class T>
  Result<T> said(Pending<T> pending, std::chrono::nanoseconds after = 1s) {
    loop.run_for(after);
    return pending.get();
  }
};

struct Lines {
  Lines() {
    set_log_sink([this](const LogRecord& record) { all.emplace_back(record.message); });
  }
  ~Lines() { set_log_sink({}); }
  std::size_t with(const std::string& text) const {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& line) { return line.find(text) != std::string::npos; }));
  }
  std::vector<std::string> all{};
};

const ApplicationError kFailure{"x"};

}  // namespace

TEST_CASE("details that must arrive never follow newer ones", "[client][async][heartbeat]") {
  Room room;
  SECTION("a repetition says what is newest by then") {
    room.service.heartbeats = {kAway, HeartbeatFlags{}};
    const auto activity = room.activity();
    auto first = activity.save_now_async(1);
    room.loop.run_for(2ms);
    auto second = activity.save_now_async(2);
    CHECK(room.said(std::move(second)));
    CHECK(room.said(std::move(first)));
    CHECK(room.beats() == Beats{"1", "2"});
    CHECK(room.client.stats().retries == 1);
  }
  SECTION("a throttled one counts as well") {
    room.service.heartbeats = {kAway, HeartbeatFlags{}, HeartbeatFlags{}};
    const auto activity = room.activity();
    auto saved = activity.save_now_async(1);
    activity.heartbeat(2);
    CHECK(room.said(std::move(saved)));
    room.loop.run_for(1min);
    CHECK(room.beats() == Beats{"1", "1", "2"});
  }
  SECTION("one at a time is under way") {
    room.service.latency = 100ms;
    room.answer(2);
    const auto activity = room.activity();
    auto first = activity.save_now_async(1);
    auto second = activity.save_now_async(2);
    room.loop.run_for(50ms);
    CHECK(room.beats() == Beats{"1"});
    CHECK(room.said(std::move(second)));
    CHECK(room.said(std::move(first)));
    CHECK(room.beats() == Beats{"1", "2"});
  }
  SECTION("one that waited for the limit of its namespace goes as the newest") {
    room.limit(40'000);
    room.answer(2);
    const auto activity = room.activity();
    auto first = activity.save_now_async(std::string(30'000, 'x'));
    auto second = activity.save_now_async(2);
    CHECK(room.said(std::move(first)));
    CHECK(room.said(std::move(second)));
    CHECK(room.beats() == Beats{"2"});  // Which covers both.
  }
  SECTION("also by ID, where only a refusal is repeated") {
    room.service.heartbeats_by_id.answers = {refused(StatusCode::kResourceExhausted), HeartbeatFlags{}, kAway};
    const auto activity = room.by_id();
    auto first = activity.save_now_async(1);
    room.loop.run_for(2ms);
    auto second = activity.save_now_async(2);
    CHECK(room.said(std::move(first)));
    CHECK(room.said(std::move(second)));
    CHECK(room.said(activity.save_now_async(3)).error().code == ErrorCode::kUnavailable);
    CHECK(room.beats_by_id() == Beats{"1", "2", "3"});
  }
}

TEST_CASE("details that must arrive are sent until there is an answer", "[client][async][heartbeat]") {
  Room room;
  SECTION("or the call's time is over, with what was said last") {
    room.answer(100, kAway);
    CHECK(room.said(room.activity(10s, 1s).save_now_async(1)).error().code == ErrorCode::kUnavailable);
    CHECK(room.service.seen_heartbeats.size() < 12);
    CHECK(room.service.seen_heartbeats.size() > 2);
  }
  SECTION("or need not pass, and has not for ten times") {
    room.answer(100, refused(StatusCode::kInternal));
    CHECK(room.said(room.activity(10s, 1h).save_now_async(1), 10min).error().code == ErrorCode::kInternal);
    CHECK(room.service.seen_heartbeats.size() == 10);
  }
  SECTION("also when a server does not answer at all") {
    auto saved = room.activity().save_now_async(1);
    room.loop.run_for(1s);
    room.answer(1);
    room.loop.run_for(5s);
    CHECK(saved.get());
    CHECK(room.service.seen_heartbeats.size() == 2);
  }
  SECTION("also when the object has gone meanwhile") {
    room.service.heartbeats = {kAway, HeartbeatFlags{}};
    auto saved = room.activity().save_now_async(1);
    CHECK(room.said(std::move(saved)));
  }
  SECTION("by ID for as long as the call may take") {
    auto saved = room.by_id().save_now_async(1);
    CHECK(room.said(std::move(saved), 11s).error().code == ErrorCode::kDeadlineExceeded);
    CHECK(room.beats_by_id() == Beats{"1"});
  }
}

TEST_CASE("what was refused takes nothing back that has arrived", "[client][async][heartbeat]") {
  Room room;
  const auto activity = room.activity();
  room.answer(2);
  activity.heartbeat(1);
  room.loop.run_for(8s);
  CHECK(room.said(activity.save_now_async(2)));
  SECTION("when it could not be encoded") {
    room.answer(1);
    activity.heartbeat(std::string("\xff"));
    room.loop.run_for(16s);
    activity.heartbeat();
    room.loop.run_for(16s);
    CHECK(room.beats() == Beats{"1", "2", "2"});
  }
  SECTION("when the server objects to it") {
    room.service.heartbeats = {kNo, HeartbeatFlags{}};
    CHECK(room.said(activity.save_now_async(3)).error().code == ErrorCode::kInvalidArgument);
    CHECK_FALSE(activity.stopped());
    activity.heartbeat();
    room.loop.run_for(16s);
    CHECK(room.beats() == Beats{"1", "2", "3", "2"});
  }
  SECTION("and a failure does not say again what the server has") {
    room.service.failures.answers = {{}};
    CHECK(room.said(activity.fail_async(kFailure)));
    CHECK(room.last_details() == Beats{"-"});
  }
}

TEST_CASE("a failure from outside takes the newest heartbeat along", "[client][async][heartbeat]") {
  Room room;
  const auto activity = room.activity(10s, 1s);
  room.answer(1);
  activity.heartbeat(1);
  room.loop.run_for(1s);
  SECTION("also the second time, when nobody knows the end of the first") {
    activity.heartbeat(2);
    CHECK(room.said(activity.fail_async(kFailure), 2s).error().code == ErrorCode::kDeadlineExceeded);
    room.service.failures.answers = {{}};
    CHECK(room.said(activity.fail_async(kFailure)));
    CHECK(room.last_details() == Beats{"2", "2"});
  }
  SECTION("also after one that was refused here") {
    activity.heartbeat(2);
    room.interceptor->refuses = "RespondActivityTaskFailed";
    CHECK(room.said(activity.fail_async(kFailure)).error().code == ErrorCode::kPermissionDenied);
    room.interceptor->refuses.clear();
    room.service.failures.answers = {{}};
    CHECK(room.said(activity.fail_async(kFailure)));
    CHECK(room.last_details() == Beats{"2"});
  }
  SECTION("and one that another outcome keeps from being sent leaves it where it was") {
    activity.heartbeat(2);
    auto completed = activity.complete_async();
    for (int i = 0; i < 2; ++i)  // Refused once, the other still has its claim.
      CHECK(room.said(activity.fail_async(kFailure), 1ms).error().code == ErrorCode::kFailedPrecondition);
    room.loop.run_for(2s);
    CHECK_FALSE(completed.get());
    room.answer(1);
    room.loop.run_for(16s);
    CHECK(room.beats() == Beats{"1", "2"});
  }
  SECTION("but goes without it when that is too large, and says why to stop") {
    room.limit(20'000);
    room.service.failures.answers = {{}};
    activity.heartbeat(std::string(30'000, 'x'));
    CHECK(room.said(activity.fail_async(kFailure)));
    CHECK(room.last_details() == Beats{"-"});
    CHECK(activity.stop_causes() == std::vector{StopCause::kBrokenDetails});
  }
  SECTION("also one that is just being encoded") {
    room.service.failures.answers = {{}};
    activity.heartbeat(2);
    room.connection->jobs.blocked = true;
    room.loop.run_for(8s);
    auto failed = activity.fail_async(kFailure);
    room.loop.run_for(100ms);
    CHECK(room.service.failures.seen.empty());
    room.connection->jobs.release();
    CHECK(room.said(std::move(failed)));
    CHECK(room.last_details() == Beats{"2"});
  }
  SECTION("but does not wait for that for ever") {
    room.service.failures.answers = {{}};
    activity.heartbeat(2);
    room.connection->jobs.blocked = true;
    room.loop.run_for(8s);
    CHECK(room.said(activity.fail_async(kFailure)));
    CHECK(room.last_details() == Beats{"-"});
    room.connection->jobs.release();
  }
}

TEST_CASE("a heartbeat from outside waits neither for user code nor for a slow network", "[client][async][heartbeat]") {
  Room room;
  SECTION("what is known goes while the newest is being encoded") {
    room.answer(9);
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(1s);
    activity.heartbeat(2);
    room.connection->jobs.blocked = true;
    room.loop.run_for(7400ms);
    CHECK(room.beats() == Beats{"1"});
    room.loop.run_for(200ms);
    CHECK(room.beats() == Beats{"1", "1"});
    activity.heartbeat(3);
    room.loop.run_for(8s);
    CHECK(room.beats() == Beats{"1", "1", "1"});  // It says that something came.
    room.loop.run_for(1h);
    CHECK(room.beats().size() == 3);
    room.connection->jobs.release();
    room.loop.run_for(20s);
    CHECK(room.beats() == Beats{"1", "1", "1", "2", "3"});
  }
  SECTION("but what nobody has told does not erase what the server has") {
    room.connection->jobs.blocked = true;
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(1min);
    CHECK(room.beats().empty());
    room.connection->jobs.release();
    room.answer(1);
    room.loop.run_for(1s);
    CHECK(room.beats() == Beats{"1"});
  }
  SECTION("an answer is waited for no longer than the heartbeat timeout allows") {
    room.activity(5s).heartbeat(1);
    const auto kept = room.activity(5s);
    kept.heartbeat(1);
    room.loop.run_for(100ms);
    CHECK(room.service.timeouts.back() == 1250ms);
    const auto unhurried = room.activity(std::nullopt, 1h);
    unhurried.heartbeat(1);
    room.loop.run_for(100ms);
    CHECK(room.service.timeouts.back() == 2s);
  }
}

TEST_CASE("interceptors are told the end of each heartbeat", "[client][async][heartbeat]") {
  Room room;
  SECTION("when the object has gone while it was under way") {
    room.activity().heartbeat(1);  // Gone at once.
    const auto activity = std::make_unique<AsyncActivity>(room.activity());
    activity->heartbeat(2);
    room.loop.run_ready();
  }
  SECTION("when the object has gone while it was made") {
    room.connection->jobs.blocked = true;
    {
      const auto activity = room.activity();
      activity.heartbeat(1);
      room.loop.run_ready();
    }
    room.loop.run_ready();
    room.connection->jobs.release();
    room.loop.run_for(1s);
    REQUIRE(room.interceptor->ends.size() == 1);
    CHECK(room.interceptor->ends.at(0).find("closed") != std::string::npos);
    CHECK(room.beats().empty());
  }
  SECTION("when an outcome makes it needless") {
    room.service.completions.answers = {{}};
    room.connection->jobs.blocked = true;
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_ready();
    CHECK(room.said(activity.complete_async()));
    room.connection->jobs.release();
  }
  room.loop.run_for(1min);
  CHECK(room.interceptor->ends.size() == static_cast<std::size_t>(room.interceptor->calls));
  CHECK(room.client.stats().calls == static_cast<std::uint64_t>(room.interceptor->calls));
}

TEST_CASE("what is not sent is logged", "[client][async][heartbeat]") {
  Lines lines;
  Room room;
  SECTION("once while the server only has errors") {
    room.answer(50, refused(StatusCode::kInternal, "broken"));
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(20s);
    CHECK(lines.with("broken") == 1);
    room.service.heartbeats.clear();
    room.answer(1);
    room.loop.run_for(20s);
    room.answer(9, kAway);
    activity.heartbeat(2);
    room.loop.run_for(20s);
    CHECK(lines.with("is repeated") == 2);
  }
  SECTION("when the last object goes") {
    room.answer(1);
    {
      const auto activity = room.activity();
      activity.heartbeat(1);
      room.loop.run_for(1s);
      activity.heartbeat(2);
    }
    room.loop.run_for(1min);
    CHECK(lines.with("is not sent: the last object") == 1);
  }
  SECTION("but not what an outcome has made needless") {
    room.answer(1);
    room.service.completions.answers = {{}};
    {
      const auto activity = room.activity();
      activity.heartbeat(1);
      room.loop.run_for(1s);
      activity.heartbeat(2);
      CHECK(room.said(activity.complete_async()));
    }
    room.loop.run_for(1min);
    CHECK(lines.all.empty());
  }
}

TEST_CASE("a server that takes no details inside a failure gets them in a heartbeat before it", "[client][async]") {
  Room room;
  const auto why = GENERATE(StatusCode::kOk, StatusCode::kUnimplemented, StatusCode::kInternal);
  room.service.system = SystemInfo{"0.9", false};
  if (why != StatusCode::kOk) room.service.system = refused(why);
  room.service.failures.answers = {{}, {}};
  SECTION("the newest that it has not acknowledged") {
    room.answer(2);
    const auto activity = room.activity();
    activity.heartbeat(1);
    room.loop.run_for(1s);
    activity.heartbeat(2);  // The throttle holds it back.
    CHECK(room.said(activity.fail_async(kFailure)));
    CHECK(room.beats() == Beats{"1", "2"});
    CHECK(room.last_details() == Beats{"-"});
  }
  SECTION("those that the failure was given") {
    room.answer(2);
    const auto activity = room.activity();
    activity.heartbeat(1);
    CHECK(room.said(activity.fail_async(kFailure, 7)));
    CHECK(room.beats() == Beats{"1", "7"});
    CHECK(room.last_details() == Beats{"-"});
  }
  SECTION("by ID") {
    room.service.heartbeats_by_id.answers = {HeartbeatFlags{}};
    room.service.failures_by_id.answers = {{}};
    CHECK(room.said(room.by_id().fail_async(kFailure, 7)));
    CHECK(room.beats_by_id() == Beats{"7"});
    CHECK(room.service.heartbeats_by_id.seen[0].target.run_id == "r");
    CHECK_FALSE(room.service.failures_by_id.seen.at(0).last_heartbeat_details);
  }
  SECTION("and the failure goes without them when they do not get through") {
    const Lines lines;
    room.answer(1, kNo);
    CHECK(room.said(room.activity().fail_async(kFailure, 7)));
    CHECK(room.beats() == Beats{"7"});
    CHECK(room.last_details() == Beats{"-"});
    CHECK(lines.with("that goes ahead of a failure has not arrived") == 1);
  }
  SECTION("for which half of its time is waited") {
    auto failed = room.activity(10s, 8s).fail_async(kFailure, 7);  // Nobody answers the heartbeat.
    room.loop.run_for(2s);
    CHECK(room.service.failures.seen.empty());
    CHECK(room.said(std::move(failed), 3s));
    CHECK(room.last_details() == Beats{"-"});
  }
}

TEST_CASE("what a server takes inside a failure is asked when there is something to be taken", "[client][async]") {
  Room room;
  room.service.failures.answers = {{}, {}, {}};
  CHECK(room.said(room.activity().fail_async(kFailure)));
  CHECK(room.service.system_calls == 0);
  SECTION("once") {
    auto first = room.activity().fail_async(kFailure, 1);
    CHECK(room.said(room.activity().fail_async(kFailure, 2)));
    CHECK(first.get());
    CHECK(room.last_details() == Beats{"-", "1", "2"});
    CHECK(room.service.system_calls == 1);
  }
  SECTION("again when the server has not answered, of which the failure does not die") {
    room.answer(1);
    room.service.system.reset();
    CHECK(room.said(room.activity().fail_async(kFailure, 1), 6s));
    room.service.system = SystemInfo{"1.0", true};
    CHECK(room.said(room.activity().fail_async(kFailure, 2)));
    CHECK(room.last_details() == Beats{"-", "-", "2"});
    CHECK(room.beats() == Beats{"1"});
    CHECK(room.service.system_calls == 2);
  }
}
