#pragma once
#include <functional>

namespace longbeat::test {

/// Stands between the program that links it and some of the system's calls, which otherwise do what they always do.
struct SystemCalls {
  static SystemCalls& instance();

  /// False: no file system knows how to rename without replacing.
  bool renames_without_replacing = true;
  /// Runs once, before the next flock().
  std::function<void()> before_flock{};
};

}  // namespace longbeat::test
