#pragma once
#include <chrono>
#include <memory>
#include <utility>

#include "longbeat/activity_context.h"

namespace longbeat::internal {

[[noreturn]] LONGBEAT_EXPORT void throw_undecodable_details(const Error& error);

}  // namespace longbeat::internal

LONGBEAT_BEGIN

/// Typed view of the heartbeat details: what the last attempt saved, and where this one saves. Belongs to one thread;
/// may outlive its attempt, then saving does nothing.
template <class T>
class Checkpoint {
 public:
  const T& operator*() const noexcept { return value_; }
  const T* operator->() const noexcept { return &value_; }
  /// False when there was nothing to restore and the value is a default T.
  bool restored() const noexcept { return restored_; }

  /// Best effort, returns at once: the newest value that the server acknowledged survives a crash, so up to one
  /// throttle interval of work may be done twice. Make effects idempotent, or keep the position in the transaction of
  /// the effects.
  void save(T value) noexcept {
    internal::put_copied_details(*attempt_, [&] {
      value_ = std::move(value);
      return std::make_unique<internal::HeldDetails<T>>(value_);
    });
  }

  /// Sends at once and waits for the acknowledgement. kDeadlineExceeded: not acknowledged in time, it may still arrive;
  /// kLeaseLost: this attempt does not count any more; kUndecodable: the value cannot be encoded, nothing was sent;
  /// kInvalidArgument: too large, or refused.
  /// `timeout`: zero or less does not wait, more than 240 hours counts as that.
  Result<> save_now(T value, std::chrono::nanoseconds timeout) {
    auto payload = converter_.to_payload(value);
    if (!payload) return std::move(payload).error();
    value_ = std::move(value);
    return internal::save_details_now(*attempt_, {*std::move(payload)}, timeout);
  }

 private:
  friend class ActivityContext;
  Checkpoint(std::shared_ptr<internal::Attempt> attempt, DataConverter converter, T value, bool restored)
      : attempt_(std::move(attempt)), converter_(std::move(converter)), value_(std::move(value)), restored_(restored) {}

  std::shared_ptr<internal::Attempt> attempt_;
  DataConverter converter_;
  T value_;
  bool restored_;
};

template <class T>
Result<Checkpoint<T>> ActivityContext::try_checkpoint() {
  const Payloads& details = info().heartbeat_details;
  const bool none = details.empty() || (details.size() == 1 && internal::encoding_of(details[0]) == "binary/null");
  if (none) return Checkpoint<T>(attempt_, converter(), T{}, false);
  auto value = converter().template from_result<T>(details);
  if (!value) return std::move(value).error();
  return Checkpoint<T>(attempt_, converter(), *std::move(value), true);
}

template <class T>
Checkpoint<T> ActivityContext::checkpoint() {
  auto checkpoint = try_checkpoint<T>();
  if (!checkpoint) internal::throw_undecodable_details(checkpoint.error());
  return *std::move(checkpoint);
}

LONGBEAT_END
