#include "support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace longbeat::test {
namespace {

/// Between fork and exec: async-signal-safe calls only, the parent has threads.
[[noreturn]] void become(char* const* arguments, int log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);  // The parent died before prctl could take effect.
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

TempFolder::TempFolder(const std::filesystem::path& parent) {
  std::string pattern = (parent / "longbeat-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("cannot make a folder below " + parent.string() + ": " + std::strerror(errno));
  }
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;  // What stays behind is in the system's temporary folder.
  std::filesystem::remove_all(path_, ignored);
}

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, std::filesystem::path log)
    : log_(std::move(log)), name_(arguments.at(0)) {
  if (::access(name_.c_str(), X_OK) != 0) throw std::runtime_error("cannot run " + name_ + ": " + std::strerror(errno));
  const int log_file = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_file < 0) throw std::runtime_error("cannot write " + log_.string() + ": " + std::strerror(errno));
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  for (auto& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(pointers.data(), log_file, parent);
  const int error = errno;
  ::close(log_file);
  if (pid_ < 0) throw std::runtime_error("cannot fork for " + name_ + ": " + std::strerror(error));
}

ChildProcess::~ChildProcess() {
  kill();
}

void ChildProcess::kill() {
  if (reaped_) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) continue;
  reaped_ = true;
}

void ChildProcess::terminate() {
  if (running()) ::kill(pid_, SIGTERM);
}

std::optional<int> ChildProcess::exit_code() {
  if (running() || !WIFEXITED(wait_status_)) return std::nullopt;
  return WEXITSTATUS(wait_status_);
}

bool ChildProcess::was_killed() {
  return !running() && WIFSIGNALED(wait_status_) && WTERMSIG(wait_status_) == SIGKILL;
}

bool ChildProcess::running() {
  if (!reaped_ && ::waitpid(pid_, &wait_status_, WNOHANG) == pid_) reaped_ = true;
  return !reaped_;
}

std::chrono::nanoseconds ChildProcess::cpu_time() const {
  clockid_t clock{};
  timespec spent{};
  if (reaped_ || ::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &spent) != 0) return {};
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

std::uintmax_t ChildProcess::resident_bytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/statm");
  std::uintmax_t all = 0, resident = 0;
  if (reaped_ || !(in >> all >> resident)) return 0;
  return resident * static_cast<std::uintmax_t>(::sysconf(_SC_PAGESIZE));
}

std::string ChildProcess::log_tail() const {
  std::ifstream in(log_);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string all = text.str();
  constexpr std::size_t kTail = 2000;
  return all.size() <= kTail ? all : "..." + all.substr(all.size() - kTail);
}

int ChildProcess::wait_for_port(const std::filesystem::path& file, std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < until) {
    std::ifstream in(file);
    std::string line;
    if (std::getline(in, line) && !line.empty()) return std::stoi(line);  // Empty: seen while it is written.
    if (!running()) throw std::runtime_error(name_ + " ended at its start; it said:\n" + log_tail());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  throw std::runtime_error(name_ + " wrote no port to " + file.string() + " within " + std::to_string(timeout.count()) +
                           " ms; it said:\n" + log_tail());
}

}  // namespace longbeat::test
