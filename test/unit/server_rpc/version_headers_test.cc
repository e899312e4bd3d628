#include "rpc/version_headers.h"

#include <map>

#include "support/catch.h"

using namespace longbeat::server;
using longbeat::internal::StatusOr;
using longbeat::internal::VersionDetail;

namespace {

StatusOr<> checked(std::map<std::string, std::string> headers) {
  return check_versions([&](const char* name) { return headers[name]; });
}

std::string refusal(const StatusOr<>& result) {
  return result ? "accepted" : to_string(result.error());
}

bool is_within(std::string_view version, std::string_view range) {
  return within(version, range).value();
}

}  // namespace

TEST_CASE("a version lies in a range or it does not", "[rpc][versions]") {
  CHECK(is_within("1.2.3", "<2.0.0"));
  CHECK(is_within("1.2.3", ">=1.0.0 <2.0.0"));
  CHECK_FALSE(is_within("2.0.0", ">=1.0.0 <2.0.0"));
  CHECK(is_within("2.0.0", "<1.0.0 || >=2.0.0 <3.0.0"));
  CHECK(is_within("1.10.0", ">1.9.0"));
  CHECK(is_within("1.0.0+build.7", "=1.0.0"));
  CHECK(is_within("1.0.0", "==1.0.0"));
  CHECK_FALSE(is_within("1.0.0", "!=1.0.0"));
  CHECK(is_within("1.0.0-rc.2", "<1.0.0"));
  CHECK(is_within("1.0.0-rc.10", ">1.0.0-rc.9"));
  CHECK(is_within("1.0.0-rc", ">1.0.0-9"));
  CHECK(is_within("1.0.0-rc.1", ">1.0.0-rc"));
  CHECK(is_within("1.0.0-alpha", "<=1.0.0-alpha"));
}

TEST_CASE("what is no version or range is refused", "[rpc][versions]") {
  for (const char* version : {"", "1", "1.2", "1.2.3.4", "v1.2.3", "1.02.3", "1.2.x", "1.2.3-", "1.2.3-a..b", "1.2.3+",
                              "1.2.99999999999999999999"}) {
    CAPTURE(version);
    CHECK_FALSE(within(version, "<2.0.0"));
  }
  for (const char* range : {"", " ", "~1.0.0", "<1", "1.0.0 ||", "|| 1.0.0", "<", "=>1.0.0"}) {
    CAPTURE(range);
    CHECK_FALSE(within("1.0.0", range));
  }
}

TEST_CASE("a client without headers, or one that nobody knows, passes", "[rpc][versions]") {
  CHECK(refusal(checked({})) == "accepted");
  CHECK(refusal(checked({{"client-name", "longbeat"}, {"client-version", "what you will"}})) == "accepted");
  CHECK(refusal(checked({{"client-name", "temporal-go"}})) == "accepted");
  CHECK(refusal(checked({{"client-name", "temporal-go"}, {"client-version", "1.48.0"}})) == "accepted");
  CHECK(refusal(checked({{"supported-server-versions", ">=1.0.0 <2.0.0"}})) == "accepted");
}

TEST_CASE("a known client of another age is refused with its detail", "[rpc][versions]") {
  const auto result = checked({{"client-name", "temporal-go"}, {"client-version", "2.0.0"}});
  CHECK(refusal(result) ==
        "FAILED_PRECONDITION: Client version 2.0.0 is not supported. Server supports temporal-go versions: <2.0.0");
  CHECK(std::get<VersionDetail>(result.error().detail) == VersionDetail{true, "2.0.0", "temporal-go", "<2.0.0"});
}

TEST_CASE("a client that wants another server is refused with its detail", "[rpc][versions]") {
  const auto result = checked({{"supported-server-versions", ">=2.0.0"}});
  CHECK(refusal(result) ==
        "FAILED_PRECONDITION: Server version 1.32.0 is not supported. Client supports server versions: >=2.0.0");
  CHECK(std::get<VersionDetail>(result.error().detail) == VersionDetail{false, "1.32.0", "", ">=2.0.0"});
}

TEST_CASE("headers that cannot be read are refused", "[rpc][versions]") {
  CHECK(refusal(checked({{"client-name", "temporal-go"}, {"client-version", "1.x"}})) ==
        "INVALID_ARGUMENT: Unable to parse client version: not a semantic version: 1.x");
  CHECK(refusal(checked({{"supported-server-versions", "new"}})) ==
        "INVALID_ARGUMENT: Unable to parse supported server versions: not a range of versions: new");
}
