#include "support/system_calls.h"

#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace longbeat::test {

SystemCalls& SystemCalls::instance() {
  static SystemCalls one;
  return one;
}

}  // namespace longbeat::test

using longbeat::test::SystemCalls;

// The linker takes these for the C library's.
extern "C" int flock(int descriptor, int operation) noexcept {
  if (const auto first = std::exchange(SystemCalls::instance().before_flock, nullptr)) first();
  return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
}

extern "C" int renameat2(int from_folder, const char* from, int to_folder, const char* to,
                         unsigned int flags) noexcept {
  if (flags != 0 && !SystemCalls::instance().renames_without_replacing) {
    errno = EINVAL;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}
