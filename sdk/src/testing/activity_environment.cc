#include "longbeat/testing/activity_environment.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

#include "base/guarded.h"
#include "core/stall.h"
#include "testing/environment_access.h"
#include "testing/test_run.h"
#include "worker/registry.h"

LONGBEAT_BEGIN

namespace testing {
namespace {

using internal::Nanoseconds;

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("ActivityEnvironment" + what);
}

void check_time(const char* where, Nanoseconds at) {
  if (at < Nanoseconds::zero()) refuse(std::string("::") + where + ": the time is negative");
}

/// By its number, which may be no cause at all.
void check_known(const char* where, StopCause cause) {
  if (cause < StopCause::kCanceled || cause > StopCause::kStalled)
    refuse(std::string("::") + where + ": StopCause(" + std::to_string(static_cast<int>(cause)) + ") is none");
}

void check_cause(const char* where, StopCause cause) {
  check_known(where, cause);
  if (cause == StopCause::kBrokenDetails || cause == StopCause::kStalled)
    refuse(std::string("::") + where + ": '" + std::string(to_string(cause)) + "' only comes from the activity itself");
}

void check_timeout(const char* name, const std::optional<Nanoseconds>& timeout) {
  if (timeout && *timeout <= Nanoseconds::zero())
    refuse(std::string("Options.info.") + name + " is " + std::to_string(timeout->count()) +
           " ns, must be more than 0, or not set");
}

void check(const ActivityEnvironmentOptions& options) {
  check_timeout("start_to_close_timeout", options.info.start_to_close_timeout);
  check_timeout("schedule_to_close_timeout", options.info.schedule_to_close_timeout);
  check_timeout("heartbeat_timeout", options.info.heartbeat_timeout);
  if (options.info.attempt < 1)
    refuse("Options.info.attempt is " + std::to_string(options.info.attempt) + ", must be at least 1");
  if (std::find(options.codecs.begin(), options.codecs.end(), nullptr) != options.codecs.end())
    refuse("Options.codecs has a null pointer");
  if (std::find(options.interceptors.begin(), options.interceptors.end(), nullptr) != options.interceptors.end())
    refuse("Options.interceptors has a null pointer");
  if (options.thread_time.count() < 0 || options.thread_time > std::chrono::seconds(10))
    refuse("Options.thread_time is " + std::to_string(options.thread_time.count()) + " ms, must be 0 to 10 s");
  if (!options.serve.auto_heartbeat) return;
  const auto mistake = internal::stall_timeout_mistake(options.serve.auto_heartbeat->stall_timeout);
  if (!mistake.empty()) refuse("Options.serve.auto_heartbeat." + mistake);
}

}  // namespace

class ActivityEnvironment::Impl {
 public:
  explicit Impl(ActivityEnvironmentOptions given) : options(std::move(given)) {}

  /// On this thread; nobody else's run is under way meanwhile.
  internal::EncodedRun run(std::string type, internal::ActivityFunction function, Payloads input) {
    internal::Registry registry;
    registry.add(type, std::move(function), options.serve);
    registry.add_interceptors(options.interceptors);
    if (auto mistake = registry.mistake()) return {{}, *std::move(mistake)};
    auto run = std::make_shared<internal::TestRun>(options, plan, after_heartbeat);
    keep(run);
    struct Mark {
      explicit Mark(std::atomic<bool>& of) : flag(of) { flag.store(true); }
      ~Mark() { flag.store(false); }
      std::atomic<bool>& flag;
    } const mark(running);
    auto report = run->run(std::move(type), registry, std::move(input));
    took.store(report.report.took.count());
    // A LateCompletion may still use its connection; otherwise its threads end here.
    if (report.report.end != AttemptEndKind::kHandedOver) keep(nullptr);
    return report;
  }
  /// The one before ends outside of the lock: it waits for code of the user's.
  void keep(std::shared_ptr<internal::TestRun> run) {
    last.with([&](auto& current) { current.swap(run); });
  }
  /// Null when no activity runs.
  std::shared_ptr<internal::TestRun> current() const {
    if (!running.load()) return nullptr;
    return last.with([](const auto& run) { return run; });
  }

