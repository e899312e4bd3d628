#pragma once
#include <iostream>
#include <string>

namespace interop {

/// Counts what is not as expected, and says so.
class Checks {
 public:
  void expect(bool as_expected, const std::string& what) {
    if (as_expected) return;
    ++failures_;
    std::cout << what << "\n";
  }
  int exit_code() const { return failures_ == 0 ? 0 : 1; }

 private:
  int failures_ = 0;
};

}  // namespace interop
