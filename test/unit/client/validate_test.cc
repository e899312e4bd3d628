#include <limits>
#include <string>

#include "longbeat/client_options.h"
#include "longbeat/start_options.h"
#include "longbeat/worker.h"
#include "support/catch.h"

using namespace longbeat;
using namespace std::chrono_literals;

namespace {

StartOptions good() {
  return {.id = "a", .task_queue = "q", .start_to_close_timeout = 1min};
}

template <class Options>
std::string refusal(const Options& options) {
  const auto valid = validate(options);
  if (valid) return "";
  CHECK(valid.error().code == ErrorCode::kInvalidArgument);
  return valid.error().message;
}

}  // namespace

TEST_CASE("client options", "[client][options]") {
  SECTION("pass by default and with every kind of address") {
    CHECK(refusal(ClientOptions{}).empty());
    for (const char* address :
         {"localhost:7233", "10.0.0.1:1", "[::1]:65535", "[fe80::1%eth0]:7233", "a-b.example.com:80"}) {
      CHECK(refusal(ClientOptions{.address = address}).empty());
    }
  }
  SECTION("name a bad address with its value") {
    CHECK(refusal(ClientOptions{.address = "foo bar"}) == "ClientOptions.address is 'foo bar', must be host:port");
    for (const std::string port : {"0", "65536", "99999", "999999999999999999999"}) {
      CHECK(refusal(ClientOptions{.address = "localhost:" + port}) == "ClientOptions.address is 'localhost:" + port +
                                                                          "', must be host:port with a port from 1 to "
                                                                          "65535");
    }
    for (const char* address :
         {"", "localhost", ":7233", "localhost:", "localhost:0", "localhost:65536", "localhost:7233/x",
          "http://localhost:7233", "::1:7233", "[]:7233", "localhost:-1", "localhost:7233 "}) {
      CAPTURE(address);
      CHECK_FALSE(refusal(ClientOptions{.address = address}).empty());
    }
  }
  SECTION("name every other bad field") {
    CHECK(refusal(ClientOptions{.namespace_name = ""}) == "ClientOptions.namespace_name is empty, but required");
    CHECK(refusal(ClientOptions{.namespace_name = "gr\xc3\xb6\xc3\x9f"
                                                  "e"}) ==
          "ClientOptions.namespace_name is 'gr\xc3\xb6\xc3\x9f"
          "e', must be printable ASCII without spaces");
    CHECK_THAT(refusal(ClientOptions{.namespace_name = "a\n"}), ContainsSubstring("ClientOptions.namespace_name"));
    CHECK_THAT(refusal(ClientOptions{.identity = std::string(1001, 'x')}), ContainsSubstring("ClientOptions.identity"));
    CHECK(refusal(ClientOptions{.call_timeout = 0ms}) ==
          "ClientOptions.call_timeout is 0 ms, must be more than 0 and at most 1 h");
    CHECK(refusal(ClientOptions{.identity = "a\xff"}) == "ClientOptions.identity is 'a\\xff', must be UTF-8");
    CHECK(refusal(ClientOptions{.identity = "a\n" + std::string(78, 'b') + "cd\xff"}) ==
          "ClientOptions.identity is 'a\\n" + std::string(78, 'b') + "...', must be UTF-8");
    CHECK(refusal(ClientOptions{.namespace_name = "a\xff"}) ==
          "ClientOptions.namespace_name is 'a\\xff', must be printable ASCII without spaces");
    CHECK_THAT(refusal(ClientOptions{.interceptors = {nullptr}}), ContainsSubstring("ClientOptions.interceptors"));
  }
}

