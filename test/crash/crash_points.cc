// What longbeat-server-crashing has beyond longbeat-server: it dies where the test wants it to. README.md names the
// environment variables.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "storage/crash_point.h"
#include "support/fault_vfs.h"

namespace longbeat::crash {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// "name of the point:pass"
struct Wish {
  std::string point{};
  std::atomic<long> passes_left{0};
  Wish() {
    const std::string text = environment("LONGBEAT_CRASH_AT");
    const auto colon = text.find(':');
    if (colon == std::string::npos) return;
    point = text.substr(0, colon);
    passes_left = std::stol(text.substr(colon + 1));
  }
};

// Before main, so before any thread.
Wish wish;
const bool disk_is_slow = [] {
  const std::string ms = environment("LONGBEAT_CRASH_SYNC_MS");
  if (!ms.empty()) test::FaultVfs::install().sync_ms = std::stoi(ms);
  return !ms.empty();
}();

}  // namespace

void crash_point(const char* name) noexcept {
  if (wish.point == name && --wish.passes_left == 0) ::kill(::getpid(), SIGKILL);
}

std::uint64_t crash_test_value(const char* name, std::uint64_t normal) noexcept {
  static const std::string wal_bytes = environment("LONGBEAT_CRASH_WAL_BYTES");
  return std::string(name) == "WAL bytes" && !wal_bytes.empty() ? std::stoull(wal_bytes) : normal;
}

}  // namespace longbeat::crash
