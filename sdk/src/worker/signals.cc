#include "worker/signals.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

#include "base/clock.h"

namespace longbeat::internal {
namespace {

constexpr std::size_t kMostWatches = 64;
std::array<std::atomic<int>, kMostWatches> descriptors{};  // Descriptor + 1; 0 is free. Read by the handler.
std::atomic<std::int64_t> first_signal{0};                 // Its time in nanoseconds; 0: none yet.
std::mutex watches_mutex;
int watches = 0;
struct sigaction old_interrupt, old_terminate;

/// Only what is safe in a signal handler.
void on_signal(int number) {
  const int saved = errno;
  const std::int64_t now = system_clock().now().time_since_epoch().count();  // Safe in a handler.
  std::int64_t first = 0;
  if (!first_signal.compare_exchange_strong(first, now)) {
    if (now - first >= SignalWatch::kSecondSignalAfter.count()) _exit(128 + number);
    errno = saved;
    return;
  }
  for (const auto& entry : descriptors) {
    const int descriptor = entry.load() - 1;
    const std::uint64_t one = 1;
    if (descriptor >= 0 && write(descriptor, &one, sizeof one) < 0) _exit(128 + number);  // Nobody would hear of it.
  }
  errno = saved;
}

}  // namespace

SignalWatch::SignalWatch() {
  const std::lock_guard lock(watches_mutex);
  descriptor_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor_ < 0) return;
  for (std::size_t place = 0; place < kMostWatches && place_ < 0; ++place) {
    int free = 0;
    if (descriptors[place].compare_exchange_strong(free, descriptor_ + 1)) place_ = static_cast<int>(place);
  }
  if (place_ < 0) {
    close(descriptor_);
    descriptor_ = -1;
    return;
  }
  if (watches++ > 0) return;
  first_signal.store(0);
  system_clock();  // Made here: the handler must not be the one that constructs it.
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_interrupt);
  sigaction(SIGTERM, &action, &old_terminate);
}

SignalWatch::~SignalWatch() {
  if (place_ < 0) return;
  const std::lock_guard lock(watches_mutex);
  if (--watches == 0) {
    sigaction(SIGINT, &old_interrupt, nullptr);
    sigaction(SIGTERM, &old_terminate, nullptr);
  }
  descriptors[static_cast<std::size_t>(place_)].store(0);
  close(descriptor_);
}

}  // namespace longbeat::internal
