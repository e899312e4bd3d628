#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "longbeat/export.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"
#include "longbeat/serve.h"
#include "longbeat/start_input.h"
#include "longbeat/testing/activity_environment.h"

LONGBEAT_BEGIN

namespace testing {

/// Which heartbeat details the attempt that resumes is handed.
enum class KeptDetails : std::int8_t {
  /// The newest that the throttle had let through, as in production: what came after it is done twice, which shows
  /// effects that must not be repeated.
  kSent,
  /// Those of the heartbeat after which the process was killed: nothing is done twice, which shows at each single
  /// heartbeat whether it was called before its work was done.
  kCalled
};

/// How check_resume() goes about it. Every field has a usable default.
struct ResumeCheckOptions {
  /// What every run is made with. The attempt that resumes has the next number.
  ActivityEnvironmentOptions environment{};
  /// Brings the world outside (files, tables) to where the activity begins. Called before every run that begins, in its
  /// process. Empty: nothing.
  std::function<void()> prepare{};
  /// What survives.
  KeptDetails kept_details = KeptDetails::kSent;
  /// So much virtual time passes with each heartbeat, besides what the activity waits: with 1 s and a heartbeat timeout
  /// of 10 s, each eighth heartbeat is sent. Zero: an activity that never waits in its context sends only its first.
  std::chrono::nanoseconds heartbeat_time{0};
  /// After how many heartbeats the activity is killed, one for each try: the first, the last, and others spread evenly
  /// between them. At least 1.
  std::size_t points_max = 50;
  /// After every single heartbeat, whatever points_max says.
  bool every_heartbeat = false;
  /// How long one run may take, in real time; then it is killed, and that is the finding. More than zero; as long as
  /// you like.
  std::chrono::milliseconds time_limit{10'000};
};

/// What check_resume() found. Goes into any test framework: `CHECK(report)`, `EXPECT_TRUE(report) << report`.
struct ResumeReport {
  /// After each heartbeat that was tried, the resumed activity had the result and the effects of the uninterrupted one.
  bool passed = false;
  /// How many heartbeats the uninterrupted run called.
  std::size_t heartbeats = 0;
  /// The heartbeats, from 1, after which the activity was killed and resumed, in ascending order. Empty when nothing
  /// could be compared.
  std::vector<std::size_t> checked{};
  /// The first heartbeat of those after which the result or an effect is wrong. The one before it was tried too, and is
  /// right, unless this is number 1.
  std::optional<std::size_t> first_wrong{};
  /// What was checked or found, for people: one or several lines, without a newline at the end. No stable format.
  std::string text{};

  explicit operator bool() const noexcept { return passed; }
};
LONGBEAT_EXPORT std::ostream& operator<<(std::ostream& out, const ResumeReport& report);

}  // namespace testing

LONGBEAT_END

namespace longbeat::internal {

/// One check, whatever the types in it.
struct ResumeSubject {
  std::string activity{};
  ActivityFunction function{};
  Result<Payloads> input = Payloads();
  std::function<Result<std::string>()> observe{};
  testing::ResumeCheckOptions options{};
};

LONGBEAT_EXPORT testing::ResumeReport check_resume(const ResumeSubject& subject);
LONGBEAT_EXPORT int resume_check_main(char** arguments, const ResumeSubject& subject);

template <class Observe>
std::function<Result<std::string>()> as_text(Observe observe, const DataConverter& converter) {
  using Seen = std::remove_cvref_t<std::invoke_result_t<Observe&>>;
  static_assert(!std::is_void_v<Seen>,
                "longbeat: observe() returns what the activity has done, to be compared: text, or any value that can "
                "travel");
  return [observe = std::move(observe), converter]() mutable -> Result<std::string> {
    if constexpr (std::is_convertible_v<Seen, std::string>) {
      return std::string(observe());
    } else {
      auto payload = converter.to_payload<Seen>(observe());
      if (!payload) return std::move(payload).error();
      return std::move(payload->data);
    }
  };
}

template <class A, class Handler, class Input, class Observe>
ResumeSubject resume_subject(const A& activity, Handler handler, const Input& input, Observe observe,
                             testing::ResumeCheckOptions options) {
  ResumeSubject subject;
  subject.activity = std::string(activity.name());
  subject.function = Served<A>::function(std::move(handler));
  subject.input = element_input(options.environment.converter, activity, input);
  subject.observe = as_text(std::move(observe), options.environment.converter);
  subject.options = std::move(options);
  return subject;
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

namespace testing {

/// Does this activity go on where it was when its process dies? Runs it to the end; then, for one heartbeat after the
/// other, runs it again in a process that gets SIGKILL when that heartbeat returns, and resumes it in a new process
/// that runs to the end. Result and effects of each must be those of the first run. Stops at the first that are not,
/// and looks for the first heartbeat of which that is so; before, it runs once more undisturbed, since an activity that
/// is not the same each time (clocks, random numbers, process IDs) cannot be compared, and is told so.
///
///   const auto report = check_resume(copy, run_copy, std::tuple(from, to), [&] { return contents(to); },
///                                    {.prepare = [&] { std::filesystem::remove(to); }});
///   CHECK(report);
///
/// `handler` as for ActivityEnvironment::run(); each run has an environment of its own, in a process of its own.
/// `input`: the activity's one argument, or a tuple of its arguments. `observe()` returns what the activity has done
/// outside of the process: text, or any value that can travel (sorted, where order does not count); it is called at the
/// end of each run, in its process, so what an activity keeps in memory does not survive, as in production. The
/// assertions of a test framework do not count in these processes.
///
/// Forks, which only a process of one thread can do safely: refuses otherwise and says so; see resume_check_main(). The
/// log's own thread, which a process has once it has connected a client, does not count: it ends before and is there
/// again afterwards, so clients, workers and a LocalServer in memory may have come and gone. A process that the
/// activity forks and that leaves the activity, by an exception too, ends there with exit code 1. Throws
/// std::invalid_argument on a bad option. Crashes, exceptions, and runs that do not end within the time limit are
/// findings.
template <class A, class Handler, class Input, class Observe>
ResumeReport check_resume(const A& activity, Handler handler, const Input& input, Observe observe,
                          ResumeCheckOptions options = {}) {
  return internal::check_resume(
      internal::resume_subject(activity, std::move(handler), input, std::move(observe), std::move(options)));
}

/// The same for a program of its own, which may have threads: it starts itself again for each run, with the arguments
/// of main(), so it must come to this call again by itself. Prints the report to the standard output. Returns what
/// main() returns: 0 when passed, 1 when something is wrong, 2 when nothing could be checked, also because of a bad
/// option: throws nothing. Several in one program: one after the other; in the processes of the runs all others return
/// 0 at once. Those of one activity are told apart by their order, so it must be the same each time.
///
///   int main(int argc, char** argv) { return longbeat::testing::resume_check_main(argc, argv, copy, run_copy, ...); }
template <class A, class Handler, class Input, class Observe>
int resume_check_main(int argc, char** argv, const A& activity, Handler handler, const Input& input, Observe observe,
                      ResumeCheckOptions options = {}) {
  static_cast<void>(argc);
  return internal::resume_check_main(
      argv, internal::resume_subject(activity, std::move(handler), input, std::move(observe), std::move(options)));
}

}  // namespace testing

LONGBEAT_END
