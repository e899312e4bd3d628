#include "core/payload_limit.h"

#include <deque>

#include "core/wire_size.h"
#include "longbeat/data_converter.h"
#include "support/catch.h"
#include "support/manual_loop.h"
#include "support/unasked_stub.h"

using namespace longbeat;
using namespace longbeat::internal;

namespace {

/// Knows one thing.
class AskedStub final : public test::UnaskedStub {
 public:
  CallId describe_namespace(std::string, Nanoseconds, Done<NamespaceInfo> done) override {
    asked.push_back(std::move(done));
    return 1;
  }
  void answer(StatusOr<NamespaceInfo> info) {
    const auto done = asked.front();
    asked.pop_front();
    done(std::move(info));
  }
  std::deque<Done<NamespaceInfo>> asked;
};

NamespaceInfo takes(std::int64_t bytes) {
  NamespaceInfo info;
  info.blob_size_limit_error = bytes;
  return info;
}

struct Room {
  AskedStub stub;
  std::shared_ptr<PayloadLimit> limit = std::make_shared<PayloadLimit>();
  std::vector<std::size_t> told;
  test::ManualLoop loop;
  void learn(std::size_t bytes, Nanoseconds timeout = std::chrono::seconds(1)) {
    limit->learn(loop, stub, "default", bytes, timeout, [this](std::size_t max) { told.push_back(max); });
  }
};

constexpr std::size_t kMuch = 100'000;

}  // namespace

TEST_CASE("the namespace's limit", "[core][limits]") {
  Room room;
  SECTION("is not asked for by calls that carry little") {
    room.learn(1024);  // The least that limits.payload_bytes_max may be.
    CHECK(room.stub.asked.empty());
    CHECK(room.told == std::vector{kPayloadBytesMax});
    room.learn(1025);
    CHECK(room.stub.asked.size() == 1);
  }
  SECTION("is asked for once, by all who wait") {
    room.learn(kMuch);
    room.learn(kMuch);
    REQUIRE(room.stub.asked.size() == 1);
    CHECK(room.told.empty());
    room.stub.answer(takes(5000));
    CHECK(room.told == std::vector<std::size_t>{5000, 5000});
    room.learn(kMuch);
    CHECK(room.told.size() == 3);
    CHECK(room.stub.asked.empty());
  }
  SECTION("is the default when the server does not tell") {
    room.learn(kMuch);
    room.stub.answer(GENERATE(StatusOr<NamespaceInfo>(takes(0)),
                              StatusOr<NamespaceInfo>(Status{StatusCode::kPermissionDenied, "no", {}}),
                              StatusOr<NamespaceInfo>(Status{StatusCode::kUnimplemented, "no", {}})));
    CHECK(room.told == std::vector{kPayloadBytesMax});
    room.learn(kMuch);
    CHECK(room.stub.asked.empty());
  }
  SECTION("is asked for again when the server could not be reached, or has a problem that may pass") {
    const auto code = GENERATE(StatusCode::kUnavailable, StatusCode::kDeadlineExceeded, StatusCode::kInternal,
                               StatusCode::kUnknown, StatusCode::kAborted, StatusCode::kNotFound,
                               StatusCode::kUnauthenticated, StatusCode::kResourceExhausted);
    room.learn(kMuch);
    room.stub.answer(Status{code, "away", {}});
    CHECK(room.told == std::vector{kPayloadBytesMax});
    room.learn(kMuch);
    CHECK(room.stub.asked.size() == 1);
  }
  SECTION("is waited for by each no longer than it has time") {
    room.learn(kMuch, std::chrono::seconds(10));
    room.learn(kMuch, std::chrono::seconds(1));
    room.loop.run_for(std::chrono::seconds(1));
    CHECK(room.told == std::vector{kPayloadBytesMax});
    room.stub.answer(takes(5000));
    CHECK(room.told == std::vector<std::size_t>{kPayloadBytesMax, 5000});
    CHECK(room.loop.armed_timers() == 0);
  }
  SECTION("is learned by nobody when its client has gone") {
    room.learn(kMuch);
    room.limit = nullptr;
    room.loop.run_for(std::chrono::seconds(2));
    room.stub.answer(takes(5000));
    CHECK(room.told.empty());
  }
}

TEST_CASE("what is too large names field, size and limit", "[core][limits]") {
  StartActivityParams start;
  start.input = {make_payload("json/plain", std::string(100, 'x'))};
  const auto bytes = wire_size(start.input);
  CHECK(check_sizes(start, bytes));
  CHECK(check_sizes(start, bytes - 1).error().code == ErrorCode::kInvalidArgument);
  CHECK(check_sizes(start, bytes - 1).error().message ==
        "input has " + std::to_string(bytes) + " bytes, the namespace takes " + std::to_string(bytes - 1));
  SECTION("for user metadata with limits of its own") {
    start.summary = make_payload("json/plain", std::string(400, 's'));
    CHECK_THAT(check_sizes(start, bytes).error().message,
               ContainsSubstring("summary has ") && ContainsSubstring(" bytes, the namespace takes 400"));
    start.summary.reset();
    start.details = make_payload("json/plain", std::string(20'000, 'd'));
    CHECK_THAT(check_sizes(start, bytes).error().message,
               ContainsSubstring("details has ") && ContainsSubstring(" bytes, the namespace takes 20000"));
  }
}
