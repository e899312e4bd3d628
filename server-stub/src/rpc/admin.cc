#include "rpc/admin.h"

#include <longbeat/server/v1/admin.pb.h>

#include "security/listen.h"

namespace longbeat::server {

namespace admin = longbeat::server::v1;

std::optional<Request> decode_backup(const DecodeInput& input) {
  auto& from = input.scratch.make<admin::BackupRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return BackupRequest{from.to(), from.backup_id()};
}

grpc::ByteBuffer encode_backup(const EncodeInput& input) {
  const auto& from = std::get<BackupReply>(input.reply);
  auto& to = input.scratch.make<admin::BackupResponse>();
  to.set_backup_id(from.backup_id);
  to.set_finished(from.finished);
  to.set_pages(static_cast<std::int64_t>(from.pages));
  to.set_pages_copied(static_cast<std::int64_t>(from.pages_copied));
  to.set_bytes(static_cast<std::int64_t>(from.bytes));
  return to_byte_buffer(to);
}

bool is_local_peer(std::string_view peer) {
  if (peer.starts_with("unix:")) return true;
  if (!peer.starts_with("ipv4:") && !peer.starts_with("ipv6:")) return false;
  std::string address(peer.substr(5, peer.rfind(':') - 5));
  // Newer releases of gRPC write the brackets as in a URL.
  for (const std::string_view bracket : {"[", "]", "%5B", "%5D"}) {
    if (const auto at = address.find(bracket); at != std::string::npos) address.erase(at, bracket.size());
  }
  return is_loopback(address);
}

}  // namespace longbeat::server