  ActivityEnvironmentOptions options;
  internal::RunPlan plan{};
  internal::TestRun::AfterHeartbeat after_heartbeat{};
  std::atomic<bool> running{false};
  std::atomic<std::int64_t> took{0};
  internal::Guarded<std::shared_ptr<internal::TestRun>> last{};
};

ActivityEnvironment::ActivityEnvironment(ActivityEnvironmentOptions options) {
  check(options);
  impl_ = std::make_unique<Impl>(std::move(options));
}

ActivityEnvironment::~ActivityEnvironment() = default;

const ActivityEnvironmentOptions& ActivityEnvironment::options() const noexcept {
  return impl_->options;
}

void ActivityEnvironment::set_encoded_details(Result<Payloads> details) {
  if (!details) refuse("::set_previous_details: " + details.error().message);
  impl_->options.info.heartbeat_details = *std::move(details);
}

void ActivityEnvironment::continue_after(const RunReport& run) {
  if (!run.left.details) refuse("::continue_after: " + run.left.details.error().message);
  impl_->options.info.heartbeat_details = *run.left.details;
  ++impl_->options.info.attempt;
}

void ActivityEnvironment::stop_at(Nanoseconds at, StopCause cause) {
  check_time("stop_at", at);
  check_cause("stop_at", cause);
  impl_->plan.stops.push_back({at, cause});
}

void ActivityEnvironment::stop_after_heartbeat(std::size_t number, StopCause cause) {
  if (number == 0) refuse("::stop_after_heartbeat: heartbeats are counted from 1");
  check_cause("stop_after_heartbeat", cause);
  impl_->plan.stops_after.push_back({number, cause});
}

void ActivityEnvironment::ask_at(Nanoseconds at, StopCause cause) {
  check_time("ask_at", at);
  check_known("ask_at", cause);
  const bool from_server = cause == StopCause::kCanceled || cause == StopCause::kPaused || cause == StopCause::kReset ||
                           cause == StopCause::kNotFound;
  if (!from_server) refuse("::ask_at: no server is asked for '" + std::string(to_string(cause)) + "'; see stop_at");
  impl_->plan.asked.push_back({at, cause});
}

void ActivityEnvironment::announce_shutdown_at(Nanoseconds at) {
  check_time("announce_shutdown_at", at);
  impl_->plan.announcements.push_back(at);
}

void ActivityEnvironment::disconnect(Nanoseconds from, Nanoseconds until) {
  check_time("disconnect", from);
  if (until <= from) refuse("::disconnect: it would end before it begins");
  impl_->plan.outages.push_back({from, until});
}

void ActivityEnvironment::advance(Nanoseconds by) {
  const auto run = impl_->current();
  if (!run || by <= Nanoseconds::zero()) return;
  if (by > internal::VirtualClock::kLongest - run->passed())
    refuse("::advance: virtual time ends 100 years after the start of the run");
  run->advance(by);
}

void ActivityEnvironment::stop(StopCause cause) {
  check_cause("stop", cause);
  if (const auto run = impl_->current()) run->stop(cause);
}

Nanoseconds ActivityEnvironment::passed() const {
  const auto run = impl_->current();
  return run ? run->passed() : Nanoseconds(impl_->took.load());
}

internal::EncodedRun ActivityEnvironment::run_encoded(std::string type, internal::ActivityFunction function,
                                                      Result<Payloads> input) {
  if (impl_->running.load()) throw std::logic_error("ActivityEnvironment::run: one activity at a time");
  if (!input) return {{}, std::move(input).error()};
  return impl_->run(std::move(type), std::move(function), *std::move(input));
}

}  // namespace testing

LONGBEAT_END

namespace longbeat::internal {

void EnvironmentAccess::after_heartbeat(testing::ActivityEnvironment& environment, TestRun::AfterHeartbeat tell) {
  environment.impl_->after_heartbeat = std::move(tell);
}

}  // namespace longbeat::internal
