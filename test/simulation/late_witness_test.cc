// What LateWitness is for: each way to deceive who ends an attempt from outside its function.
#include "simulation/late_witness.h"

#include "simulation/wire.h"
#include "simulation/witness.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using namespace longbeat;
using namespace longbeat::simulation;
using Kind = LateWitness::Kind;

namespace {

const std::string kToken = "token";
const Error kTooLate{ErrorCode::kNotFound, "gone", {}, {}};
const Error kNobodyKnows{ErrorCode::kDeadlineExceeded, "no answer", {}, {}};

server::CompletedRequest completion(std::uint64_t count) {
  return {"default", kToken, "me", pack(Payloads{PayloadCodec<StepsDone>::encode({count})}), {}};
}

server::FailedRequest failure() {
  server::FailedRequest request;
  request.token = kToken;
  return request;
}

/// One attempt whose end somebody else has.
struct Duty {
  World world{1};
  std::vector<std::string> broken{};
  bool held = true;
  LateWitness late{world, [this](const std::string& what) { broken.push_back(what); },
                   [this](const std::string&) { return held; }};

  Duty() { late.handed_over(kToken, "the attempt", "process"); }
  std::string first() const { return broken.empty() ? "" : broken.front(); }
  void accepts(const server::Request& request, bool commit_failed = false) {
    late.answered(request, server::Reply(server::ReportReply{}), commit_failed);
  }
  void refuses(const server::Request& request) {
    late.answered(request, internal::Status{internal::StatusCode::kNotFound, "gone", {}}, false);
  }
  void try_gets_no_answer(Kind kind) { late.try_ended(kToken, kind, internal::unavailable("away")); }
  void passes(Nanoseconds time) {
    const TimePoint until = world.now() + time;
    world.after(time, [] {});
    while (world.step(until)) {
    }
  }
};

}  // namespace

TEST_CASE("the witness of late outcomes takes what is so", "[simulation]") {
  Duty duty;
  SECTION("a result that the server has") {
    duty.late.sent(kToken, Kind::kCompleted, {}, true);
    duty.accepts(completion(7));
    duty.late.told(kToken, Kind::kCompleted, 7, {});
  }
  SECTION("one that a try may have brought there, whose repetition finds nothing") {
    duty.try_gets_no_answer(Kind::kCompleted);
    duty.refuses(completion(7));
    duty.held = false;
    duty.late.told(kToken, Kind::kCompleted, 7, {});
  }
  SECTION("one that came too late, and one of which nobody knows") {
    duty.held = false;
    duty.late.told(kToken, Kind::kFailed, 0, kNobodyKnows);
    duty.late.told(kToken, Kind::kFailed, 0, kTooLate);
  }
  SECTION("a cancellation that nobody asked for, and a second outcome beside the first, both refused") {
    duty.late.told(kToken, Kind::kCanceled, 0, Error{ErrorCode::kInvalidArgument, "nobody asked", {}, {}});
    duty.late.told_second(kToken, Error{ErrorCode::kFailedPrecondition, "another one is on its way", {}, {}});
  }
  SECTION("a loss that is reported, and ends the attempt") {
    duty.late.returned(kToken, true);
    duty.late.lost(kToken);
    duty.late.sent(kToken, Kind::kFailed, "CompletionLost", true);
    duty.held = false;
    duty.passes(1min);
  }
  SECTION("a loss in a process that dies, or whose function throws") {
    const bool dies = GENERATE(true, false);
    duty.late.lost(kToken);
    if (dies) duty.late.died("process");
    duty.late.returned(kToken, dies);
    duty.passes(1min);
  }
  SECTION("a loss that a frozen process reports when it runs again") {
    duty.late.returned(kToken, true);
    duty.late.lost(kToken);
    duty.late.frozen("process", duty.world.now() + 40s);
    duty.passes(45s);
    duty.late.sent(kToken, Kind::kFailed, "CompletionLost", true);
    duty.passes(1min);
  }
  CHECK(duty.first() == "");
}

