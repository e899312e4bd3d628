#include "core/payload_limit.h"

#include <utility>

#include "core/wire_size.h"

namespace longbeat::internal {
namespace {

/// The server will say the same the next time, so there is no limit to be learned.
bool never_tells(StatusCode code) {
  return code == StatusCode::kUnimplemented || code == StatusCode::kPermissionDenied;
}

}  // namespace

void PayloadLimit::learn(Loop& loop, ServiceStub& stub, const std::string& namespace_name, std::size_t bytes,
                         Nanoseconds timeout, std::function<void(std::size_t)> then) {
  if (bytes <= kPayloadBytesSmall) return then(bytes_max_.value_or(kPayloadBytesMax));
  if (bytes_max_) return then(*bytes_max_);
  const auto waiter = std::make_shared<Waiter>();
  waiter->then = std::move(then);
  // Not the question's timeout: that is the time of whoever asked.
  waiter->timer = loop.schedule(loop.now() + timeout, [weak = weak_from_this(), weak_waiter = std::weak_ptr(waiter)] {
    const auto late = weak_waiter.lock();
    if (late && !weak.expired()) late->go_on(kPayloadBytesMax);
  });
  if (const auto waiting = waiting_.lock()) return waiting->push_back(waiter);  // One answer serves all.
  const auto waiting = std::make_shared<Waiting>();
  waiting->push_back(waiter);
  waiting_ = waiting;
  stub.describe_namespace(namespace_name, timeout,
                          [&loop, weak = weak_from_this(), waiting](StatusOr<NamespaceInfo> answer) {
                            const auto self = weak.lock();
                            if (!self) return;
                            const std::size_t bytes_max = self->learn_from(answer);
                            self->waiting_.reset();  // Who asks from now on asks again.
                            for (const auto& each : std::exchange(*waiting, {})) {
                              loop.cancel(each->timer);
                              each->go_on(bytes_max);
                            }
                          });
}

void PayloadLimit::Waiter::go_on(std::size_t bytes_max) {
  if (const auto once = std::exchange(then, nullptr)) once(bytes_max);
}

std::size_t PayloadLimit::learn_from(const StatusOr<NamespaceInfo>& answer) {
  if (answer && answer->blob_size_limit_error > 0) {
    bytes_max_ = static_cast<std::size_t>(answer->blob_size_limit_error);
  } else if (answer || never_tells(answer.error().code)) {
    bytes_max_ = kPayloadBytesMax;
  }
  return bytes_max_.value_or(kPayloadBytesMax);
}

Result<> check_size(const char* field, std::size_t bytes, std::size_t bytes_max) {
  if (bytes <= bytes_max) return {};
  return Error{ErrorCode::kInvalidArgument, std::string(field) + " has " + std::to_string(bytes) +
                                                " bytes, the namespace takes " + std::to_string(bytes_max)};
}

Result<> check_sizes(const StartActivityParams& params, std::size_t payload_bytes_max) {
  if (auto fits = check_size("input", wire_size(params.input), payload_bytes_max); !fits) return fits;
  if (params.summary) {
    if (auto fits = check_size("summary", wire_size(*params.summary), kSummaryBytesMax); !fits) return fits;
  }
  if (params.details) return check_size("details", wire_size(*params.details), kUserDetailsBytesMax);
  return {};
}

}  // namespace longbeat::internal
