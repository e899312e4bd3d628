#include "core/stop_state.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "base/log.h"

namespace longbeat::internal {
namespace {

void call(const std::function<void(StopCause)>& function, StopCause cause) noexcept {
  try {
    function(cause);
  } catch (const std::exception& error) {
    log(LogLevel::kError, std::string("a callback given to on_stop threw: ") + error.what());
  } catch (...) {
    log(LogLevel::kError, "a callback given to on_stop threw something that is not a std::exception");
  }
}

}  // namespace

void StopListener::deliver(const std::vector<StopCause>& causes) noexcept {
  std::unique_lock lock(mutex_);
  while (!closed_ && delivered_ < causes.size()) {
    const StopCause cause = causes[delivered_++];
    running_ = true;
    running_on_ = std::this_thread::get_id();
    lock.unlock();
    call(function_, cause);
    lock.lock();
    running_ = false;
    call_ended_.notify_all();
  }
  if (!closed_inside_) return;
  const auto function = std::exchange(function_, nullptr);
  lock.unlock();  // Its destructor is user code.
}

void StopListener::close() noexcept {
  std::unique_lock lock(mutex_);
  closed_ = true;
  if (running_ && running_on_ == std::this_thread::get_id()) {
    closed_inside_ = true;
    return;
  }
  call_ended_.wait(lock, [&] { return !running_; });
  const auto function = std::exchange(function_, nullptr);
  lock.unlock();
}

StopState::~StopState() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool StopState::stop(StopCause cause, bool lost) noexcept {
  const std::lock_guard lock(mutex_);
  if (ended()) return false;
  const auto end = causes_.begin() + static_cast<std::ptrdiff_t>(cause_count_);
  const bool known = std::find(causes_.begin(), end, cause) != end;
  if (known && (!lost || lost_.load())) return false;
  if (!known) causes_[cause_count_++] = cause;
  if (lost) lost_.store(true);
  stopped_.store(true);
  came_.notify_all();
  if (!known && descriptor_ >= 0) ::eventfd_write(descriptor_, 1);
  return true;
}

bool StopState::announce_shutdown() noexcept {
  const std::lock_guard lock(mutex_);
  return !ended() && !shutting_down_.exchange(true);
}

void StopState::end() noexcept {
  const std::lock_guard lock(mutex_);
  ended_.store(true);
  came_.notify_all();
}

std::vector<StopCause> StopState::causes() const {
  const std::lock_guard lock(mutex_);
  return {causes_.data(), causes_.data() + cause_count_};
}

void StopState::wait(std::chrono::nanoseconds time) const noexcept {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, time, [&] { return stopped() || ended(); });
}

int StopState::descriptor() noexcept {
  const std::lock_guard lock(mutex_);
  if (descriptor_ < 0) descriptor_ = ::eventfd(static_cast<unsigned>(cause_count_), EFD_CLOEXEC | EFD_NONBLOCK);
  return descriptor_;
}

bool StopState::add(const std::shared_ptr<StopListener>& listener) {
  const std::lock_guard lock(mutex_);
  if (ended()) return false;
  std::erase_if(listeners_, [](const auto& known) { return known.expired(); });
  listeners_.push_back(listener);
  return true;
}

std::vector<std::shared_ptr<StopListener>> StopState::listeners_to_tell() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<StopListener>> untold;
  for (const auto& known : listeners_) {
    auto listener = known.lock();
    if (!listener || std::exchange(listener->announced, cause_count_) == cause_count_) continue;
    untold.push_back(std::move(listener));
  }
  return untold;
}

}  // namespace longbeat::internal
