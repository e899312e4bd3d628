#include "client/lost_reports.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "base/log.h"

namespace longbeat::internal {
namespace {

/// How long the end of the process may be held up by reports of what was lost just before.
constexpr auto kPatienceAtExit = std::chrono::seconds(2);

}  // namespace

std::shared_ptr<LostReports> LostReports::instance() {
  static const auto& kept = *[] {
    expect_late_threads();  // The connections end on them.
    std::atexit([] { instance()->end_of_process(); });
    return new std::shared_ptr<LostReports>(std::make_shared<LostReports>());
  }();
  return kept;
}

void LostReports::end_of_process() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  if (wait_for_all(kPatienceAtExit)) return;
  log(LogLevel::kError, std::to_string(release_all()) +
                            " lost completions could not be reported before the end of the process; the server's "
                            "timeouts decide");
}

void LostReports::wait_if_over() {
  {
    const std::lock_guard lock(mutex_);
    if (!over_) return;
  }
  end_of_process();
}

std::shared_ptr<const LostReports::Kept> LostReports::keep(std::shared_ptr<ClientCore> core,
                                                           std::shared_ptr<const void> with) {
  const std::lock_guard lock(mutex_);
  auto kept = std::make_shared<const Kept>(shared_from_this(), ++last_, core->losses);
  cores_.emplace(last_, Held{std::move(core), std::move(with)});
  return kept;
}

/// Until the connection has ended: nothing of it may run when the process ends.
struct LostReports::Going {
  Going(std::shared_ptr<LostReports> kept_by, std::uint64_t kept_as, Held kept)
      : by(std::move(kept_by)), number(kept_as), held(std::move(kept)) {}
  ~Going() {
    held.with.reset();
    held.core.reset();
    by->gone(number);
  }
  Going(const Going&) = delete;
  Going& operator=(const Going&) = delete;

  std::shared_ptr<LostReports> by;
  std::uint64_t number;
  Held held;
};

void LostReports::release(std::uint64_t number) {
  Held held;
  {
    const std::lock_guard lock(mutex_);
    const auto found = cores_.find(number);
    if (found == cores_.end()) return;
    held = std::exchange(found->second, {});
  }
  const auto losses = held.core->losses;
  const bool on_own_thread = on_thread_of(*held.core->connection);
  losses->post([going = std::make_shared<Going>(shared_from_this(), number, std::move(held))] {}, on_own_thread);
}

void LostReports::gone(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  cores_.erase(number);
  if (cores_.empty()) released_.notify_all();
}

std::shared_ptr<ClientCore> LostReports::find(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = cores_.find(number);
  return found == cores_.end() ? nullptr : found->second.core;
}

bool LostReports::wait_for_all(std::chrono::nanoseconds patience) const {
  std::unique_lock lock(mutex_);
  return released_.wait_for(lock, patience, [this] { return cores_.empty(); });
}

std::size_t LostReports::release_all() {
  std::map<std::uint64_t, Held> all;  // Goes when the lock has gone.
  const std::lock_guard lock(mutex_);
  all.swap(cores_);
  return all.size();
}

}  // namespace longbeat::internal
