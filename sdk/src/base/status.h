#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "longbeat/result.h"

namespace longbeat::internal {

/// The canonical gRPC codes, with their numbers.
enum class StatusCode : std::int8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// The name as gRPC spells it, for example "NOT_FOUND".
std::string_view to_string(StatusCode code) noexcept;

/// Detail messages of temporal.api.errordetails.v1 that longbeat sends or understands (protocol.md §3.2).
struct NotFoundDetail {
  friend bool operator==(const NotFoundDetail&, const NotFoundDetail&) = default;
};
struct NamespaceNotFoundDetail {
  std::string namespace_name{};
  friend bool operator==(const NamespaceNotFoundDetail&, const NamespaceNotFoundDetail&) = default;
};
struct AlreadyStartedDetail {
  std::string start_request_id{};
  std::string run_id{};
  friend bool operator==(const AlreadyStartedDetail&, const AlreadyStartedDetail&) = default;
};
struct ResourceExhaustedDetail {
  std::int32_t cause = 0;  ///< enums.ResourceExhaustedCause
  std::int32_t scope = 0;  ///< enums.ResourceExhaustedScope
  friend bool operator==(const ResourceExhaustedDetail&, const ResourceExhaustedDetail&) = default;
};
struct NamespaceExistsDetail {
  friend bool operator==(const NamespaceExistsDetail&, const NamespaceExistsDetail&) = default;
};
/// enums.NamespaceState, same numbers.
enum class NamespaceState : std::int8_t { kRegistered = 1, kDeprecated = 2, kDeleted = 3 };
struct NamespaceInvalidStateDetail {
  std::string namespace_name{};
  NamespaceState state = NamespaceState::kDeleted;  ///< allowed is always kRegistered
  friend bool operator==(const NamespaceInvalidStateDetail&, const NamespaceInvalidStateDetail&) = default;
};
/// Both directions of §3.4: the client is too old or too new, or wants another server.
struct VersionDetail {
  bool of_client = true;  ///< ClientVersionNotSupportedFailure, else ServerVersionNotSupportedFailure
  std::string version{}, client_name{}, supported{};
  friend bool operator==(const VersionDetail&, const VersionDetail&) = default;
};
using StatusDetail =
    std::variant<std::monostate, NotFoundDetail, NamespaceNotFoundDetail, AlreadyStartedDetail, ResourceExhaustedDetail,
                 NamespaceExistsDetail, NamespaceInvalidStateDetail, VersionDetail>;

/// How a call of the protocol was refused: the same type on both sides of the wire, without gRPC in it.
struct Status {
  StatusCode code = StatusCode::kUnknown;
  std::string message{};
  StatusDetail detail{};

  friend bool operator==(const Status&, const Status&) = default;
};

std::string to_string(const Status& status);
std::ostream& operator<<(std::ostream& out, const Status& status);

/// A value, or how the call was refused.
template <class T = void>
using StatusOr = Result<T, Status>;

/// What was asked for does not exist (any more), while its namespace does.
inline bool gone(const Status& status) {
  return status.code == StatusCode::kNotFound && !std::holds_alternative<NamespaceNotFoundDetail>(status.detail);
}

inline Status invalid_argument(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message), {}};
}
inline Status failed_precondition(std::string message) {
  return {StatusCode::kFailedPrecondition, std::move(message), {}};
}
inline Status not_found(std::string message) {
  return {StatusCode::kNotFound, std::move(message), NotFoundDetail{}};
}
inline Status unavailable(std::string message) {
  return {StatusCode::kUnavailable, std::move(message), {}};
}
inline Status internal_error(std::string message) {
  return {StatusCode::kInternal, std::move(message), {}};
}

}  // namespace longbeat::internal
