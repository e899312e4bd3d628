// Each rule about slow and failing codecs is seen to notice.
#include "simulation/codec_witness.h"

#include "simulation/witness.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using namespace longbeat;
using namespace longbeat::simulation;

namespace {

constexpr const char* kAttempt = "token";

/// One attempt with a heartbeat timeout of 10 s, and what is told of it.
struct CodecTold {
  World world{1};
  std::string broken{};
  CodecWitness witness{world, [this](const std::string& what) {
                         if (broken.empty()) broken = what;
                       }};

  CodecTold() {
    internal::ActivityTask task;
    task.token = kAttempt;
    task.attempt = 1;
    task.activity_id = "a";
    task.heartbeat = 10s;
    witness.begun(task, "worker", true);
  }
  void pass(Nanoseconds time) {
    world.after(time, [] {});
    world.step(TimePoint::max());
  }
  static Payloads sealed(std::uint64_t count, const char* with = "x") {
    Payload payload = PayloadCodec<StepsDone>::encode({count, kAttempt});
    if (*with != 0) payload.metadata["sealed"] = with;
    return {payload};
  }
};

}  // namespace

TEST_CASE("the witness of codecs", "[simulation][codec]") {
  CodecTold told;
  auto& witness = told.witness;

  SECTION("is content with older details in time, newer ones after them, and the result as it was returned") {
    witness.beats(kAttempt);
    told.pass(500ms);
    witness.beat_sent(kAttempt, {});
    witness.beat_answered(kAttempt, true);
    witness.beats(kAttempt);
    told.pass(8500ms);
    witness.looked(kAttempt);
    witness.beat_sent(kAttempt, CodecTold::sealed(1));
    witness.returned(kAttempt, 2);
    witness.completion_sent(kAttempt, CodecTold::sealed(2));
    CHECK(told.broken == "");
  }
  SECTION("notices older details after newer ones") {
    witness.beat_sent(kAttempt, CodecTold::sealed(2));
    witness.beat_sent(kAttempt, CodecTold::sealed(1));
    CHECK(told.broken == "attempt 1 of a sends details 1 after 2");
  }
  SECTION("notices a heartbeat that waits for its details") {
    witness.beats(kAttempt);
    told.pass(600ms);
    SECTION("when the code looks again") {
      witness.looked(kAttempt);
    }
    SECTION("when it has cost the lease") {
      witness.lease_lost(kAttempt);
    }
    SECTION("when it leaves at last") {
      witness.beat_sent(kAttempt, CodecTold::sealed(1));
    }
    CHECK(told.broken == "attempt 1 of a beats, and nothing leaves its worker");
  }
  SECTION("but not while one is on its way, or the throttle is closed, or the process stood still") {
    witness.beat_sent(kAttempt, CodecTold::sealed(1));
    witness.beats(kAttempt);
    told.pass(5s);
    witness.looked(kAttempt);
    witness.beat_answered(kAttempt, true);
    witness.looked(kAttempt);
    told.pass(3s);
    witness.looked(kAttempt);
    witness.frozen("worker", told.world.now());
    told.pass(5s);
    witness.looked(kAttempt);
    CHECK(told.broken == "");
  }
  SECTION("notices what no codec has seen") {
    SECTION("of details") {
      witness.beat_sent(kAttempt, CodecTold::sealed(1, ""));
      CHECK(told.broken == "attempt 1 of a sends details that no codec has seen");
    }
    SECTION("of a result") {
      witness.returned(kAttempt, 1);
      witness.completion_sent(kAttempt, CodecTold::sealed(1, ""));
      CHECK(told.broken == "attempt 1 of a sends a result that no codec has seen");
    }
  }
  SECTION("notices a completion that is not what the code has returned") {
    SECTION("as it has returned nothing") {
      witness.completion_sent(kAttempt, CodecTold::sealed(1));
      CHECK(told.broken == "attempt 1 of a is reported completed, and its code has returned nothing");
    }
    SECTION("as it is another") {
      witness.returned(kAttempt, 2);
      witness.completion_sent(kAttempt, {});
      CHECK(told.broken == "attempt 1 of a is reported completed with 0, not with 2");
    }
    SECTION("as it could not be encoded") {
      witness.returned(kAttempt, 2);
      witness.encoding_failed(kAttempt, "result");
      witness.completion_sent(kAttempt, CodecTold::sealed(2));
      CHECK(told.broken == "attempt 1 of a is reported completed, and its result could not be encoded");
    }
  }
  SECTION("notices a failure for codecs that have not failed") {
    SECTION("on the result") {
      witness.encoding_failed(kAttempt, "details");
      witness.failure_sent(kAttempt, "WireCodecError");
      CHECK(told.broken == "attempt 1 of a fails for its codecs, which have not failed");
    }
    SECTION("on details") {
      witness.encoding_failed(kAttempt, "result");
      witness.failure_sent(kAttempt, "HeartbeatDetailsError");
      CHECK(told.broken == "attempt 1 of a fails for its details, which were encoded");
    }
  }
  SECTION("takes a failure for codecs that have failed, also on what the attempt was given") {
    witness.decoding_failed("worker");
    witness.failure_sent(kAttempt, "WireCodecError");
    witness.encoding_failed(kAttempt, "details");
    witness.failure_sent(kAttempt, "HeartbeatDetailsError");
    CHECK(told.broken == "");
  }
}
