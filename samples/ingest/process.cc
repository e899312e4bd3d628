#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

Process::Process(const std::vector<std::string>& argv, const std::string& log_file) {
  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "cannot start '" + argv[0] + "'");
  if (pid_ > 0) return;

  // The child. Only calls that are safe after fork() in a program with threads.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  if (!log_file.empty()) {
    const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0 || ::dup2(log, STDOUT_FILENO) < 0 || ::dup2(log, STDERR_FILENO) < 0) ::_exit(127);
  }
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

Process::~Process() {
  kill();
}

std::optional<int> Process::ended() {
  return reap(WNOHANG);
}
int Process::wait() {
  return reap(0).value_or(127);
}

void Process::kill() {
  if (reap(WNOHANG)) return;
  ::kill(pid_, SIGKILL);
  wait();
}

int Process::terminate() {
  if (!reap(WNOHANG)) ::kill(pid_, SIGTERM);
  return wait();
}

std::optional<int> Process::reap(int options) {
  if (ended_) return ended_;
  int status = 0;
  pid_t result = ::waitpid(pid_, &status, options);
  while (result < 0 && errno == EINTR) result = ::waitpid(pid_, &status, options);
  if (result == pid_) ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended_;
}
