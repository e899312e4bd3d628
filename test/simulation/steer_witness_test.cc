// What SteerWitness is for: each way to deceive a program that steers
// activities.
#include "simulation/steer_witness.h"

#include "support/catch.h"

using namespace std::chrono_literals;
using namespace longbeat;
using namespace longbeat::simulation;

namespace {

const server::PauseRequest kPause{{"default", "a", "run"}, {}, "me", "p-1", {}};
const server::DeleteRequest kDelete{{"default", "a", "run"}};
const server::DeleteRequest kDeleteLatest{{"default", "a", {}}};

Error error(ErrorCode code) {
  return {code, "no", {}, {}};
}

struct Desk {
  World world{1};
  std::vector<std::string> broken{};
  SteerWitness steering{world, [this](const std::string& what) { broken.push_back(what); }};

  std::string first() const { return broken.empty() ? "" : broken.front(); }
  SteerWitness::Number begins(const server::Request& request) { return steering.begun(request, 10s, false); }
  void done(const server::Request& request, bool commit_failed = false) {
    steering.answered(request, server::Reply(server::DoneReply{}), commit_failed);
  }
  void refused(const server::Request& request, internal::StatusCode code = internal::StatusCode::kNotFound) {
    steering.answered(request, internal::Status{code, "no", {}}, false);
  }
  void passes(Nanoseconds time) {
    const TimePoint until = world.now() + time;
    world.after(time, [] {});
    while (world.step(until)) {
    }
  }
};

server::UpdateOptionsRequest update() {
  server::UpdateOptionsRequest request;
  request.run = kPause.run;
  request.request_id = "u-1";
  return request;
}

server::UpdateOptionsReply updated(Nanoseconds heartbeat) {
  auto input = std::make_shared<server::ActivityInput>();
  input->options.task_queue = "files";
  input->options.timeouts.heartbeat = heartbeat;
  return {input};
}

ActivityOptions told_options(Nanoseconds heartbeat) {
  const server::RetryPolicy retry;
  ActivityOptions options;
  options.task_queue = "files";
  options.heartbeat_timeout = heartbeat;
  options.retry_policy.initial_interval = retry.initial_interval;
  options.retry_policy.maximum_interval = retry.maximum_interval;
  options.retry_policy.backoff_coefficient = retry.backoff_coefficient;
  return options;
}

}  // namespace

TEST_CASE("the witness of orders takes what is so", "[simulation]") {
  Desk desk;
  SECTION("an order that the server has carried out, or refused") {
    const auto paused = desk.begins(kPause);
    desk.done(kPause);
    desk.steering.told(paused, Result<>());
    const auto again = desk.begins(kPause);
    desk.refused(kPause, internal::StatusCode::kFailedPrecondition);
    desk.steering.told(again, Result<>(error(ErrorCode::kFailedPrecondition)));
  }
  SECTION("one whose time is over") {
    const auto number = desk.begins(kPause);
    desk.passes(9800ms);
    desk.steering.told(number, Result<>(error(ErrorCode::kUnavailable)));
  }
  SECTION("a run that is gone, perhaps by an earlier try") {
    const auto number = desk.begins(kDelete);
    desk.refused(kDelete);
    desk.steering.told(number, Result<>());
  }
  SECTION("a delete of the latest run that is not repeated") {
    desk.steering.told(desk.begins(kDeleteLatest), Result<>(error(ErrorCode::kUnavailable)));
  }
  SECTION("options as the server has them") {
    const auto number = desk.begins(update());
    desk.steering.answered(update(), server::Reply(updated(5s)), false);
    desk.steering.told(number, Result<ActivityOptions>(told_options(5s)));
  }
  desk.passes(1min);
  CHECK(desk.first() == "");
}

TEST_CASE("the witness of orders notices", "[simulation]") {
  Desk desk;
  SECTION("what is told as done, and was not") {
    const auto number = desk.begins(kPause);
    SECTION("carried out at all") {}
    SECTION("carried out for certain") {
      desk.done(kPause, true);
    }
    SECTION("carried out under its request ID") {
      auto other = kPause;
      other.request_id = "p-2";
      desk.done(other);
    }
    SECTION("carried out on what there is") {
      desk.refused(kPause);
    }
    desk.steering.told(number, Result<>());
    CHECK_THAT(desk.first(), ContainsSubstring("a pause of a in default (p-1) was told as done, and was not"));
  }
  SECTION("a latest run that is told as deleted because there is none") {
    const auto number = desk.begins(kDeleteLatest);
    desk.refused(kDeleteLatest);
    desk.steering.told(number, Result<>());
    CHECK_THAT(desk.first(), ContainsSubstring("was told as done, and was not"));
  }
  SECTION("a refusal that is none of the server's") {
    const auto number = desk.begins(kPause);
    desk.refused(kPause);
    desk.steering.told(number, Result<>(error(ErrorCode::kFailedPrecondition)));
    CHECK_THAT(desk.first(), ContainsSubstring("ended with FailedPrecondition: no, which the "
                                               "server has not said"));
  }
  SECTION("a delete that is told as too late because of its own earlier try") {
    const auto number = desk.begins(kDelete);
    desk.done(kDelete);
    desk.refused(kDelete);
    desk.steering.told(number, Result<>(error(ErrorCode::kNotFound)));
    CHECK_THAT(desk.first(), ContainsSubstring("was told as too late, though a try had got through"));
  }
  SECTION("an order that is given up before its time") {
    const auto number = desk.begins(kPause);
    desk.passes(9s);
    desk.steering.told(number, Result<>(error(ErrorCode::kUnavailable)));
    CHECK_THAT(desk.first(), ContainsSubstring("was given up before its time"));
  }
  SECTION("an order of which nobody is told anything, and one that is told twice") {
    desk.begins(kPause);
    desk.passes(13s);
    CHECK_THAT(desk.first(), ContainsSubstring("nobody was told what became of a pause"));
    const auto number = desk.begins(kDelete);
    desk.done(kDelete);
    desk.steering.told(number, Result<>());
    desk.steering.told(number, Result<>());
    CHECK_THAT(desk.broken.back(), ContainsSubstring("was told twice"));
  }
  SECTION("options that are not those of the server") {
    const auto number = desk.begins(update());
    desk.steering.answered(update(), server::Reply(updated(5s)), false);
    desk.steering.told(number, Result<ActivityOptions>(told_options(6s)));
    CHECK_THAT(desk.first(), ContainsSubstring("was told other options than the server has"));
  }
}