TEST_CASE("client options for encryption and keys", "[client][options]") {
  const std::string key = "lbk_0123456789";
  SECTION("a certificate and its key go together") {
    CHECK(refusal(ClientOptions{.tls = TlsOptions{}}).empty());
    CHECK(refusal(ClientOptions{.tls = TlsOptions{.ca = "c", .certificate = "a", .key = "b"}}).empty());
    CHECK(refusal(ClientOptions{.tls = TlsOptions{.certificate = "a"}}) ==
          "ClientOptions.tls.certificate is set, but ClientOptions.tls.key is not: a certificate and its key go "
          "together");
    CHECK(refusal(ClientOptions{.tls = TlsOptions{.key = "b"}}) ==
          "ClientOptions.tls.key is set, but ClientOptions.tls.certificate is not: a certificate and its key go "
          "together");
    CHECK(refusal(ClientOptions{.tls = TlsOptions{.server_name = "a b"}}) ==
          "ClientOptions.tls.server_name is 'a b', must be a host name");
  }
  SECTION("a key goes over a network only encrypted, or when told to") {
    for (const char* address : {"localhost:1", "127.0.0.1:1", "127.255.0.9:1", "[::1]:1"}) {
      CAPTURE(address);
      CHECK(refusal(ClientOptions{.address = address, .api_key = key}).empty());
    }
    for (const char* address : {"127.0.0.1.example.com:1", "127.example.com:1", "127.0.0:1", "127.0.0.256:1",
                                "localhost.example.com:1", "128.0.0.1:1", "10.0.0.1:1", "[::2]:1", "127.1:1"}) {
      CAPTURE(address);
      CHECK(refusal(ClientOptions{.address = address, .api_key = key}) ==
            "ClientOptions.api_key would travel unencrypted to '" + std::string(address) +
                "': set ClientOptions.tls, or api_key_without_tls when nobody else is on the way");
      CHECK(refusal(ClientOptions{.address = address, .tls = TlsOptions{}, .api_key = key}).empty());
      CHECK(refusal(ClientOptions{.address = address, .api_key = key, .api_key_without_tls = true}).empty());
    }
  }
  SECTION("a bad key is not repeated") {
    for (const char* end : {"\n", " ", "\t", "\x7f", "\xc3\xa4"}) {
      CHECK(refusal(ClientOptions{.api_key = key + end}) ==
            "ClientOptions.api_key holds a space, a line end or another character that is not printable ASCII");
    }
    CHECK(refusal(ClientOptions{.api_key = std::string(4097, 'k')}) ==
          "ClientOptions.api_key has more than 4096 characters");
  }
}

