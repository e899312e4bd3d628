#include "engine/task_token.h"
#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("a task token", "[server][engine][token]") {
  const TaskToken token{3, 1ULL << 40, {1, 2, 3}, 7, {5, 9}, "order 17"};
  SECTION("says after decoding what it said before") {
    const TaskToken decoded = decode_task_token(encode(token)).value();
    CHECK(decoded.shard == 3);
    CHECK(decoded.row == 1ULL << 40);
    CHECK(decoded.run_id == token.run_id);
    CHECK(decoded.namespace_id == 7);
    CHECK(decoded.attempt.attempt == 5);
    CHECK(decoded.attempt.stamp == 9);
    CHECK(decoded.activity_id == "order 17");
  }
  SECTION("is refused when any byte of it is changed or cut off") {
    const std::string bytes = encode(token);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      CHECK_FALSE(decode_task_token(damaged));
      if (i > 0) CHECK(decode_task_token(bytes.substr(0, i)).error().message == "Error deserializing task token.");
    }
  }
  SECTION("must not be empty") {
    CHECK(decode_task_token("").error().message == "Task token not set on request.");
  }
}

TEST_CASE("a report with a token that is none is refused", "[server][engine][token]") {
  Room room;
  room.start();
  const std::string good = room.poll().token;
  const std::string token = GENERATE(std::string(), std::string("garbage"), std::string(200, '\xff'));
  for (CollectingSink* sink :
       {&room.beat(token), &room.complete(token), &room.fail(token), &room.call(CanceledRequest{"", token, "", ""})}) {
    CHECK(sink->refusal().code == StatusCode::kInvalidArgument);
  }
  CHECK(room.complete(good).ok());
}

TEST_CASE("a token of an activity that is long gone names its ID", "[server][engine][token]") {
  Room room;
  room.start();
  const std::string token = room.poll().token;
  room.complete(token);
  room.crash_and_reopen();
  CHECK(room.beat(token).refusal().message == "activity not found for ID: a");
}
