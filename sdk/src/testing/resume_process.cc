#include "testing/resume_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/clock.h"

namespace longbeat::internal {
namespace {

constexpr const char* kVariable = "LONGBEAT_RESUME_CHILD";

// ThreadSanitizer has a thread of its own, and knows what a fork does to it.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LONGBEAT_THREAD_SANITIZER
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(LONGBEAT_THREAD_SANITIZER)
constexpr std::size_t kNotOurs = 1;
#else
constexpr std::size_t kNotOurs = 0;
#endif

/// Without std::error_category: UndefinedBehaviorSanitizer cannot look at its virtual calls while no descriptor is
/// free.
Error system_error(const std::string& what, int number = errno) {
  return {ErrorCode::kInternal, what + ": " + ::strerror(number), {}, {}};
}

/// Closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

/// What has come so far. True at the end of it.
bool read_what_came(int descriptor, std::string& bytes) {
  std::array<char, 4096> part{};
  for (;;) {
    const auto count = ::read(descriptor, part.data(), part.size());
    if (count == 0) return true;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.append(part.data(), static_cast<std::size_t>(count));
  }
}

/// How a child ends is kept for waitpid(), also where the program ignores its children. The child inherits that.
class ChildrenAreKept {
 public:
  ChildrenAreKept() {
    ::sigaction(SIGCHLD, nullptr, &before_);
    if (before_.sa_handler != SIG_IGN && (before_.sa_flags & SA_NOCLDWAIT) == 0) return;
    struct sigaction kept = {};
    kept.sa_handler = SIG_DFL;
    changed_ = ::sigaction(SIGCHLD, &kept, nullptr) == 0;
  }
  ~ChildrenAreKept() {
    if (changed_) ::sigaction(SIGCHLD, &before_, nullptr);
  }
  ChildrenAreKept(const ChildrenAreKept&) = delete;
  ChildrenAreKept& operator=(const ChildrenAreKept&) = delete;

 private:
  struct sigaction before_ = {};
  bool changed_ = false;
};

/// The end of time where the limit lies beyond.
TimePoint end_of(std::chrono::milliseconds time_limit) {
  const TimePoint now = system_clock().now();
  const auto most = std::chrono::floor<std::chrono::milliseconds>(TimePoint::max() - now);
  return time_limit >= most ? TimePoint::max() : now + time_limit;
}

void note_end(ResumeRun& run, pid_t ended, int status) {
  if (ended < 0) {
    run.end = ResumeRun::End::kUntold;
    return;
  }
  run.end = WIFSIGNALED(status) ? ResumeRun::End::kSignaled : ResumeRun::End::kExited;
  run.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/// Only what may be called between fork and exec in a process of several threads.
void begin_child() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Handlers of the test framework would report here what nobody is to see.
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGTERM, SIGINT}) ::signal(signal, SIG_DFL);
}

void keep_open(int descriptor, bool across_exec) {
  const int flags = ::fcntl(descriptor, F_GETFD);
  ::fcntl(descriptor, F_SETFD, across_exec ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC);
}

}  // namespace

ResumeRun watch_process(const StartProcess& start, std::chrono::milliseconds time_limit) {
  using namespace std::chrono_literals;
  ResumeRun run;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    run.trouble = system_error("no pipe").message;
    return run;
  }
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  const ChildrenAreKept kept;
  const TimePoint until = end_of(time_limit);
  const auto process = start(writing.get());
  writing.close();
  if (!process) {
    run.trouble = process.error().message;
    return run;
  }
  std::string bytes;
  int status = 0;
  pid_t ended = 0;
  // Not the pipe's end alone: a process that the activity started may hold it, and a dead one must not be missed.
  for (bool told_all = false; (ended = ::waitpid(*process, &status, WNOHANG)) == 0;) {
    if (system_clock().now() >= until) {
      ::kill(*process, SIGKILL);
      ::waitpid(*process, &status, 0);
      run.end = ResumeRun::End::kTimedOut;
      break;
    }
    pollfd waiting{reading.get(), POLLIN, 0};
    ::poll(&waiting, told_all ? 0 : 1, told_all ? 1 : 20);
    told_all = read_what_came(reading.get(), bytes);
  }
  if (run.end != ResumeRun::End::kTimedOut) note_end(run, ended, status);
  read_what_came(reading.get(), bytes);
  run.story = read_story(bytes);
  return run;
}

Result<pid_t> fork_process(const std::function<void()>& child) {
  std::fflush(nullptr);  // Or both would write what is in the buffers.
  const pid_t process = ::fork();
  if (process < 0) return system_error("fork");
  if (process == 0) {
    begin_child();
    child();
    ::_exit(0);
  }
  return process;
}

Result<pid_t> start_again(char** arguments, int order, int story) {
  // All memory before the fork: other threads may hold the heap's locks in it.
  std::string variable = std::string(kVariable) + "=" + std::to_string(order) + "," + std::to_string(story);
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
  environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) return system_error("fork");
  if (process == 0) {
    begin_child();
    keep_open(order, true);
    keep_open(story, true);
    ::execve("/proc/self/exe", arguments, environment.data());
    ::_exit(127);
  }
  return process;
}

std::optional<ResumeDescriptors> descriptors_of_this_process() {
  const char* variable = std::getenv(kVariable);
  ResumeDescriptors found;
  if (variable == nullptr || std::sscanf(variable, "%d,%d", &found.order, &found.story) != 2) return std::nullopt;
  keep_open(found.order, false);
  keep_open(found.story, false);
  return found;
}

void forget_descriptors() {
  ::unsetenv(kVariable);
}

Result<std::size_t> threads_of_this_process() {
  std::error_code failed;
  const auto count = [&failed] {
    std::size_t threads = 0;
    for (auto task = std::filesystem::directory_iterator("/proc/self/task", failed);
         !failed && task != std::filesystem::directory_iterator(); task.increment(failed))
      ++threads;
    return threads;
  };
  std::size_t threads = count();
  for (int tries = 0; tries < 50 && !failed && threads > 1 + kNotOurs; ++tries) {
    ::poll(nullptr, 0, 2);
    threads = count();
  }
  if (failed) {
    return system_error("how many threads this process has cannot be read from /proc/self/task", failed.value());
  }
  return threads - std::min(threads, kNotOurs);
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) ::_exit(126);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string read_all(int descriptor) {
  std::string bytes;
  ::lseek(descriptor, 0, SEEK_SET);
  read_what_came(descriptor, bytes);
  return bytes;
}

}  // namespace longbeat::internal
