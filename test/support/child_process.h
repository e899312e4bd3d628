#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longbeat::test {

/// A folder of its own below `parent`, gone with this object.
class TempFolder {
 public:
  explicit TempFolder(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_{};
};

/// One process that was started here and ends with this object; the kernel kills it too when the starting thread dies.
/// Start it on a thread that lives as long as it. Not thread-safe.
class ChildProcess {
 public:
  /// Runs arguments[0] with the rest; its output is appended to `log`. Throws std::runtime_error when it cannot be run.
  ChildProcess(const std::vector<std::string>& arguments, std::filesystem::path log);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// kill -9, and waits until it is gone.
  void kill();
  /// Asks it to end (SIGTERM); does not wait.
  void terminate();
  /// What it ended with by itself; nothing while it runs, or when a signal ended it.
  std::optional<int> exit_code();
  /// It ended by SIGKILL, whoever sent it.
  bool was_killed();
  /// False once it has ended.
  bool running();
  /// CPU time of all its threads so far; of the dead, zero.
  std::chrono::nanoseconds cpu_time() const;
  /// Memory it occupies now; of the dead, zero.
  std::uintmax_t resident_bytes() const;
  /// The last lines it wrote.
  std::string log_tail() const;
  /// Waits for the port it writes to `file`. Throws std::runtime_error with its last lines when it ends or takes
  /// longer.
  int wait_for_port(const std::filesystem::path& file, std::chrono::milliseconds timeout);

 private:
  pid_t pid_ = -1;
  bool reaped_ = false;
  int wait_status_ = 0;
  std::filesystem::path log_;
  std::string name_{};
};

}  // namespace longbeat::test
