#pragma once
#include <chrono>
#include <thread>

namespace longbeat::test {

/// Waits for what another thread or process does: looks, and looks again after each `pause`. False when it is not so
/// after `longest`.
template <class Condition>
bool eventually(Condition is_so, std::chrono::nanoseconds longest = std::chrono::seconds(20),
                std::chrono::nanoseconds pause = std::chrono::milliseconds(5)) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace longbeat::test
