// A server that is asked to stop, over connections that it has told to go already.
#include <cstdio>

#include "faults/fault_room.h"
#include "support/catch.h"
#include "support/parked_polls.h"

using namespace longbeat;
using namespace longbeat::faults;

TEST_CASE("polls that wait on connections past their age are answered empty when the server stops",
          "[faults][goaway][stop]") {
  // The crash tests stop a server over young connections. These have had their GOAWAY, so that gRPC closes each of them
  // with its last call, while its client still has things to say.
  Room room("[limits]\nconnection_age_max = \"1s\"\nconnection_age_grace = \"1h\"\n");
  constexpr std::size_t kPolls = 10'000, kConnections = 36;
  test::ParkedPolls polls(room.server.address(), {.polls = kPolls, .queues = 500, .connections = kConnections});
  polls.park();
  // The fault itself: every connection on which a poll waits is older than the age and the tenth that gRPC may add.
  polls.client().run_until(Steady::now() + 1500ms);
  // A call that meets the GOAWAY on its way out fails in the client; nobody sends it again here.
  const std::size_t waited = polls.waiting();
  CHECK(waited + polls.ended().unavailable == kPolls);
  CHECK(waited > kPolls * 99 / 100);
  // Each channel asks something, for which it has to open another connection.
  std::size_t answered = 0;
  for (std::size_t i = 0; i < kConnections; ++i)
    polls.client().call(test::kGetSystemInfo, test::wire::GetSystemInfoRequest(), 10s,
                        [&](const auto&) { ++answered; });
  while (answered < kConnections && polls.client().run_one(Steady::now() + 10s)) continue;
  CHECK(connections_to(room.server.port()) >= 2 * kConnections);
  polls.follow();
  CHECK(polls.followed_waiting() == waited);

  const auto begin = Steady::now();
  room.server.terminate();
  while (room.server.running() && Steady::now() < begin + 30s) polls.client().run_one(Steady::now() + 2ms);
  const auto took = Steady::now() - begin;
  REQUIRE_FALSE(room.server.running());
  polls.renew(false);
  // The last answers may still lie unread on this side.
  while (polls.followed_waiting() > 0 && Steady::now() < begin + 30s) polls.client().run_one(Steady::now() + 20ms);
  const auto& ended = polls.followed();
  std::printf("stopped after %.0f ms; empty %zu, unavailable %zu, canceled %zu\n",
              std::chrono::duration<double, std::milli>(took).count(), ended.empty, ended.unavailable, ended.canceled);
  CHECK(room.server.exit_code() == 0);
  CHECK(took < 10s);
  CHECK(ended.oddity.empty());
  CHECK(ended.empty == waited);
}
