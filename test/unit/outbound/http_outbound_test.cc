#include "outbound/http_outbound.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "support/catch.h"
#include "support/http_target.h"

using namespace longbeat::server;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// Results as they come in.
class Results {
 public:
  Outbound::Sink sink() {
    return [this](std::uint64_t ticket, OutboundResult result) {
      const std::lock_guard lock(mutex_);
      results_.emplace(ticket, std::move(result));
      ++told_;
      came_.notify_all();
    };
  }
  OutboundResult of(std::uint64_t ticket) {
    std::unique_lock lock(mutex_);
    const bool came = came_.wait_for(lock, 20s, [&] { return results_.count(ticket) == 1; });
    return came ? results_.at(ticket) : OutboundResult{.message = "no result came"};
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::map<std::uint64_t, OutboundResult> results_;
  std::size_t told_ = 0;
};

std::chrono::nanoseconds since(longbeat::internal::TimePoint start) {
  return longbeat::internal::system_clock().now() - start;
}

}  // namespace

TEST_CASE("a call that is posted", "[server][outbound]") {
  Results results;
  HttpSaid said;
  HttpTarget target([&](std::size_t) { return said; });
  const auto outbound = make_http_outbound({}, results.sink());
  const auto post = [&](const std::string& path = "/") {
    outbound->send({1, target.url(path), {{"content-type", "application/json"}, {"x-own", "value"}}, "{\"a\":1}"});
    return results.of(1);
  };

  SECTION("arrives as it is, and 2xx means delivered") {
    said.status = 204;
    const auto result = post("/call%20back?token=a+b&c=%2F#none");
    CHECK(result.delivered);
    const auto seen = target.wait_for(1);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].path == "/call%20back?token=a+b&c=%2F");
    CHECK(seen[0].body == "{\"a\":1}");
    CHECK(seen[0].headers.at("content-type") == "application/json");
    CHECK(seen[0].headers.at("x-own") == "value");
    CHECK(seen[0].headers.at("content-length") == "7");
    CHECK(seen[0].headers.at("host") == target.address());
  }
  SECTION("is refused for good by a 4xx, whose body is told") {
    said = {400, "no such operation\n", {}};
    const auto result = post();
    CHECK_FALSE(result.delivered);
    CHECK_FALSE(result.retryable);
    CHECK(result.message == "HTTP status 400: no such operation");
  }
  SECTION("may be tried again after 408, 429 and 5xx, and after a redirect, which is not followed") {
    said.status = GENERATE(408, 429, 500, 503, 302);
    said.headers["Location"] = target.url("/elsewhere");
    const auto result = post();
    CHECK_FALSE(result.delivered);
    CHECK(result.retryable);
    CHECK(target.wait_for(1).size() == 1);
  }
  SECTION("may be tried again or not as the answer says") {
    said = {GENERATE(400, 500), "", {}};
    said.headers["Nexus-Request-Retryable"] = said.status == 400 ? "true" : "false";
    CHECK(post().retryable == (said.status == 400));
  }
  SECTION("is delivered also when the answer is longer than anybody reads") {
    said.body = std::string(1'000'000, 'x');
    CHECK(post().delivered);
  }
  SECTION("has only a short piece of a long refusal") {
    said = {500, std::string(1'000'000, 'x') + "\xff", {}};
    CHECK(post().message.size() < 300);
  }
}

TEST_CASE("a call that cannot be made is told at once", "[server][outbound]") {
  Results results;
  const auto outbound = make_http_outbound({}, results.sink());
  SECTION("because nobody listens: it may be tried again") {
    outbound->send({1, closed_url(), {}, "x"});
    CHECK_FALSE(results.of(1).delivered);
    CHECK(results.of(1).retryable);
    CHECK(results.of(1).message.find("no answer from 127.0.0.1:") == 0);
  }
  SECTION("because its address is none: never again") {
    outbound->send({1, "gopher://h", {}, "x"});
    CHECK_FALSE(results.of(1).retryable);
  }
  SECTION("because a header would forge another: never again") {
    HttpTarget target;
    outbound->send({1, target.url(), {{"x", "a\r\nhost: elsewhere"}}, "x"});
    outbound->send({2, target.url(), {{"x y", "a"}}, "x"});
    CHECK_FALSE(results.of(1).retryable);
    CHECK_FALSE(results.of(2).retryable);
    CHECK(target.wait_for(0).empty());
  }
}

TEST_CASE("a target that is silent", "[server][outbound]") {
  Results results;
  SilentTarget silent;
  SECTION("costs a call its time, and what waits behind it no more") {
    const auto outbound = make_http_outbound({.call_timeout = 300ms}, results.sink());
    const auto start = longbeat::internal::system_clock().now();
    for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) outbound->send({ticket, silent.url(), {}, "x"});
    for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) {
      CHECK_FALSE(results.of(ticket).delivered);
      CHECK(results.of(ticket).retryable);
    }
    CHECK(since(start) < 10s);
  }
  SECTION("does not hold up the others") {
    HttpTarget good;
    const auto outbound = make_http_outbound({.call_timeout = 30s}, results.sink());
    for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) outbound->send({ticket, silent.url(), {}, "x"});
    outbound->send({21, good.url(), {}, "x"});
    CHECK(results.of(21).delivered);
    CHECK(results.count() == 1);
  }
  SECTION("does not hold up the end") {
    auto outbound = make_http_outbound({.call_timeout = 60s}, results.sink());
    outbound->send({1, silent.url(), {}, "x"});
    const auto start = longbeat::internal::system_clock().now();
    outbound.reset();
    CHECK(since(start) < 5s);
  }
}

TEST_CASE("calls beyond the limit fail for now", "[server][outbound]") {
  Results results;
  SilentTarget silent, other;
  auto outbound = make_http_outbound({.call_timeout = 60s, .threads_max = 1, .waiting_calls_max = 4}, results.sink());
  outbound->send({1, silent.url(), {}, "x"});
  REQUIRE(silent.wait_for_caller());
  for (std::uint64_t ticket = 2; ticket <= 4; ++ticket) outbound->send({ticket, silent.url(), {}, "x"});
  // One target gets half of the places: 1 runs, 2 wait.
  CHECK(results.of(4).message == "too many callbacks wait to be sent");
  CHECK(results.of(4).retryable);
  outbound->send({5, other.url(), {}, std::string(64 * 1024 * 1024, 'x')});
  CHECK(results.of(5).message == "too many callbacks wait to be sent");
}
