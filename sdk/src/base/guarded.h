#pragma once
#include <mutex>
#include <utility>

namespace longbeat::internal {

/// A value reachable only while its mutex is held.
template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  /// Runs fn(value) under the lock; returns by value, so no reference leaves. Call nothing foreign inside.
  template <class Fn>
  auto with(Fn&& fn) {
    const std::lock_guard lock(mutex_);
    return std::forward<Fn>(fn)(value_);
  }
  template <class Fn>
  auto with(Fn&& fn) const {
    const std::lock_guard lock(mutex_);
    return std::forward<Fn>(fn)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace longbeat::internal
