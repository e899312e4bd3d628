#include "client/lost_reports.h"

#include <string>
#include <utility>

#include "base/log.h"

namespace longbeat::internal {
namespace {

/// How long the end of the process may be held up by reports of what was lost just before.
constexpr auto kPatienceAtExit = std::chrono::seconds(2);

}  // namespace

std::shared_ptr<LostReports> LostReports::instance() {
  struct AtExit {
    std::shared_ptr<LostReports> reports = std::make_shared<LostReports>();
    ~AtExit() {
      if (reports->wait_for_all(kPatienceAtExit)) return;
      log(LogLevel::kError, std::to_string(reports->release_all()) +
                                " lost completions could not be reported before the end of the process; the server's "
                                "timeouts decide");
    }
  };
  // The log has to outlive what is made after it: reports are told of until the end.
  static_cast<void>(log_enabled(LogLevel::kError));
  static const AtExit kept;
  return kept.reports;
}

std::shared_ptr<const LostReports::Kept> LostReports::keep(std::shared_ptr<ClientCore> core) {
  const std::lock_guard lock(mutex_);
  auto kept = std::make_shared<const Kept>(shared_from_this(), ++last_, core->callbacks);
  cores_.emplace(last_, std::move(core));
  return kept;
}

void LostReports::release(std::uint64_t number) {
  std::shared_ptr<ClientCore> core;
  {
    const std::lock_guard lock(mutex_);
    const auto found = cores_.find(number);
    if (found == cores_.end()) return;
    core = std::move(found->second);
    cores_.erase(found);
    if (cores_.empty()) released_.notify_all();
  }
  const auto callbacks = core->callbacks;
  const bool on_own_thread = on_thread_of(*core->connection);
  callbacks->post([core = std::move(core)] {}, on_own_thread);
}

std::shared_ptr<ClientCore> LostReports::find(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = cores_.find(number);
  return found == cores_.end() ? nullptr : found->second;
}

bool LostReports::wait_for_all(std::chrono::nanoseconds patience) const {
  std::unique_lock lock(mutex_);
  return released_.wait_for(lock, patience, [this] { return cores_.empty(); });
}

std::size_t LostReports::release_all() {
  std::map<std::uint64_t, std::shared_ptr<ClientCore>> all;  // Goes when the lock has gone.
  const std::lock_guard lock(mutex_);
  all.swap(cores_);
  return all.size();
}

bool on_thread_of(Connection& connection) {
  return connection.loop().on_this_thread() || connection.courier().running_here() != 0;
}

}  // namespace longbeat::internal