TEST_CASE("start options", "[client][options]") {
  auto options = good();
  SECTION("pass with the least and with everything") {
    CHECK(refusal(options).empty());
    options.retry_policy =
        RetryPolicy{.initial_interval = 1s, .backoff_coefficient = 1.0, .maximum_interval = 1s, .maximum_attempts = 1};
    options.priority = Priority{.priority_key = 5, .fairness_key = "tenant", .fairness_weight = 1000.0F};
    options.start_delay = 0s;
    options.heartbeat_timeout = 1ns;
    CHECK(refusal(options).empty());
  }
  SECTION("need ID, queue and one limit") {
    options.id = "";
    CHECK(refusal(options) == "StartOptions.id is empty, but required");
    options = good();
    options.task_queue = "";
    CHECK(refusal(options) == "StartOptions.task_queue is empty, but required");
    options = good();
    options.start_to_close_timeout.reset();
    CHECK_THAT(refusal(options), ContainsSubstring("StartOptions.schedule_to_close_timeout are both unset"));
    options.schedule_to_close_timeout = 1h;
    CHECK(refusal(options).empty());
  }
  SECTION("refuse limits of zero and below, and say them") {
    options.heartbeat_timeout = 0s;
    CHECK(refusal(options) ==
          "StartOptions.heartbeat_timeout is 0 ms, must be more than 0; leave it unset for no limit");
    options = good();
    options.schedule_to_start_timeout = -5ms;
    CHECK_THAT(refusal(options), ContainsSubstring("StartOptions.schedule_to_start_timeout is -5 ms"));
    options = good();
    options.start_delay = -1s;
    CHECK_THAT(refusal(options), ContainsSubstring("StartOptions.start_delay is -1000 ms"));
  }
  SECTION("refuse a retry policy that makes no sense") {
    options.retry_policy = RetryPolicy{.backoff_coefficient = 0.5};
    CHECK_THAT(refusal(options), ContainsSubstring("backoff_coefficient is 0.5"));
    options.retry_policy = RetryPolicy{.backoff_coefficient = std::numeric_limits<double>::quiet_NaN()};
    CHECK_THAT(refusal(options), ContainsSubstring("backoff_coefficient"));
    options.retry_policy = RetryPolicy{.initial_interval = 2s, .maximum_interval = 1s};
    CHECK_THAT(refusal(options),
               ContainsSubstring("maximum_interval is 1000 ms, must be at least initial_interval, 2000 ms"));
    options.retry_policy = RetryPolicy{.maximum_attempts = 0};
    CHECK_THAT(refusal(options), ContainsSubstring("maximum_attempts is 0"));
    options.retry_policy = RetryPolicy{.non_retryable_error_types = {""}};
    CHECK_THAT(refusal(options), ContainsSubstring("non_retryable_error_types"));
  }
  SECTION("refuse texts that are not UTF-8, each by name") {
    options.id = "a\xff";
    CHECK(refusal(options) == "StartOptions.id is 'a\\xff', must be UTF-8");
    options = good();
    options.task_queue = "q\xc3";
    CHECK(refusal(options) == "StartOptions.task_queue is 'q\\xc3', must be UTF-8");
    options = good();
    options.summary = "\x80";
    CHECK(refusal(options) == "StartOptions.summary is '\\x80', must be UTF-8");
    options = good();
    options.priority = Priority{.fairness_key = "\xfe"};
    CHECK(refusal(options) == "StartOptions.priority.fairness_key is '\\xfe', must be UTF-8");
    options = good();
    options.retry_policy = RetryPolicy{.non_retryable_error_types = {"Good", "\xed\xa0\x80"}};
    CHECK(refusal(options) ==
          "StartOptions.retry_policy.non_retryable_error_types[1] is '\\xed\\xa0\\x80', must be UTF-8");
  }
  SECTION("tell UTF-8 from what only looks like it") {
    for (const char* text : {"a", "\xc2\x80", "gr\xc3\xb6\xc3\x9f", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
      CAPTURE(text);
      options.id = text;
      CHECK(refusal(options).empty());
    }
    // Overlong, surrogates, beyond U+10FFFF, cut short, a sequence's rest alone, bytes that begin nothing.
    for (const char* text :
         {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xe2\x82",
          "\xf0\x90\x80", "\xe2\x82z", "\xbf", "\xf8\x88\x80\x80\x80"}) {
      CAPTURE(text);
      options.id = text;
      CHECK_FALSE(refusal(options).empty());
    }
  }
  SECTION("refuse a priority out of range") {
    options.priority = Priority{.priority_key = 6};
    CHECK_THAT(refusal(options), ContainsSubstring("priority_key is 6, must be from 1 to 5"));
    options.priority = Priority{.fairness_key = std::string(65, 'x')};
    CHECK_THAT(refusal(options), ContainsSubstring("fairness_key"));
    options.priority = Priority{.fairness_weight = 0.0F};
    CHECK_THAT(refusal(options), ContainsSubstring("fairness_weight"));
  }
}

TEST_CASE("worker options refuse texts that are not UTF-8", "[worker][options]") {
  CHECK(refusal(WorkerOptions{.task_queue = "gr\xc3\xbcn", .identity = "gr\xc3\xbcn"}).empty());
  CHECK(refusal(WorkerOptions{.task_queue = "q\xff"}) == "WorkerOptions.task_queue is 'q\\xff', must be UTF-8");
  CHECK(refusal(WorkerOptions{.task_queue = "q", .identity = "\xc3"}) ==
        "WorkerOptions.identity is '\\xc3', must be UTF-8");
}
