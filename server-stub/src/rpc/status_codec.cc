#include "rpc/status_codec.h"

#include <google/rpc/status.pb.h>
#include <temporal/api/errordetails/v1/message.pb.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/utf8.h"
#include "rpc/wire.h"

namespace longbeat::server {

namespace {

constexpr std::size_t kMessageBytesMax = 4000;
// gRPC's clients refuse more than 8 KiB of trailers; what does not fit would reach them as RESOURCE_EXHAUSTED. The rest
// is for the trailers' names and for gRPC's own.
constexpr std::size_t kTrailerBytesMax = 6 * 1024;
constexpr std::size_t kDetailTextBytesMax = 1000;  // The longest name there is fits.
constexpr std::string_view kCut = "... <truncated>";

namespace details = temporal::api::errordetails::v1;

std::string detail_text(const std::string& text) {
  return std::string(internal::utf8_beginning(text, kDetailTextBytesMax));
}

void set_detail(google::rpc::Status& out, const google::protobuf::Message& detail) {
  out.add_details()->PackFrom(detail);
}

struct DetailEncoder {
  google::rpc::Status& out;
  void operator()(const std::monostate&) const {}
  void operator()(const internal::NotFoundDetail&) const { set_detail(out, details::NotFoundFailure()); }
  void operator()(const internal::NamespaceNotFoundDetail& from) const {
    details::NamespaceNotFoundFailure detail;
    detail.set_namespace_(detail_text(from.namespace_name));
    set_detail(out, detail);
  }
  void operator()(const internal::AlreadyStartedDetail& from) const {
    details::ActivityExecutionAlreadyStartedFailure detail;
    detail.set_start_request_id(detail_text(from.start_request_id));
    detail.set_run_id(detail_text(from.run_id));
    set_detail(out, detail);
  }
  void operator()(const internal::NamespaceExistsDetail&) const {
    set_detail(out, details::NamespaceAlreadyExistsFailure());
  }
  void operator()(const internal::NamespaceInvalidStateDetail& from) const {
    details::NamespaceInvalidStateFailure detail;
    detail.set_namespace_(detail_text(from.namespace_name));
    detail.set_state(static_cast<temporal::api::enums::v1::NamespaceState>(from.state));
    detail.add_allowed_states(temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED);
    set_detail(out, detail);
  }
  void operator()(const internal::VersionDetail& from) const {
    if (from.of_client) {
      details::ClientVersionNotSupportedFailure detail;
      detail.set_client_version(detail_text(from.version));
      detail.set_client_name(detail_text(from.client_name));
      detail.set_supported_versions(detail_text(from.supported));
      set_detail(out, detail);
    } else {
      details::ServerVersionNotSupportedFailure detail;
      detail.set_server_version(detail_text(from.version));
      detail.set_client_supported_server_versions(detail_text(from.supported));
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

/// What one byte takes inside grpc-message: printable ASCII goes as it is, everything else as "%XX".
std::size_t percent_encoded(char c) {
  return c >= ' ' && c <= '~' && c != '%' ? 1 : 3;
}

std::size_t base64(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

/// `message` where it has at most kMessageBytesMax bytes and takes at most `room` bytes of trailers, else its
/// beginning. `repeated`: it goes out once more inside the base64 of the details.
std::string cut_message(const std::string& message, std::size_t room, bool repeated) {
  // In thirds of bytes, because base64 makes four of three.
  std::size_t taken = 0, fits = 0;
  const auto cost = [repeated](char c) { return 3 * percent_encoded(c) + (repeated ? 4U : 0U); };
  const std::size_t most = 3 * room, mark = kCut.size() * cost('.');
  std::size_t at = 0;
  for (; at < message.size() && at < kMessageBytesMax && taken <= most; ++at) {
    if (taken + mark <= most && at + kCut.size() <= kMessageBytesMax) fits = at;
    taken += cost(message[at]);
  }
  if (at == message.size() && taken <= most) return message;
  return std::string(internal::utf8_beginning(message, fits)).append(kCut);
}

}  // namespace

grpc::Status to_grpc(const Status& status) {
  const auto code = static_cast<grpc::StatusCode>(status.code);
  const bool denied = status.code == internal::StatusCode::kPermissionDenied;
  if (std::holds_alternative<std::monostate>(status.detail) && !denied) {
    return {code, cut_message(status.message, kTrailerBytesMax, false)};
  }
  google::rpc::Status rich;
  rich.set_code(static_cast<std::int32_t>(status.code));
  std::visit(DetailEncoder{rich}, status.detail);
  if (denied) {
    details::PermissionDeniedFailure detail;
    detail.set_reason(detail_text(status.message));
    set_detail(rich, detail);
  }
  constexpr std::size_t kFrame = 8;  // Of the message inside `rich`, and what base64 fills up.
  const std::size_t details = base64(rich.ByteSizeLong() + kFrame);
  std::string message = cut_message(status.message, kTrailerBytesMax - std::min(details, kTrailerBytesMax), true);
  rich.set_message(message);
  return {code, std::move(message), to_bytes(rich)};
}

Status message_too_large(std::size_t bytes, std::size_t bytes_max) {
  return {
      StatusCode::kResourceExhausted,
      "grpc: received message larger than max (" + std::to_string(bytes) + " vs. " + std::to_string(bytes_max) + ")",
      {}};
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
