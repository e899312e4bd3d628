#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

/// A child process that never outlives its Process object, nor this program. One thread.
class Process {
 public:
  /// Starts argv[0] with these arguments. Its output goes to log_file, or where ours goes when that is empty. Throws
  /// std::system_error.
  explicit Process(const std::vector<std::string>& argv, const std::string& log_file = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  /// The exit code when it has ended, or 128 + the signal; nothing while it runs.
  std::optional<int> ended();
  /// Waits for its end and returns the same.
  int wait();
  /// kill -9, and waits for its end.
  void kill();
  /// SIGTERM, and waits for its end.
  int terminate();

 private:
  std::optional<int> reap(int options);

  pid_t pid_ = -1;
  std::optional<int> ended_;
};
