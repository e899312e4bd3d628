#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/service_stub.h"

namespace longbeat::internal {

/// What a client's server can that others cannot. Asked once, by the first call for which it matters. Loop only; may be
/// destroyed anywhere once the loop does not use it. Made by std::make_shared.
class ServerAbilities : public std::enable_shared_from_this<ServerAbilities> {
 public:
  /// Whether it takes heartbeat details inside a failure. `then` runs on the loop: at once when the answer is known,
  /// else when the server has answered. One that does not tell counts as one that does not; so does one that has not
  /// answered properly within `timeout`, but the next call asks it again. `then` is dropped when the stub drops the
  /// question.
  void learn(ServiceStub& stub, Nanoseconds timeout, std::function<void(bool failure_takes_details)> then) {
    if (failure_takes_details_) return then(*failure_takes_details_);
    if (const auto waiting = waiting_.lock()) return waiting->push_back(std::move(then));  // One answer serves all.
    const auto waiting = std::make_shared<Waiting>();
    waiting->push_back(std::move(then));
    waiting_ = waiting;
    stub.get_system_info(timeout, [weak = weak_from_this(), waiting](const StatusOr<SystemInfo>& answer) {
      const auto self = weak.lock();
      if (!self) return;
      self->learn_from(answer);
      self->waiting_.reset();  // Who asks from now on asks again.
      for (const auto& each : std::exchange(*waiting, {})) each(self->failure_takes_details_.value_or(false));
    });
  }

 private:
  using Waiting = std::vector<std::function<void(bool)>>;

  void learn_from(const StatusOr<SystemInfo>& answer) {
    if (answer) {
      failure_takes_details_ = answer->activity_failure_include_heartbeat;
    } else if (answer.error().code == StatusCode::kUnimplemented ||
               answer.error().code == StatusCode::kPermissionDenied) {
      failure_takes_details_ = false;  // It will say the same the next time.
    }
  }

  std::optional<bool> failure_takes_details_{};
  /// Belongs to the question that is on its way: who waits goes with it when the connection closes.
  std::weak_ptr<Waiting> waiting_{};
};

}  // namespace longbeat::internal
