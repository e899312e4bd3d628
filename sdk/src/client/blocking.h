#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/connection.h"

namespace longbeat::internal {

/// Where one thread waits for one answer of the loop.
template <class T>
class Waiting {
 public:
  void set(StatusOr<T> answer) {
    if (in_time) in_time->end();
    {
      const std::lock_guard lock(mutex_);
      answer_.emplace(std::move(answer));
    }
    answered_.notify_one();
  }
  /// While it waits, if somebody wants to know. On the loop.
  std::shared_ptr<TimeWait> in_time{};

  StatusOr<T> wait() {
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [this] { return answer_.has_value(); });
    return *std::move(answer_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<StatusOr<T>> answer_;
};

/// Why a blocking call cannot be made here, if so: it would wait for the thread it runs on.
inline std::optional<Status> refusal_to_block(Connection& connection) {
  if (!connection.loop().on_this_thread()) return std::nullopt;
  return internal_error("a blocking call was made on longbeat's event loop, which would wait for itself");
}

/// Runs `begin` on the loop and waits for the answer it passes on. The caller keeps the connection alive meanwhile, so
/// the answer always comes: calls have deadlines, and the loop does not end while it has an owner.
template <class T>
StatusOr<T> wait_for(Connection& connection, std::function<void(Done<T>)> begin) {
  if (auto refused = refusal_to_block(connection)) return *std::move(refused);
  const auto waiting = std::make_shared<Waiting<T>>();
  const bool posted = connection.loop().post([&connection, waiting, begin = std::move(begin)] {
    // Here, not before: as long as the call is not begun, time has to stand still.
    if (const auto watch = connection.watch()) waiting->in_time = watch->wait();
    begin([waiting](StatusOr<T> answer) { waiting->set(std::move(answer)); });
  });
  if (!posted) return Status{StatusCode::kCancelled, "the connection is closed", {}};
  return waiting->wait();
}

}  // namespace longbeat::internal
