// Model and engine on virtual time: a thousand traces in some seconds. The same over gRPC: server_test.cc.
#include <fstream>
#include <set>

#include "model/compare.h"
#include "model/generate.h"
#include "model/hunt.h"
#include "model/shrink.h"
#include "model/written.h"
#include "support/catch.h"

namespace longbeat::model {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kTraces = 200;
#else
constexpr std::uint64_t kTraces = 1'000;
#endif

std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

std::string text_of(const Hunt& hunt) {
  std::string text;
  for (const Found& one : hunt.found) text += one.text + "\n";
  return text;
}

}  // namespace

TEST_CASE("a trace can be printed and read again", "[model]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Trace trace = generate(seed);
    CHECK(parse_trace(to_text(trace)) == trace);
  }
  const Trace trace =
      parse_trace("  # nothing\n\nfail kind=final message=oops by_id => answer=OK; state = PAUSED # late\n");
  REQUIRE(trace.size() == 1);
  CHECK(trace[0].has("by_id"));
  CHECK(trace[0].expected == Facts{{"answer", "OK"}, {"state", "PAUSED"}});
  CHECK_THROWS_WITH(parse_trace("start\nstop"), "there is no act 'stop' in 'stop'");
  CHECK_THROWS_WITH(parse_trace("pause queue=1"), "'pause' takes no 'queue' in 'pause queue=1'");
  CHECK_THROWS_WITH(play(parse_trace("start stc=soon")), "start: stc=soon is no number");
}

TEST_CASE("a seed means one trace, with every compiler", "[model]") {
  std::string text;
  for (std::uint64_t seed = 0; seed < 100; ++seed) text += to_text(generate(seed));
  // Moves when traces are made up differently.
  std::ifstream file(LONGBEAT_MODEL_TRACE_HASH);
  std::uint64_t expected = 0;
  REQUIRE(file >> expected);
  CHECK(hash_of(text) == expected);
}

TEST_CASE("the traces of the seeds go everywhere", "[model]") {
  std::set<std::string> acts, states, outcomes, refusals;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Trace trace = generate(seed);
    const Played played = play(trace);
    REQUIRE(played.certain);
    for (const Step& step : trace) acts.insert(step.act);
    for (const Facts& facts : played.answers) {
      const auto note = [&facts](const char* name, std::set<std::string>& into) {
        if (const auto found = facts.find(name); found != facts.end()) into.insert(found->second);
      };
      note("state", states);
      note("status", outcomes);
      note("answer", refusals);
    }
  }
  CHECK(acts.size() == 17);
  CHECK(states == std::set<std::string>{"-", "CANCEL_REQUESTED", "PAUSED", "PAUSE_REQUESTED", "SCHEDULED", "STARTED"});
  CHECK(outcomes ==
        std::set<std::string>{"CANCELED", "COMPLETED", "FAILED", "PAUSED", "RUNNING", "TERMINATED", "TIMED_OUT"});
  CHECK(refusals.size() > 40);
}

TEST_CASE("what people wrote down of the protocol is what machine and engine do", "[model]") {
  for (const Written& written : written_traces()) {
    INFO(written.name);
    const Trace trace = parse_trace(written.trace);
    const Played played = play(trace);
    CHECK(played.certain);
    const auto machine = unexpected(trace, played.answers);
    CHECK((machine ? report(trace, *machine, {}, played.answers) : "") == "");
    const auto engine = play_on_engine(trace);
    const auto difference = compare(trace, played.answers, engine);
    CHECK((difference ? report(trace, *difference, played.answers, engine) : "") == "");
  }
}

TEST_CASE("the engine does what the machine says", "[model]") {
  const Hunt found = hunt(generated(0, kTraces), {});
  CHECK(text_of(found) == "");
  CHECK(found.traces == kTraces);
}

TEST_CASE("what the model forgets is noticed, and told with few steps", "[model]") {
  for (const Forgets forgets :
       {Forgets::kPausedFlag, Forgets::kCancelFlag, Forgets::kFailureDetails, Forgets::kNextRetryDelay,
        Forgets::kKeepPaused, Forgets::kOriginalOptions, Forgets::kReusePolicy, Forgets::kCompletionById}) {
    INFO("forgets number " << static_cast<int>(forgets));
    const Hunt found = hunt(generated(0, 300), {.forgets = forgets, .most = 1});
    REQUIRE(found.found.size() == 1);
    INFO(found.found[0].text);
    CHECK(found.found[0].shortest.size() <= 10);
    CHECK_THAT(found.found[0].text, ContainsSubstring("again: longbeat-model --seed "));
    // As little as this is enough, and nothing is wrong where nothing is forgotten.
    CHECK(hunt({{"the shortest", "", found.found[0].shortest}}, {.forgets = forgets}).found.size() == 1);
    CHECK(hunt({{"the shortest", "", found.found[0].shortest}}, {}).found.empty());
  }
}

TEST_CASE("what is accepted is no difference, and nothing else is accepted", "[model]") {
  const Trace trace = parse_trace("start stc=9.5\nlook");
  const std::vector<Facts> model = play(trace).answers;
  std::vector<Facts> server = model;
  server[1]["state"] = "STARTED";
  REQUIRE(compare(trace, model, server));
  CHECK(compare(trace, model, server)->fact == "state");
  const Accepted state{
      .act = "look", .fact = "state", .model = "SCHEDULED", .server = "STARTED", .why = "for this test"};
  const Accepted elsewhere{.act = "poll", .fact = "state", .why = "for this test"};
  CHECK_FALSE(compare(trace, model, server, {&state, 1}));
  CHECK(compare(trace, model, server, {&elsewhere, 1}));
  server[1]["attempt"] = "2";
  CHECK(compare(trace, model, server, {&state, 1})->fact == "attempt");
  server.pop_back();
  server.pop_back();
  CHECK(compare(trace, model, server)->server == "(nothing)");
}

TEST_CASE("a trace that proves nothing is refused", "[model]") {
  const Trace trace = parse_trace("start stc=2.5\npoll\nwait ticks=2\nlook");  // The attempt ends at 3.5; fine.
  CHECK(play(trace).certain);
  const Trace near = parse_trace("start stc=2\npoll\nwait ticks=1\nlook");  // It ends as somebody looks.
  CHECK_FALSE(play(near).certain);
  CHECK_THROWS_WITH(hunt({{"near", "", near}}, {}), "near: a step lies too near to a deadline");
}

}  // namespace longbeat::model
