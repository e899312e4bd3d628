#include "longbeat/pending.h"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "client/callbacks.h"

namespace longbeat::internal {

namespace {
enum class Phase { kOpen, kAnswered, kConverting, kFilled };

/// What code of the user's threw, if it did.
template <class Job>
std::optional<std::string> thrown_by(const Job& job) {
  try {
    job();
    return std::nullopt;
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "something that is not a std::exception";
  }
}

Error not_handed_over(const std::string& thrown) {
  return {ErrorCode::kInternal, "the answer cannot be handed over, that threw: " + thrown, {}, {}};
}
}  // namespace

struct PendingState::Sync {
  std::mutex mutex{};
  std::condition_variable changed{};
  Phase phase = Phase::kOpen;
  bool someone_waits = false;  ///< in wait(): that thread converts
  bool to_deliver = false;
  bool abandoned = false;
  Job convert{};
  Job give_up{};
  std::uint64_t calls_before = 0;  ///< counted by reopen()
  /// Weak: an executor may own the queue in which its jobs, and with them this, wait. Set anew by an execution's second
  /// call, whose conversion may be under way while the first one's answer is being posted.
  std::weak_ptr<Callbacks> callbacks{};
  std::vector<std::shared_ptr<TimeWait>> in_time{};  ///< of the threads in wait(), if somebody wants to know

  void end_waits() {
    for (const auto& wait : std::exchange(in_time, {})) wait->end();
  }
};

PendingState::PendingState() : sync_(std::make_unique<Sync>()) {}
PendingState::~PendingState() {
  if (sync_->to_deliver) log(LogLevel::kWarn, "a callback of a client call is not called: its executor dropped it");
}

void PendingState::deliver_on(const std::shared_ptr<Callbacks>& callbacks) {
  const std::lock_guard lock(sync_->mutex);
  sync_->callbacks = callbacks;
}

void PendingState::answer(std::shared_ptr<PendingState> state, Job convert, bool on_loop) {
  Sync& sync = *state->sync_;
  Job unused;  // Dies without the lock.
  std::weak_ptr<Callbacks> callbacks;
  {
    const std::lock_guard lock(sync.mutex);
    if (sync.phase != Phase::kOpen) return;
    sync.convert = std::move(convert);
    sync.phase = Phase::kAnswered;
    unused = std::exchange(sync.give_up, nullptr);
    sync.end_waits();
    if (sync.someone_waits) return sync.changed.notify_all();
    callbacks = sync.callbacks;
  }
  post(std::move(state), callbacks.lock(), on_loop);
}

void PendingState::answer_here(const Job& convert) {
  convert();
  Job unused;  // Dies without the lock.
  {
    const std::lock_guard lock(sync_->mutex);
    sync_->phase = Phase::kFilled;
    unused = std::exchange(sync_->give_up, nullptr);
    sync_->end_waits();
    sync_->changed.notify_all();
  }
  convert_and_deliver();
}

void PendingState::reopen() {
  const std::lock_guard lock(sync_->mutex);
  sync_->phase = Phase::kOpen;
  ++sync_->calls_before;
}

void PendingState::on_abandoned(Job give_up) {
  {
    const std::lock_guard lock(sync_->mutex);
    if (sync_->phase != Phase::kOpen) return;
    if (!sync_->abandoned) {
      sync_->give_up = std::move(give_up);
      return;
    }
  }
  give_up();
}

void PendingState::wait() {
  for (;;) {
    {
      std::unique_lock lock(sync_->mutex);
      sync_->someone_waits = true;
      if (const auto callbacks = sync_->callbacks.lock(); callbacks && sync_->phase == Phase::kOpen) {
        if (const auto watch = callbacks->watch()) sync_->in_time.push_back(watch->wait());
      }
      sync_->changed.wait(lock, [this] { return sync_->phase == Phase::kAnswered || sync_->phase == Phase::kFilled; });
      if (sync_->phase == Phase::kFilled) return;
    }
    convert_and_deliver();  // Unless another thread was quicker.
  }
}

void PendingState::deliver_later() {
  std::weak_ptr<Callbacks> callbacks;
  {
    const std::lock_guard lock(sync_->mutex);
    sync_->to_deliver = true;
    if (sync_->phase != Phase::kFilled) return;  // Whoever fills it goes on.
    callbacks = sync_->callbacks;
  }
  post(shared_from_this(), callbacks.lock(), false);
}

void PendingState::abandon() {
  Job give_up;
  {
    const std::lock_guard lock(sync_->mutex);
    sync_->abandoned = true;
    sync_->to_deliver = false;
    give_up = std::exchange(sync_->give_up, nullptr);
  }
  if (give_up) give_up();
}

bool PendingState::abandoned() const {
  const std::lock_guard lock(sync_->mutex);
  return sync_->abandoned;
}

bool PendingState::filled() const {
  const std::lock_guard lock(sync_->mutex);
  return sync_->phase == Phase::kFilled;
}

void PendingState::post(std::shared_ptr<PendingState> state, const std::shared_ptr<Callbacks>& callbacks,
                        bool on_loop) {
  if (!callbacks) {  // Its client has gone, which had ended all calls before.
    if (!on_loop) state->convert_and_deliver();
    return;
  }
  callbacks->post([state = std::move(state)] { state->convert_and_deliver(); }, on_loop);
}

void PendingState::convert_and_deliver() {
  std::unique_lock lock(sync_->mutex);
  if (sync_->phase == Phase::kAnswered) {
    sync_->phase = Phase::kConverting;
    const auto calls_before = sync_->calls_before;
    auto convert = std::exchange(sync_->convert, nullptr);
    lock.unlock();
    auto thrown = thrown_by(convert);
    convert = nullptr;
    lock.lock();
    const bool goes_on = sync_->calls_before != calls_before;  // Another call answers, may have done so already.
    if (thrown && goes_on && sync_->phase != Phase::kOpen) {  // By the callback: the other call had its answer at once.
      lock.unlock();
      log(LogLevel::kError, not_handed_over(*std::exchange(thrown, std::nullopt)).message);
      lock.lock();
    }
    if (thrown && (!goes_on || sync_->phase == Phase::kOpen)) {
      sync_->phase = Phase::kConverting;
      lock.unlock();
      fail(not_handed_over(*thrown));
      lock.lock();
      sync_->phase = Phase::kFilled;
    } else if (!goes_on) {
      sync_->phase = Phase::kFilled;
    }
    if (sync_->phase == Phase::kFilled) sync_->changed.notify_all();
  }
  if (sync_->phase != Phase::kFilled || !std::exchange(sync_->to_deliver, false)) return;
  lock.unlock();
  if (const auto thrown = thrown_by([this] { deliver(); }))
    log(LogLevel::kError, "a callback of a client call threw: " + *thrown);
}

}  // namespace longbeat::internal
