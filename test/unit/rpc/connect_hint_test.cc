#include "rpc/connect_hint.h"

#include "support/catch.h"

using namespace longbeat::internal;

namespace {

std::string hint(const std::string& message, const ConnectionKind& kind, StatusCode code = StatusCode::kUnavailable) {
  return std::string(connect_hint({code, message, {}}, kind));
}

// As gRPC 1.51 writes them.
const std::string kHungUp =
    "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:10.0.0.1:7233: Socket closed";
const std::string kRefused =
    "failed to connect to all addresses; last error: UNKNOWN: Failed to connect to remote host: Connection refused";

}  // namespace

TEST_CASE("a refused connection is explained where its cause can be known", "[rpc][security]") {
  CHECK_THAT(hint(kHungUp, {}), ContainsSubstring("ClientOptions.tls is not set"));
  CHECK_THAT(hint(kHungUp, {.encrypted = true}), ContainsSubstring("ClientOptions.tls.certificate is not set"));
  CHECK_THAT(
      hint("failed to connect to all addresses; Ssl handshake failed: wrong version number", {.encrypted = true}),
      ContainsSubstring("the server there has no TLS"));
  CHECK_THAT(hint("failed to connect to all addresses; certificate verify failed", {.encrypted = true}),
             ContainsSubstring("ClientOptions.tls.ca"));
  CHECK_THAT(hint("empty address list: ", {.encrypted = true, .has_certificate = true}),
             ContainsSubstring("ClientOptions.tls.key may not belong to ClientOptions.tls.certificate"));
}

TEST_CASE("a server that is away, and a connection that was lost, get no hint", "[rpc][security]") {
  for (const ConnectionKind kind : {ConnectionKind{}, ConnectionKind{true, false}, ConnectionKind{true, true}}) {
    CHECK(hint(kRefused, kind).empty());
    CHECK(hint("Socket closed", kind).empty());
    CHECK(hint("", kind).empty());
    CHECK(hint(kHungUp, kind, StatusCode::kDeadlineExceeded).empty());
  }
  CHECK(hint(kHungUp, {true, true}).empty());
}
