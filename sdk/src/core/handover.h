#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/service_stub.h"
#include "longbeat/activity_context.h"
#include "longbeat/errors.h"

namespace longbeat::internal {

/// Where the driver of an attempt and the LateCompletion that is to end it meet. Both live on one loop and may go
/// before the other. All functions on the loop, except where they say otherwise.
class Handover {
 public:
  enum class Stage : std::int8_t {
    kWithWorker,  ///< the function runs, or its worker still has something to send
    kLeft,        ///< only the other side reports from now on
    kOver,        ///< the other side can report nothing: the worker has ended the attempt itself, or gave it to another
  };
  /// Heartbeat details that the worker still had when it left.
  struct Leftovers {
    std::shared_ptr<const Payloads> newest{};  ///< as they are sent; may be null
    std::uint64_t sequence = 0;                ///< theirs
    std::unique_ptr<DetailsValue> waiting{};   ///< not encoded yet; the other side gets only a newer one
    bool encoding = false;                     ///< something is: tell_details() tells what becomes of it
  };
  using Save = std::function<bool(Payloads details, std::weak_ptr<const void> caller, Done<HeartbeatFlags> done)>;

  // --- The other side ---
  /// Before the attempt knows of this object, on any thread.
  /// `on_settled` may take what waits; `on_details`: see Leftovers::encoding.
  void listen(std::function<void(StopCause)> on_told, std::function<void(Leftovers&)> on_settled,
              std::function<void(std::optional<Result<Payloads>>)> on_details) {
    on_told_ = std::move(on_told);
    on_settled_ = std::move(on_settled);
    on_details_ = std::move(on_details);
  }
  Stage stage() const { return stage_; }
  /// Why it is over. Any thread that knows that it is.
  const std::string& why() const { return why_; }
  /// Asks the worker to leave although the function still runs, because an outcome is there; on_settled follows.
  /// `flush`: only after the newest details are saved.
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
  /// Returns the value that nobody has taken.
  std::unique_ptr<DetailsValue> leave(Leftovers left) {
    std::unique_ptr<DetailsValue> older;
    if (left.waiting && left.waiting->sequence < left.sequence) older.swap(left.waiting);
    newest_sequence_ = left.sequence;
    if (stage_ == Stage::kWithWorker) settle(Stage::kLeft, left);
    return older ? std::move(older) : std::move(left.waiting);
  }
  /// The value that was being encoded when the worker left: nothing, when it is older than what the worker knew.
  void tell_details(std::uint64_t sequence, Result<Payloads> details) {
    const auto tell = std::exchange(on_details_, nullptr);
    if (!tell || stage_ != Stage::kLeft) return;
    if (sequence < newest_sequence_) return tell(std::nullopt);
    tell(std::move(details));
  }
  /// Any thread as long as the attempt does not know of this object.
  void end(std::string why) {
    if (stage_ != Stage::kWithWorker) return;
    why_ = std::move(why);
    Leftovers nothing;
    settle(Stage::kOver, nothing);
  }

 private:
  void settle(Stage stage, Leftovers& left) {
    stage_ = stage;
    leave_ = nullptr;
    save_ = nullptr;
    on_told_ = nullptr;
    if (const auto settled = std::exchange(on_settled_, nullptr)) settled(left);
  }

  Stage stage_ = Stage::kWithWorker;
  bool lost_ = false;
  std::string why_{};
  std::function<void(StopCause)> on_told_{};
  std::function<void(Leftovers&)> on_settled_{};
  std::function<void(std::optional<Result<Payloads>>)> on_details_{};
  std::uint64_t newest_sequence_ = 0;  ///< of the worker's details when it left
  std::function<void(bool)> leave_{};
  Save save_{};
};

}  // namespace longbeat::internal
