#include "rpc/channel.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "base/loopback.h"
#include "longbeat/export.h"

namespace longbeat::internal {

std::shared_ptr<grpc::Channel> make_channel(const std::string& address, const Credentials& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("longbeat/" LONGBEAT_VERSION);
  // gRPC's own 1 s to 120 s would cost leases whenever the server restarts.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);  // How long one connect may take, not a pause.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // A connection that swallows everything is only noticed by pings: after 8 to 20 s. Servers cut clients off that ping
  // more often than every 10 s, and a ping may arrive a little late and the next one early.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 12'000);
  // A server may be busy for some seconds. Also how long the kernel waits for the other side to acknowledge bytes
  // (TCP_USER_TIMEOUT, which gRPC sets to this).
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 8'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // A long poll sends no data for a minute.
  arguments.SetMaxReceiveMessageSize(128 * 1024 * 1024);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);             // RetryingStub decides, and it knows which calls are safe.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // One connection's trouble is not another one's.
  if (is_loopback(address)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!credentials.encrypted) {
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }
  if (!credentials.server_name.empty()) arguments.SetSslTargetNameOverride(credentials.server_name);
  const auto tls = grpc::SslCredentials({credentials.ca, credentials.key, credentials.certificate});
  return grpc::CreateCustomChannel(address, tls, arguments);
}

}  // namespace longbeat::internal
