#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/service_stub.h"
#include "longbeat/errors.h"

namespace longbeat::internal {

/// Where the driver of an attempt and the LateCompletion that is to end it meet. Both live on one loop and may go
/// before the other. All functions on the loop, except where they say otherwise.
class Handover {
 public:
  enum class Stage : std::int8_t {
    kWithWorker,  ///< the function runs, or its worker still has something to send
    kLeft,        ///< only the other side reports from now on
    kOver,        ///< the worker has ended the attempt itself; the other side can report nothing
  };
  using Save = std::function<bool(Payloads details, std::weak_ptr<const void> caller, Done<HeartbeatFlags> done)>;
  using Known = std::shared_ptr<const Payloads>;

  // --- The other side ---
  /// Before the attempt knows of this object, on any thread.
  void listen(std::function<void(StopCause)> on_told, std::function<void()> on_settled,
              std::function<void(Known)> on_added) {
    on_told_ = std::move(on_told);
    on_settled_ = std::move(on_settled);
    on_added_ = std::move(on_added);
  }
  Stage stage() const { return stage_; }
  /// Why it is over.
  const std::string& why() const { return why_; }
  /// The details that the worker knew last, as they were sent; may be null.
  const Known& newest() const { return newest_; }
  /// Asks the worker to leave although the function still runs, because an outcome is there; on_settled follows.
  /// `flush`: only after the newest details are saved; else those that are not even encoded come behind, by on_added.
  void ask_to_leave(bool flush) const {
    if (const auto leave = leave_) leave(flush);  // A copy: it may end with the one here gone.
  }
  /// Sends details through the worker, at once. False when the function does not run any more; then on_settled follows.
  bool save(Payloads details, std::weak_ptr<const void> caller, Done<HeartbeatFlags> done) const {
    const auto save = save_;
    return save && save(std::move(details), std::move(caller), std::move(done));
  }
  /// Nobody will report: the worker fails the attempt when its function has returned.
  void lose() { lost_ = true; }

  // --- The worker's side ---
  void connect(std::function<void(bool flush)> leave, Save save) {
    leave_ = std::move(leave);
    save_ = std::move(save);
  }
  bool connected() const { return leave_ != nullptr; }
  bool lost() const { return lost_; }
  void tell(StopCause cause) const {
    if (on_told_) on_told_(cause);
  }
  void leave(Known newest) {
    if (stage_ != Stage::kWithWorker) return;
    newest_ = std::move(newest);
    settle(Stage::kLeft);
  }
  /// After leave(): details newer than those it left with, which nobody waited for.
  void add(Known newest) {
    if (stage_ == Stage::kLeft && on_added_) on_added_(std::move(newest));
  }
  /// Any thread as long as the attempt does not know of this object.
  void end(std::string why) {
    if (stage_ != Stage::kWithWorker) return;
    why_ = std::move(why);
    settle(Stage::kOver);
  }

 private:
  void settle(Stage stage) {
    stage_ = stage;
    leave_ = nullptr;
    save_ = nullptr;
    on_told_ = nullptr;
    if (const auto settled = std::exchange(on_settled_, nullptr)) settled();
  }

  Stage stage_ = Stage::kWithWorker;
  bool lost_ = false;
  std::string why_{};
  Known newest_{};
  std::function<void(StopCause)> on_told_{};
  std::function<void()> on_settled_{};
  std::function<void(Known)> on_added_{};
  std::function<void(bool)> leave_{};
  Save save_{};
};

}  // namespace longbeat::internal
