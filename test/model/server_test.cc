// The same traces over gRPC in real time, against a LocalServer of this process or the server at LONGBEAT_TEST_ADDRESS.
#include <longbeat/server.h>

#include <cstdlib>
#include <random>

#include "model/hunt.h"
#include "model/written.h"
#include "support/catch.h"

namespace longbeat::model {
namespace {

const char* external() {
  return std::getenv("LONGBEAT_TEST_ADDRESS");
}

/// Our server keeps time to some milliseconds. Temporal's tolerates 1.5 s, so there a tick is longer, and everything is
/// played at once.
HuntOptions options() {
  static const auto own = external() ? std::nullopt : std::optional(LocalServer::start().value());
  ServerRun run{.address = own ? own->address() : external()};
  run.prefix = "model-" + std::to_string(std::random_device{}()) + "-";
  if (!own) {
    run.tick = std::chrono::seconds(4);
    run.rounds = 3;
    run.at_once = 1'000;
  }
  return {.server = run, .accepted = own ? std::span<const Accepted>() : accepted_of_temporal()};
}

std::string text_of(const Hunt& hunt) {
  std::string text;
  for (const Found& one : hunt.found) text += one.text + "\n";
  return text;
}

/// Few are late even on a busy machine, because each further try has twice the time. Where many are, that is no fault
/// of the server's, but has to be known.
void tell_of_lateness(const Hunt& hunt) {
  INFO(hunt.late << " plays were late, " << hunt.seen_once.size() << " differed once, not again");
  if (hunt.undecided * 20 > hunt.traces) {
    WARN("too busy a machine: no verdict about " << hunt.undecided << " of " << hunt.traces << " traces");
  }
  CHECK(hunt.undecided < hunt.traces);
}

}  // namespace

TEST_CASE("a server over gRPC does what the machine says", "[conformance][model]") {
  std::vector<Case> cases = generated(0, 180);
  for (const Written& written : written_traces()) {
    cases.push_back({std::string(written.name), "--written", parse_trace(written.trace)});
  }
  HuntOptions all = options();
  all.shrinks = false;  // longbeat-model does, where time matters less.
  const Hunt found = hunt(cases, all);
  CHECK(text_of(found) == "");
  tell_of_lateness(found);
}

TEST_CASE("what the model forgets is noticed over gRPC too", "[conformance][model][local]") {
  HuntOptions with = options();
  with.forgets = Forgets::kPausedFlag;
  with.most = 1;
  with.server->times_to_believe = 1;
  const Hunt found =
      hunt({{"a pause", "", parse_trace("start stc=30.5\npoll\nwait ticks=2\npause\nlook\nheartbeat")}}, with);
  REQUIRE(found.found.size() == 1);
  CHECK_THAT(found.found[0].text,
             ContainsSubstring("differs in 'answer.activity_paused':\n  model:  no\n  server: yes"));
  CHECK(found.found[0].shortest.size() == 4);
}

TEST_CASE("where no server is, it is said at once", "[conformance][model][local]") {
  HuntOptions with = options();
  with.server->address = "127.0.0.1:1";
  with.server->patience = std::chrono::milliseconds(300);
  CHECK_THROWS_WITH(hunt(generated(0, 1), with), ContainsSubstring("no server at 127.0.0.1:1"));
}

}  // namespace longbeat::model
