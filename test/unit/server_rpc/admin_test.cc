#include "rpc/admin.h"

#include <longbeat/server/v1/admin.pb.h>

#include "unit/server_rpc/filled.h"

using namespace longbeat::server;
using namespace longbeat::test;

namespace {

constexpr const char* kBackup = "/longbeat.server.v1.Admin/Backup";

}  // namespace

TEST_CASE("a backup is for operators on the server's own machine", "[rpc][admin]") {
  const Rpc& rpc = row(kBackup);
  CHECK(rpc.role == Role::kOperator);
  CHECK(rpc.local_only);
  CHECK(rpc.namespace_field.empty());
  // Nothing of Temporal's is.
  for (const Rpc& other : all_rpcs()) CHECK(other.local_only == (other.method == kBackup));
}

TEST_CASE("which callers are on the server's own machine", "[rpc][admin]") {
  for (const char* peer : {"ipv4:127.0.0.1:5000", "ipv4:127.9.9.9:1", "ipv6:[::1]:5000", "ipv6:%5B::1%5D:5000",
                           "ipv6:[::ffff:127.0.0.1]:5000", "ipv6:%5B::ffff:127.0.0.1%5D:1", "unix:/run/x", "unix:"}) {
    CAPTURE(peer);
    CHECK(is_local_peer(peer));
  }
  for (const char* peer : {"ipv4:192.168.0.7:5000", "ipv4:10.127.0.0:1", "ipv6:[2001:db8::1]:5000", "ipv6:[::]:1",
                           "ipv6:[::ffff:10.0.0.1]:5000", "dns:127.0.0.1:1", "ipv4:127", "ipv4:", ""}) {
    CAPTURE(peer);
    CHECK_FALSE(is_local_peer(peer));
  }
}

TEST_CASE("a call for a backup arrives whole, and so does its answer", "[rpc][admin]") {
  const auto request = decoded<BackupRequest, longbeat::server::v1::BackupRequest>(kBackup);
  CHECK(request.to == "to");
  CHECK(request.backup_id == "backup_id");
  Scratch scratch;
  const Reply reply = BackupReply{.backup_id = "id", .finished = true, .pages = 9, .pages_copied = 8, .bytes = 7};
  longbeat::server::v1::BackupResponse response;
  REQUIRE(parse(encode_backup({reply, scratch, {}}), response));
  CHECK(response.backup_id() == "id");
  CHECK(response.finished());
  CHECK(response.pages() == 9);
  CHECK(response.pages_copied() == 8);
  CHECK(response.bytes() == 7);
}
