#include "support/hindrance.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace longbeat::test {

using Clock = std::chrono::steady_clock;

Hindrance::Hindrance(const std::filesystem::path& file)
    : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), thread_([this] { watch(); }) {}

Hindrance::~Hindrance() {
  over_ = true;
  thread_.join();
  if (file_ >= 0) ::close(file_);
}

void Hindrance::watch() {
  using namespace std::chrono_literals;
  constexpr auto kPause = 5ms;
  constexpr int kPausesPerSync = 4;  // More syncs would hinder the others themselves.
  for (int round = 0; !over_; ++round) {
    const auto begin = Clock::now();
    std::this_thread::sleep_for(kPause);
    if (round % kPausesPerSync == 0 && ::pwrite(file_, "x", 1, 0) == 1) ::fdatasync(file_);
    const std::chrono::nanoseconds late = Clock::now() - begin - kPause;
    longest_ = std::max(longest_.load(), late.count());
  }
}

}  // namespace longbeat::test
