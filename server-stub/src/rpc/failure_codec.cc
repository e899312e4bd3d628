#include "rpc/failure_codec.h"

#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <algorithm>

#include "base/utf8.h"
#include "rpc/wire.h"

namespace longbeat::server {

using temporal::api::failure::v1::Failure;

namespace {

constexpr int kCauseDepthMax = 20;

/// What decides about retries and how the failure is matched, without payloads.
void keep_facts(const Failure& from, Failure& to) {
  switch (from.failure_info_case()) {
    case Failure::kApplicationFailureInfo: {
      auto& info = *to.mutable_application_failure_info();
      info.set_type(std::string(internal::utf8_beginning(from.application_failure_info().type(), 1000)));
      info.set_non_retryable(from.application_failure_info().non_retryable());
      info.set_category(from.application_failure_info().category());
      return;
    }
    case Failure::kTimeoutFailureInfo:
      to.mutable_timeout_failure_info()->set_timeout_type(from.timeout_failure_info().timeout_type());
      return;
    case Failure::kCanceledFailureInfo:
      to.mutable_canceled_failure_info();
      return;
    case Failure::kTerminatedFailureInfo:
      to.mutable_terminated_failure_info();
      return;
    case Failure::kServerFailureInfo:
      to.mutable_server_failure_info()->set_non_retryable(from.server_failure_info().non_retryable());
      return;
    default:
      return;  // Of other kinds only the texts are kept.
  }
}

void drop_deep_causes(Failure& failure) {
  Failure* last = &failure;
  for (int depth = 0; depth < kCausesKept && last->has_cause(); ++depth) last = last->mutable_cause();
  if (!last->has_cause()) return;
  last->clear_cause();
  last->mutable_cause()->set_message("... <causes below this one were dropped>");
}

/// Bytes one string field of this length takes, rounded up.
std::size_t cost(std::size_t length) {
  return length + 6;
}

/// Fills `to` and returns how many of `room` bytes are left. The nesting of causes is paid for by the margin of the
/// caller.
std::size_t fill(const Failure& from, Failure& to, std::size_t room, int depth) {
  keep_facts(from, to);
  const std::size_t facts = to.ByteSizeLong() + 16;  // 16: this message's own frame inside its parent.
  if (facts >= room) {
    to.Clear();
    return 0;
  }
  room -= facts;
  const auto take = [&room](const std::string& text) {
    std::string kept(internal::utf8_beginning(text, room > cost(0) ? room - cost(0) : std::size_t{0}));
    if (!kept.empty()) room -= std::min(room, cost(kept.size()));
    return kept;
  };
  to.set_source(take(from.source()));
  to.set_message(take(from.message()));
  to.set_stack_trace(take(from.stack_trace()));
  if (from.has_cause() && depth < kCauseDepthMax && room > 64)
    room = fill(from.cause(), *to.mutable_cause(), room, depth + 1);
  return room;
}

}  // namespace

Failure truncated(const Failure& failure, std::size_t bytes_max) {
  Failure out;
  fill(failure, out, bytes_max, 0);
  return out;
}

std::string cut_failure(const std::string& failure, std::size_t bytes_max) {
  Failure whole;
  restore(failure, whole);
  return to_bytes(truncated(whole, bytes_max));
}

template <class Message>
bool parse_failed(const grpc::ByteBuffer& bytes, Message& message) {
  if (parse(bytes, message)) return true;
  message.Clear();
  if (!parse(bytes, message, kCausesMax + kDepthMax)) return false;
  // Fields that nobody here knows may be nested too: they go.
  if (message.has_failure()) drop_deep_causes(*message.mutable_failure());
  message.DiscardUnknownFields();
  return true;
}

template bool parse_failed(const grpc::ByteBuffer&,
                           temporal::api::workflowservice::v1::RespondActivityTaskFailedRequest&);
template bool parse_failed(const grpc::ByteBuffer&,
                           temporal::api::workflowservice::v1::RespondActivityTaskFailedByIdRequest&);

void decode_failure(const Failure& failure, FailedRequest& out) {
  out.has_failure = true;
  out.failure = to_bytes(failure);
  out.failure_info = failure.failure_info_case();
  switch (failure.failure_info_case()) {
    case Failure::kApplicationFailureInfo: {
      const auto& info = failure.application_failure_info();
      out.failure_type = info.type();
      out.non_retryable = info.non_retryable();
      if (info.has_next_retry_delay()) out.next_retry_delay = raw(info.next_retry_delay());
      break;
    }
    case Failure::kTimeoutFailureInfo:
      out.timeout_type = failure.timeout_failure_info().timeout_type();
      break;
    case Failure::kServerFailureInfo:
      out.non_retryable = failure.server_failure_info().non_retryable();
      break;
    default:
      break;  // The kind alone decides.
  }
}

void encode_failure(const StoredFailure& stored, Failure& out) {
  if (stored.kind == StoredFailure::Kind::kOpaque) return restore(stored.opaque, out);
  out.set_message(stored.message);
  switch (stored.kind) {
    case StoredFailure::Kind::kTimeout: {
      auto& info = *out.mutable_timeout_failure_info();
      info.set_timeout_type(static_cast<temporal::api::enums::v1::TimeoutType>(stored.timeout));
      if (!stored.details.empty()) restore(stored.details, *info.mutable_last_heartbeat_details());
      break;
    }
    case StoredFailure::Kind::kCanceled: {
      auto& info = *out.mutable_canceled_failure_info();
      info.set_identity(stored.identity);
      if (!stored.details.empty()) restore(stored.details, *info.mutable_details());
      break;
    }
    case StoredFailure::Kind::kTerminated:
      out.mutable_terminated_failure_info()->set_identity(stored.identity);
      break;
    case StoredFailure::Kind::kServer:
      out.mutable_server_failure_info()->set_non_retryable(stored.non_retryable);
      break;
    case StoredFailure::Kind::kMessage:
    case StoredFailure::Kind::kOpaque:
      break;
  }
  if (!stored.cause.empty()) encode_failure(stored.cause.front(), *out.mutable_cause());
}

}  // namespace longbeat::server
