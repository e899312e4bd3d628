#include "bench/other_side.h"

#include "support/catch.h"

namespace longbeat::bench {
namespace {

std::string told(grpc::StatusCode code, const std::string& message) {
  return obstacle("host:7233", "billing", grpc::Status(code, message));
}

TEST_CASE("the other server of a benchmark", "[bench]") {
  SECTION("is measured when it counts activities") {
    CHECK(told(grpc::StatusCode::OK, "").empty());
  }
  SECTION("is not when it has no such namespace") {
    CHECK(told(grpc::StatusCode::NOT_FOUND, "Namespace billing is not found.") ==
          "host:7233 has no namespace 'billing'");
  }
  SECTION("is not when standalone activities are off there") {
    CHECK(told(grpc::StatusCode::UNIMPLEMENTED, "Standalone activity is disabled") ==
          "host:7233 serves no standalone activities; they may be off there: UNIMPLEMENTED Standalone activity is "
          "disabled");
  }
  SECTION("is not when it refuses for another reason, which is told in one line") {
    CHECK(told(grpc::StatusCode::PERMISSION_DENIED, "not\nyou") ==
          "host:7233 refuses to count activities: PERMISSION_DENIED not you");
  }
}

TEST_CASE("the address of the other server", "[bench]") {
  for (const char* good : {"127.0.0.1:7233", "host:1", "a-b.example:65535", "[::1]:7233"}) {
    CAPTURE(good);
    CHECK_NOTHROW(check_address(good));
  }
  for (const char* bad : {"", ":", "host", "host:", ":7233", "host:0", "host:65536", "host:-1", "host: 1", "::1:7233",
                          "[]:1", "[::1]", "http://host:7233", "me@host:7233"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(check_address(bad), std::invalid_argument);
  }
}

}  // namespace
}  // namespace longbeat::bench