TEST_CASE("the witness of late outcomes notices", "[simulation]") {
  Duty duty;
  SECTION("two outcomes") {
    duty.accepts(completion(7));
    duty.accepts(failure());
    CHECK_THAT(duty.first(), ContainsSubstring("has two outcomes"));
  }
  SECTION("an outcome that is sent although the first was told as done") {
    duty.accepts(completion(7));
    duty.late.told(kToken, Kind::kCompleted, 7, {});
    duty.late.sent(kToken, Kind::kFailed, {}, true);
    CHECK_THAT(duty.first(), ContainsSubstring("has its outcome, and a failure is sent"));
  }
  SECTION("an outcome of an object that was released") {
    duty.late.released(kToken);
    duty.late.sent(kToken, Kind::kCompleted, {}, false);
    CHECK(duty.first() == "");
    duty.late.sent(kToken, Kind::kCompleted, {}, true);
    CHECK_THAT(duty.first(), ContainsSubstring("was released, and its object sends a completion"));
  }
  SECTION("a loss that is none, told by the object or by its worker") {
    const bool by_worker = GENERATE(true, false);
    if (by_worker) {
      duty.late.worker_reports(kToken, "CompletionLost");
    } else {
      duty.late.sent(kToken, Kind::kFailed, "CompletionLost", true);
    }
    CHECK_THAT(duty.first(), ContainsSubstring("is reported lost"));
  }
  SECTION("a result that is told as done, and was not") {
    SECTION("accepted at all") {}
    SECTION("accepted for certain") {
      duty.accepts(completion(7), true);
    }
    SECTION("accepted as it is") {
      duty.accepts(completion(6));
    }
    SECTION("accepted in place of something else") {
      duty.accepts(failure());
    }
    SECTION("brought there by a try of something else") {
      duty.try_gets_no_answer(Kind::kFailed);
      duty.refuses(completion(7));
      duty.held = false;
    }
    SECTION("too late, as the attempt shows") {
      duty.try_gets_no_answer(Kind::kCompleted);
      duty.refuses(completion(7));
    }
    duty.late.told(kToken, Kind::kCompleted, 7, {});
    CHECK_THAT(duty.first(), ContainsSubstring("a completion of the attempt was told as done, and was not"));
  }
  SECTION("a result that is told as too late, and was not") {
    duty.late.told(kToken, Kind::kCompleted, 7, kTooLate);
    CHECK_THAT(duty.first(), ContainsSubstring("was told as too late, and was not"));
  }
  SECTION("a result that is told as too late, though a try may have brought it there") {
    duty.try_gets_no_answer(Kind::kCompleted);
    duty.held = false;
    duty.late.told(kToken, Kind::kCompleted, 7, kTooLate);
    CHECK_THAT(duty.first(), ContainsSubstring("though a try may have got through"));
  }
  SECTION("a result that is refused, or ends in a way that nobody can act on") {
    duty.late.told(kToken, Kind::kCompleted, 7, Error{ErrorCode::kInvalidArgument, "no", {}, {}});
    CHECK_THAT(duty.first(), ContainsSubstring("a completion of the attempt was refused"));
    duty.late.told(kToken, Kind::kCompleted, 7, Error{ErrorCode::kInternal, "no", {}, {}});
    CHECK_THAT(duty.broken.back(), ContainsSubstring("a completion of the attempt ended with"));
  }
  SECTION("a second outcome that is not refused beside the first") {
    const bool done = GENERATE(true, false);
    duty.late.told_second(kToken, done ? Result<>() : Result<>(kTooLate));
    CHECK_THAT(duty.first(), ContainsSubstring("was taken a second outcome of"));
  }
  SECTION("details that are told as saved, and were not") {
    duty.accepts(
        server::HeartbeatRequest{"default", kToken, "me", pack(Payloads{PayloadCodec<StepsDone>::encode({4})}), {}});
    duty.late.saved(kToken, 4, {});
    CHECK(duty.first() == "");
    duty.late.saved(kToken, 5, {});
    CHECK_THAT(duty.first(), ContainsSubstring("were told as saved, and were not"));
  }
  SECTION("details that are told as too late, and were not") {
    duty.late.saved(kToken, 5, kTooLate);
    CHECK_THAT(duty.first(), ContainsSubstring("saving details of the attempt was told as too late"));
  }
  SECTION("a loss that nobody reports, from when the function has returned") {
    duty.late.lost(kToken);
    duty.passes(1min);
    CHECK(duty.first() == "");
    duty.late.returned(kToken, true);
    duty.passes(29s);
    CHECK(duty.first() == "");
    duty.passes(2s);
    CHECK_THAT(duty.first(), ContainsSubstring("was lost, and nobody reports it"));
  }
  SECTION("a loss that is reported, but ends nothing although all faults are over") {
    duty.late.faults_ended();
    duty.passes(1min);
    duty.late.returned(kToken, true);
    duty.late.lost(kToken);
    duty.late.sent(kToken, Kind::kFailed, "CompletionLost", true);
    duty.passes(31s);
    CHECK_THAT(duty.first(), ContainsSubstring("was lost, and its attempt goes on"));
  }
}
