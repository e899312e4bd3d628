#include "outbound/nexus_completion.h"

#include "outbound/url.h"
#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;
using longbeat::internal::WallTime;

namespace {

constexpr WallTime kTime{1'700'000'000s + 120'000'000ns};  // Tuesday, 14 November 2023, 22:13:20.12

}  // namespace

TEST_CASE("the times of a completion", "[server][outbound]") {
  CHECK(http_time(kTime) == "Tue, 14 Nov 2023 22:13:20 GMT");
  CHECK(http_time(WallTime{}) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(rfc3339_time(kTime) == "2023-11-14T22:13:20.120Z");
  CHECK(rfc3339_time(kTime + 1ns) == "2023-11-14T22:13:20.120000001Z");
  CHECK(rfc3339_time(kTime + 1us) == "2023-11-14T22:13:20.120001Z");
  CHECK(rfc3339_time(WallTime{} + 1s) == "1970-01-01T00:00:01Z");
}

TEST_CASE("the headers of a completion", "[server][outbound]") {
  NexusCompletion completion{.state = CompletionState::kSucceeded, .start_time = kTime, .close_time = kTime + 5s};
  completion.content = {{"type", "application/json"}};

  SECTION("tell state, times and what the body is") {
    const auto headers = completion_headers(completion);
    CHECK(headers.at("nexus-operation-state") == "succeeded");
    CHECK(headers.at("nexus-operation-start-time") == "Tue, 14 Nov 2023 22:13:20 GMT");
    CHECK(headers.at("nexus-operation-close-time") == "2023-11-14T22:13:25.120Z");
    CHECK(headers.at("content-type") == "application/json");
    CHECK(headers.at("user-agent").rfind("longbeat/", 0) == 0);
    CHECK(headers.count("nexus-operation-token") == 0);
  }
  SECTION("spell the states as Nexus does") {
    completion.state = CompletionState::kFailed;
    CHECK(completion_headers(completion).at("nexus-operation-state") == "failed");
    completion.state = CompletionState::kCanceled;
    CHECK(completion_headers(completion).at("nexus-operation-state") == "canceled");
  }
  SECTION("carry the callback's own, which win over times") {
    completion.given = {{"Nexus-Callback-Token", "secret"},
                        {"Nexus-Operation-Token", "op-1"},
                        {"nexus-operation-start-time", "Thu, 01 Jan 1970 00:00:00 GMT"}};
    const auto headers = completion_headers(completion);
    CHECK(headers.at("nexus-callback-token") == "secret");
    CHECK(headers.at("nexus-operation-token") == "op-1");
    CHECK(headers.at("nexus-operation-start-time") == "Thu, 01 Jan 1970 00:00:00 GMT");
  }
  SECTION("but never its idea of state, body or connection") {
    completion.given = {
        {"Nexus-Operation-State", "failed"}, {"Content-Type", "text/html"}, {"content-length", "1"},
        {"Content-Encoding", "gzip"},        {"Host", "elsewhere"},         {"Transfer-Encoding", "chunked"},
        {"Expect", "100-continue"},          {"Connection", "upgrade"}};
    const auto headers = completion_headers(completion);
    CHECK(headers.at("nexus-operation-state") == "succeeded");
    CHECK(headers.at("content-type") == "application/json");
    CHECK(headers.size() == 5);
  }
}

TEST_CASE("the parts of a URL", "[server][outbound]") {
  const auto url = parse_url("HTTPS://Example.com:8443/a%20b?c=d#e").value();
  CHECK(url.secure);
  CHECK(url.host == "Example.com");
  CHECK(url.port == 8443);
  CHECK(url.path == "/a%20b?c=d");
  CHECK(parse_url("http://h")->port == 80);
  CHECK(parse_url("https://h")->port == 443);
  CHECK(parse_url("http://h")->path == "/");
  CHECK(parse_url("http://h?x")->path == "/?x");
  CHECK(parse_url("http://[::1]:70/x")->host == "::1");
  CHECK(parse_url("http://[::1]:70/x")->port == 70);
  CHECK(parse_url("http://h:/x")->port == 80);
  for (const char* bad : {"", "ftp://h", "//h", "http://", "http://:80", "http://u@h", "http://h:x", "http://h:0",
                          "http://h:65536", "http://[::1", "http://[::1]x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_url(bad));
  }
}
