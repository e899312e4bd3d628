#pragma once
#include <cstdint>

/// Places where the crash test lets the server die, and values that it makes smaller so that things happen often: both
/// exist only in that test's own program, which compiles the few files that have any a second time (test/crash). In
/// every other program nothing is left of them.
#ifdef LONGBEAT_CRASH_POINTS
namespace longbeat::crash {
/// Ends the process with SIGKILL when this is the pass that was asked for.
void crash_point(const char* name) noexcept;
std::uint64_t crash_test_value(const char* name, std::uint64_t normal) noexcept;
}  // namespace longbeat::crash
#define LONGBEAT_CRASH_POINT(name) ::longbeat::crash::crash_point(name)
#define LONGBEAT_CRASH_TEST_VALUE(name, normal) ::longbeat::crash::crash_test_value(name, normal)
#else
#define LONGBEAT_CRASH_POINT(name) static_cast<void>(0)
#define LONGBEAT_CRASH_TEST_VALUE(name, normal) (normal)
#endif
