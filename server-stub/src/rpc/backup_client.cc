#include "rpc/backup_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <longbeat/server/v1/admin.pb.h>

#include <chrono>

#include "rpc/wire.h"

namespace longbeat::server {
namespace {

namespace admin = longbeat::server::v1;
using internal::Status;
using internal::StatusCode;

constexpr std::chrono::seconds kAnswerWithin{30};  // The server answers every second.

std::shared_ptr<grpc::Channel> channel_to(const BackupOrder& order) {
  const BackupOrder::Tls& tls = order.tls;
  if (tls.ca.empty()) return grpc::CreateChannel(order.address, grpc::InsecureChannelCredentials());
  grpc::ChannelArguments arguments;
  if (!tls.name.empty()) arguments.SetSslTargetNameOverride(tls.name);
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls.ca;
  options.pem_cert_chain = tls.certificate;
  options.pem_private_key = tls.key;
  return grpc::CreateCustomChannel(order.address, grpc::SslCredentials(options), arguments);
}

StatusOr<admin::BackupResponse> ask(grpc::GenericStub& stub, const admin::BackupRequest& request,
                                    const std::string& api_key) {
  grpc::ClientContext context;
  if (!api_key.empty()) context.AddMetadata("authorization", "Bearer " + api_key);
  context.set_deadline(std::chrono::system_clock::now() + kAnswerWithin);
  grpc::CompletionQueue queue;
  const auto reader =
      stub.PrepareUnaryCall(&context, "/longbeat.server.v1.Admin/Backup", to_byte_buffer(request), &queue);
  reader->StartCall();
  grpc::ByteBuffer bytes;
  grpc::Status status;
  reader->Finish(&bytes, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return Status{static_cast<StatusCode>(status.error_code()), status.error_message(), {}};
  admin::BackupResponse response;
  if (!parse(bytes, response)) return internal::internal_error("the answer is not a BackupResponse");
  return response;
}

Status explained(const Status& status, const std::string& address) {
  const std::string server = "the server at " + address;
  switch (status.code) {
    case StatusCode::kUnavailable:
      return {status.code, server + " cannot be reached, or is stopping: " + status.message, {}};
    case StatusCode::kUnimplemented:
      return {status.code, server + " cannot make backups: it is older, or no longbeat-server", {}};
    case StatusCode::kUnauthenticated:
    case StatusCode::kPermissionDenied:
      return {status.code, server + " refuses: " + status.message, {}};
    case StatusCode::kDeadlineExceeded:
      return {status.code, server + " does not answer", {}};
    default:
      return {status.code, status.message, {}};
  }
}

}  // namespace

StatusOr<std::uint64_t> order_backup(const BackupOrder& order) {
  grpc::GenericStub stub(channel_to(order));
  admin::BackupRequest request;
  request.set_to(order.to);
  for (;;) {
    const auto response = ask(stub, request, order.api_key);
    if (!response) return explained(response.error(), order.address);
    if (response->finished()) return static_cast<std::uint64_t>(response->bytes());
    request.set_backup_id(response->backup_id());
    if (order.progress) {
      order.progress(static_cast<std::uint64_t>(response->pages_copied()),
                     static_cast<std::uint64_t>(response->pages()));
    }
  }
}

}  // namespace longbeat::server
