#include "rpc/readable.h"

#include <temporal/api/common/v1/message.pb.h>
#include <temporal/api/failure/v1/message.pb.h>

#include <stdexcept>

#include "rpc/failure_codec.h"
#include "rpc/wire.h"

namespace longbeat::server {
namespace {

using temporal::api::common::v1::Payloads;
using temporal::api::failure::v1::Failure;

constexpr int kShownCausesMax = 1000;

std::vector<ReadablePayload> readable(const Payloads& from) {
  std::vector<ReadablePayload> to;
  for (const auto& payload : from.payloads()) {
    ReadablePayload& one = to.emplace_back();
    for (const auto& [name, value] : payload.metadata()) one.metadata.emplace(name, value);
    one.data = payload.data();
  }
  return to;
}

ReadableFailure readable(const Failure& from, int depth) {
  ReadableFailure to;
  to.message = from.message();
  to.source = from.source();
  to.stack_trace = from.stack_trace();
  switch (from.failure_info_case()) {
    case Failure::kApplicationFailureInfo: {
      const auto& info = from.application_failure_info();
      to.kind = "application";
      to.type = info.type();
      to.non_retryable = info.non_retryable();
      to.details = readable(info.details());
      break;
    }
    case Failure::kTimeoutFailureInfo:
      to.kind = "timeout";
      to.type = to_string(static_cast<TimeoutType>(from.timeout_failure_info().timeout_type()));
      to.details = readable(from.timeout_failure_info().last_heartbeat_details());
      break;
    case Failure::kCanceledFailureInfo:
      to.kind = "canceled";
      to.details = readable(from.canceled_failure_info().details());
      break;
    case Failure::kTerminatedFailureInfo:
      to.kind = "terminated";
      break;
    case Failure::kServerFailureInfo:
      to.kind = "server";
      to.non_retryable = from.server_failure_info().non_retryable();
      break;
    default:
      to.kind = "other";
  }
  if (from.has_cause() && depth < kShownCausesMax) to.cause.push_back(readable(from.cause(), depth + 1));
  return to;
}

}  // namespace

std::optional<std::vector<ReadablePayload>> read_payloads(std::string_view bytes) {
  Payloads payloads;
  if (!parse(bytes, payloads, 100)) return std::nullopt;
  return readable(payloads);
}

std::optional<ReadableFailure> read_failure(const StoredFailure& stored) {
  Failure failure;
  try {
    encode_failure(stored, failure);
  } catch (const std::runtime_error&) {
    return std::nullopt;  // The bytes are no failure; the caller says whose.
  }
  ReadableFailure to = readable(failure, 0);
  to.bytes = to_bytes(failure);
  return to;
}

}  // namespace longbeat::server
