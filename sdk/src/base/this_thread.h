#pragma once
#include <cstdint>

namespace longbeat::internal {

/// The name that debuggers and top show for the calling thread: at most 15 characters. Where threads have none:
/// nothing.
void name_this_thread(const char* name) noexcept;

/// What the operating system calls the calling thread, as debuggers and top show it; 0 where it has no number.
std::int64_t this_thread_number() noexcept;

}  // namespace longbeat::internal
