// Runs a test that waits for real time, and watches the machine meanwhile.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/files.h"
#include "support/hindrance.h"
#include "support/program.h"
#include "support/temporary_directory.h"

namespace longbeat::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kUsage =
    "unhindered [--cases] PROGRAM [ARGUMENT...]\n"
    "  Exits as PROGRAM does, which is to pass or to fail. A failure proves nothing when the machine meanwhile let\n"
    "  nobody work for a fifth of a second: then it runs again, up to three times in all. When all three were "
    "hindered,\n"
    "  that is said, and the exit code is 77, which ctest shows as skipped. With --cases PROGRAM is one of Catch2, and "
    "its\n"
    "  cases run again one by one: so only those that fail have to be lucky.\n";

constexpr int kNotProven = 77, kTries = 3;
/// Leases and limits in tests are several times as long.
constexpr auto kLongest = 200ms;

using Command = std::vector<std::string>;

/// Runs it with our input and output, until it ends. It dies with us.
int run(const Command& command) {
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) throw std::runtime_error("no fork");
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct Try {
  /// It passed, failed on a machine that worked, or says by itself that it cannot run here.
  bool counts() const { return code == 0 || code == kNotProven || !hindered; }
  int code = 0;
  bool hindered = false;
};

Try watch(const Command& command) {
  const TemporaryDirectory folder;
  const Hindrance hindrance(folder.file("sync"));
  Try one{.code = run(command)};
  one.hindered = hindrance.longest() > kLongest;
  if (!one.counts()) {
    std::printf("PROVES NOTHING: failed with %d, but the machine let nobody work for %.2f s\n", one.code,
                std::chrono::duration<double>(hindrance.longest()).count());
  }
  return one;
}

/// Catch2's pattern for the case of this name alone.
std::string pattern(std::string_view name) {
  std::string text;
  for (const char letter : name) {
    if (std::string_view(",[]\\*\"").find(letter) != std::string_view::npos) text += '\\';
    text += letter;
  }
  return text;
}

/// The same program once for each of its cases that its arguments choose.
std::vector<Command> cases_of(const Command& command) {
  std::string listing;
  for (const auto& argument : command) listing += "'" + argument + "' ";
  const TemporaryDirectory folder;
  const auto said = folder.file("cases");
  run_command(listing + "--list-test-names-only", said);
  const auto names = content_of(said);
  std::vector<Command> cases;
  for (std::size_t begin = 0; begin < names.size();) {
    const auto end = names.find('\n', begin);
    const auto name = std::string_view(names).substr(begin, end - begin);
    if (!name.empty()) cases.push_back({command.front(), pattern(name)});
    begin = end == std::string::npos ? names.size() : end + 1;
  }
  return cases;
}

/// Its exit code, or kNotProven.
int prove(const Command& command, int tries) {
  for (int i = 0; i < tries; ++i) {
    const auto one = watch(command);
    if (one.counts()) return one.code;
  }
  std::printf("NOT PROVEN: %s\n", command.back().c_str());
  return kNotProven;
}

int run_unhindered(int count, char** arguments) {
  Command command(arguments + 1, arguments + count);
  const bool cases = !command.empty() && command.front() == "--cases";
  if (cases) command.erase(command.begin());
  if (command.empty()) throw std::invalid_argument("PROGRAM is missing");
  const auto first = watch(command);
  if (first.counts()) return first.code;
  if (!cases) return prove(command, kTries - 1);
  int result = 0;
  for (const auto& one : cases_of(command)) {
    const int code = prove(one, kTries);
    if (code != 0 && (result == 0 || result == kNotProven)) result = code;
  }
  return result;
}

}  // namespace
}  // namespace longbeat::test

int main(int count, char** arguments) {
  return longbeat::test::run_program("unhindered", longbeat::test::kUsage,
                                     [&] { return longbeat::test::run_unhindered(count, arguments); });
}
