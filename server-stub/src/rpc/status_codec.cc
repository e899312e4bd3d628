#include "rpc/status_codec.h"

#include <google/rpc/status.pb.h>
#include <temporal/api/errordetails/v1/message.pb.h>

#include <array>

#include "rpc/wire.h"

namespace longbeat::server {

namespace {

constexpr std::size_t kMessageBytesMax = 4000;
constexpr std::string_view kCut = "... <truncated>";

namespace details = temporal::api::errordetails::v1;

void set_detail(google::rpc::Status& out, const google::protobuf::Message& detail) {
  out.add_details()->PackFrom(detail);
}

struct DetailEncoder {
  google::rpc::Status& out;
  void operator()(const std::monostate&) const {}
  void operator()(const internal::NotFoundDetail&) const { set_detail(out, details::NotFoundFailure()); }
  void operator()(const internal::NamespaceNotFoundDetail& from) const {
    details::NamespaceNotFoundFailure detail;
    detail.set_namespace_(from.namespace_name);
    set_detail(out, detail);
  }
  void operator()(const internal::AlreadyStartedDetail& from) const {
    details::ActivityExecutionAlreadyStartedFailure detail;
    detail.set_start_request_id(from.start_request_id);
    detail.set_run_id(from.run_id);
    set_detail(out, detail);
  }
  void operator()(const internal::NamespaceExistsDetail&) const {
    set_detail(out, details::NamespaceAlreadyExistsFailure());
  }
  void operator()(const internal::NamespaceInvalidStateDetail& from) const {
    details::NamespaceInvalidStateFailure detail;
    detail.set_namespace_(from.namespace_name);
    detail.set_state(static_cast<temporal::api::enums::v1::NamespaceState>(from.state));
    detail.add_allowed_states(temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED);
    set_detail(out, detail);
  }
  void operator()(const internal::VersionDetail& from) const {
    if (from.of_client) {
      details::ClientVersionNotSupportedFailure detail;
      detail.set_client_version(from.version);
      detail.set_client_name(from.client_name);
      detail.set_supported_versions(from.supported);
      set_detail(out, detail);
    } else {
      details::ServerVersionNotSupportedFailure detail;
      detail.set_server_version(from.version);
      detail.set_client_supported_server_versions(from.supported);
      set_detail(out, detail);
    }
  }
  void operator()(const internal::ResourceExhaustedDetail& from) const {
    details::ResourceExhaustedFailure detail;
    detail.set_cause(static_cast<temporal::api::enums::v1::ResourceExhaustedCause>(from.cause));
    detail.set_scope(static_cast<temporal::api::enums::v1::ResourceExhaustedScope>(from.scope));
    set_detail(out, detail);
  }
};

std::string cut_message(const std::string& message) {
  if (message.size() <= kMessageBytesMax) return message;
  std::size_t end = kMessageBytesMax - kCut.size();
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;  // Not inside a character.
  return message.substr(0, end).append(kCut);
}

}  // namespace

grpc::Status to_grpc(const Status& status) {
  const auto code = static_cast<grpc::StatusCode>(status.code);
  std::string message = cut_message(status.message);
  if (std::holds_alternative<std::monostate>(status.detail)) return {code, std::move(message)};
  google::rpc::Status rich;
  rich.set_code(static_cast<std::int32_t>(status.code));
  rich.set_message(message);
  std::visit(DetailEncoder{rich}, status.detail);
  return {code, std::move(message), to_bytes(rich)};
}

std::string resource_exhausted_cause(std::int32_t cause) {
  static constexpr std::array<const char*, 11> kNames = {"",
                                                         "RpsLimit",
                                                         "ConcurrentLimit",
                                                         "SystemOverloaded",
                                                         "PersistenceLimit",
                                                         "BusyWorkflow",
                                                         "ApsLimit",
                                                         "PersistenceStorageLimit",
                                                         "CircuitBreakerOpen",
                                                         "OpsLimit",
                                                         "WorkerDeploymentLimits"};
  return cause >= 0 && static_cast<std::size_t>(cause) < kNames.size() ? kNames[static_cast<std::size_t>(cause)] : "";
}

std::string resource_exhausted_scope(std::int32_t scope) {
  return scope == 1 ? "Namespace" : scope == 2 ? "System" : "";
}

}  // namespace longbeat::server
