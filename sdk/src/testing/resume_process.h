#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "longbeat/result.h"
#include "testing/resume_wire.h"

// The processes of a resume check.

namespace longbeat::internal {

/// How one run's process ended, and what it told.
struct ResumeRun {
  enum class End : std::int8_t {
    kExited,
    kSignaled,
    kTimedOut,
    kNotStarted,
    kUntold,  ///< it is gone, and somebody else was told how
  };
  End end = End::kNotStarted;
  int code = 0;           ///< exit code, or number of the signal
  std::string trouble{};  ///< why it was not started
  ResumeStory story{};
};

/// Starts a process that tells its story to the descriptor given, and gives its ID.
using StartProcess = std::function<Result<pid_t>(int story)>;

/// Reads until the process has ended; kills it after `time_limit` of real time. Children that this process ignores
/// (SIGCHLD) count meanwhile all the same.
ResumeRun watch_process(const StartProcess& start, std::chrono::milliseconds time_limit);

/// A copy of this process, of one thread, that runs `child`, which does not return.
Result<pid_t> fork_process(const std::function<void()>& child);
/// This program from its beginning, with these arguments, `order` and `story` open under the same numbers, and told so.
Result<pid_t> start_again(char** arguments, int order, int story);
/// In a process made by start_again(): its descriptors. Nothing in any other.
struct ResumeDescriptors {
  int order = -1, story = -1;
};
std::optional<ResumeDescriptors> descriptors_of_this_process();
/// From now on it is one like any other to those it starts itself.
void forget_descriptors();

/// Waits a moment for threads that have been joined and are not quite gone. An error when the system does not tell.
Result<std::size_t> threads_of_this_process();

/// All of it, or ends the process: nobody is there who reads it.
void write_all(int descriptor, std::string_view bytes);
std::string read_all(int descriptor);

}  // namespace longbeat::internal
