// Each rule about slow and failing codecs is seen to notice.
#include "simulation/codec_witness.h"

#include "simulation/witness.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using namespace longbeat;
using namespace longbeat::simulation;

namespace {

constexpr const char* kToken = "token";

/// One attempt with a heartbeat timeout of 10 s, and what is told of it.
struct Told {
  World world{1};
  std::string broken{};
  CodecWitness witness{world, [this](const std::string& what) {
                         if (broken.empty()) broken = what;
                       }};

  Told() {
    internal::ActivityTask task;
    task.token = kToken;
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
    Payload payload = PayloadCodec<StepsDone>::encode({count, kToken});
    if (*with != 0) payload.metadata["sealed"] = with;
    return {payload};
  }
};

}  // namespace

TEST_CASE("the witness of codecs", "[simulation][codec]") {
  Told told;
  auto& witness = told.witness;

  SECTION("is content with older details in time, newer ones after them, and the result as it was returned") {
    witness.beats(kToken);
    told.pass(500ms);
    witness.beat_sent(kToken, {});
    witness.beat_answered(kToken, true);
    witness.beats(kToken);
    told.pass(8500ms);
    witness.looked(kToken);
    witness.beat_sent(kToken, Told::sealed(1));
    witness.returned(kToken, 2);
    witness.completion_sent(kToken, Told::sealed(2));
    CHECK(told.broken == "");
  }
  SECTION("notices older details after newer ones") {
    witness.beat_sent(kToken, Told::sealed(2));
    witness.beat_sent(kToken, Told::sealed(1));
    CHECK(told.broken == "attempt 1 of a sends details 1 after 2");
  }
  SECTION("notices a heartbeat that waits for its details") {
    witness.beats(kToken);
    told.pass(600ms);
    SECTION("when the code looks again") {
      witness.looked(kToken);
    }
    SECTION("when it has cost the lease") {
      witness.lease_lost(kToken);
    }
    SECTION("when it leaves at last") {
      witness.beat_sent(kToken, Told::sealed(1));
    }
    CHECK(told.broken == "attempt 1 of a beats, and nothing leaves its worker");
  }
  SECTION("but not while one is on its way, or the throttle is closed, or the process stood still") {
    witness.beat_sent(kToken, Told::sealed(1));
    witness.beats(kToken);
    told.pass(5s);
    witness.looked(kToken);
    witness.beat_answered(kToken, true);
    witness.looked(kToken);
    told.pass(3s);
    witness.looked(kToken);
    witness.frozen("worker", told.world.now());
    told.pass(5s);
    witness.looked(kToken);
    CHECK(told.broken == "");
  }
  SECTION("notices what no codec has seen") {
    SECTION("of details") {
      witness.beat_sent(kToken, Told::sealed(1, ""));
      CHECK(told.broken == "attempt 1 of a sends details that no codec has seen");
    }
    SECTION("of a result") {
      witness.returned(kToken, 1);
      witness.completion_sent(kToken, Told::sealed(1, ""));
      CHECK(told.broken == "attempt 1 of a sends a result that no codec has seen");
    }
  }
  SECTION("notices a completion that is not what the code has returned") {
    SECTION("as it has returned nothing") {
      witness.completion_sent(kToken, Told::sealed(1));
      CHECK(told.broken == "attempt 1 of a is reported completed, and its code has returned nothing");
    }
    SECTION("as it is another") {
      witness.returned(kToken, 2);
      witness.completion_sent(kToken, {});
      CHECK(told.broken == "attempt 1 of a is reported completed with 0, not with 2");
    }
    SECTION("as it could not be encoded") {
      witness.returned(kToken, 2);
      witness.encoding_failed(kToken, "result");
      witness.completion_sent(kToken, Told::sealed(2));
      CHECK(told.broken == "attempt 1 of a is reported completed, and its result could not be encoded");
    }
  }
  SECTION("notices a failure for codecs that have not failed") {
    SECTION("on the result") {
      witness.encoding_failed(kToken, "details");
      witness.failure_sent(kToken, "WireCodecError");
      CHECK(told.broken == "attempt 1 of a fails for its codecs, which have not failed");
    }
    SECTION("on details") {
      witness.encoding_failed(kToken, "result");
      witness.failure_sent(kToken, "HeartbeatDetailsError");
      CHECK(told.broken == "attempt 1 of a fails for its details, which were encoded");
    }
  }
  SECTION("takes a failure for codecs that have failed, also on what the attempt was given") {
    witness.decoding_failed("worker");
    witness.failure_sent(kToken, "WireCodecError");
    witness.encoding_failed(kToken, "details");
    witness.failure_sent(kToken, "HeartbeatDetailsError");
    CHECK(told.broken == "");
  }
}
