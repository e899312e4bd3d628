#include <set>

#include "security/key_hash.h"
#include "security/listen.h"
#include "support/catch.h"

using namespace longbeat::server;

TEST_CASE("a key's hash is its SHA-256", "[security][keys]") {
  CHECK(to_text(hash_of_key("abc")) == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hash_from_text(to_text(hash_of_key("abc"))) == hash_of_key("abc"));
  CHECK(hash_from_text("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD") ==
        hash_of_key("abc"));
  CHECK(same(hash_of_key("abc"), hash_of_key("abc")));
  CHECK_FALSE(same(hash_of_key("abc"), hash_of_key("abd")));
  for (const char* text : {"", "sha256:", "abc", "md5:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                           "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
                           "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adf",
                           "sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}) {
    CAPTURE(text);
    CHECK_FALSE(hash_from_text(text));
  }
}

TEST_CASE("new keys are long, fit into a header and differ", "[security][keys]") {
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) {
    const std::string key = make_key();
    CHECK(check_key(key).empty());
    CHECK(keys.insert(key).second);
  }
}

TEST_CASE("a chosen key is refused without being shown", "[security][keys]") {
  CHECK(check_key("") == "there is no key");
  CHECK(check_key("hunter2") == "the key has 7 characters, fewer than 32: a short one can be guessed from its hash");
  CHECK(check_key(std::string(31, 'a')).find("fewer than 32") != std::string::npos);
  CHECK(check_key(std::string(32, 'a')).empty());
  CHECK(check_key(std::string(1024, 'a')).empty());
  CHECK_FALSE(check_key(std::string(1025, 'a')).empty());
  for (const char c : {' ', '\t', '\n', '\x7f', '\xe4'}) {
    CHECK(check_key(std::string(40, 'a') + c) == "the key holds a space or a character that a header cannot carry");
  }
}

TEST_CASE("loopback addresses", "[security][listen]") {
  for (const char* ip : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    CAPTURE(ip);
    CHECK(is_loopback(ip));
  }
  for (const char* ip : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:10.0.0.1", "fe80::1", "localhost", ""}) {
    CAPTURE(ip);
    CHECK_FALSE(is_loopback(ip));
  }
}

TEST_CASE("beyond the loopback interface it takes TLS and authentication, or a word", "[security][listen]") {
  CHECK(check_exposure({"127.0.0.1", false, false, false}).empty());
  CHECK(check_exposure({"0.0.0.0", true, true, false}).empty());
  CHECK(check_exposure({"0.0.0.0", false, false, true}).empty());
  CHECK(check_exposure({"0.0.0.0", false, false, false}) ==
        "does not listen on 0.0.0.0, which other machines can reach, without TLS and authentication: set "
        "tls.certificate and tls.key, and an API key in [keys.NAME] or tls.client_ca with tls.client_certificate_role; "
        "server.insecure_listen = true (--insecure-listen) leaves it open");
  CHECK(check_exposure({"::", false, true, false}) ==
        "does not listen on ::, which other machines can reach, without TLS: set tls.certificate and tls.key; "
        "server.insecure_listen = true (--insecure-listen) leaves it open");
  CHECK(check_exposure({"10.1.2.3", true, false, false}) ==
        "does not listen on 10.1.2.3, which other machines can reach, without authentication: set an API key in "
        "[keys.NAME] or tls.client_ca with tls.client_certificate_role; server.insecure_listen = true "
        "(--insecure-listen) leaves it open");
}
