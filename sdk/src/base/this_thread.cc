#include "base/this_thread.h"

#if defined(__linux__)
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace longbeat::internal {

void name_this_thread([[maybe_unused]] const char* name) noexcept {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), name);  // Fails only for names that are too long.
#endif
}

std::int64_t this_thread_number() noexcept {
#if defined(__linux__)
  return syscall(SYS_gettid);
#else
  return 0;
#endif
}

}  // namespace longbeat::internal
