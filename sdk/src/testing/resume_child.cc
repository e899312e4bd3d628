#include "testing/resume_child.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <mutex>
#include <utility>

#include "core/outcome.h"
#include "testing/environment_access.h"
#include "testing/resume_process.h"

namespace longbeat::internal {
namespace {

/// Runs code of the test's; what it throws becomes an error.
template <class Fn>
auto guarded(const char* what, Fn&& fn) -> Result<decltype(fn())> {
  const auto error = [&](const std::string& thrown) {
    return Error{ErrorCode::kFailedPrecondition, std::string(what) + " threw " + thrown, {}, {}};
  };
  try {
    if constexpr (std::is_void_v<decltype(fn())>) {
      fn();
      return {};
    } else {
      return fn();
    }
  } catch (...) {
    return error(to_string(failure_of_exception()));
  }
}

[[noreturn]] void tell_ending(int story, const ResumeEnding& ending) {
  write_all(story, written_ending(ending));
  std::fflush(nullptr);
  ::_exit(0);
}

/// Ends a copy of the process that leaves the activity, as when code between fork and exec throws: without the threads
/// of the run it would wait for ever.
struct OnlyHere {
  const pid_t own;
  ~OnlyHere() {
    if (::getpid() != own) ::_exit(1);
  }
};

ActivityFunction in_this_process(const ActivityFunction& function) {
  return [function, own = ::getpid()](ActivityContext& context, const Payloads& input) {
    const OnlyHere here{own};
    return function(context, input);
  };
}

/// What the killed process leaves to the next one.
Result<Payloads> left(testing::KeptDetails kept, const TestRun& run) {
  if (kept == testing::KeptDetails::kSent) return run.held_details();
  auto called = run.called_details();
  return called.empty() ? run.held_details() : Result<Payloads>(std::move(called));
}

}  // namespace

void run_and_tell(const ResumeSubject& subject, const ResumeOrder& order, int story) {
  const auto& options = subject.options;
  auto environment_options = options.environment;
  if (order.resumes) {
    ++environment_options.info.attempt;
    environment_options.info.heartbeat_details = order.details;
  } else if (options.prepare) {
    if (auto prepared = guarded("prepare()", options.prepare); !prepared)
      tell_ending(story, {std::move(prepared).error(), std::string()});
  }
  testing::ActivityEnvironment environment(std::move(environment_options));
  std::mutex telling;  // The activity may heartbeat from several threads.
  EnvironmentAccess::after_heartbeat(environment, [&](std::size_t number, TestRun& run) {
    {
      const std::lock_guard lock(telling);
      write_all(story, written_heartbeat());
      if (number == order.kill_after) {
        write_all(story, written_details(left(options.kept_details, run)));
        ::kill(::getpid(), SIGKILL);
      }
    }
    if (options.heartbeat_time > std::chrono::nanoseconds::zero()) run.advance(options.heartbeat_time);
  });
  ResumeEnding ending;
  ending.result =
      EnvironmentAccess::run(environment, subject.activity, in_this_process(subject.function), subject.input).result;
  auto observed = guarded("observe()", subject.observe);
  ending.observed = observed ? *std::move(observed) : Result<std::string>(std::move(observed).error());
  tell_ending(story, ending);
}

}  // namespace longbeat::internal
