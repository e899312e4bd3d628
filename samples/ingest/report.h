#pragma once
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

/// What the demo prints: a time line as it happens, then checks. One thread.
class Report {
 public:
  /// Something happened just now.
  template <class... Parts>
  void event(const Parts&... parts) {
    print_event(text(parts...));
  }
  /// Something that must hold; one that does not makes all_right() false.
  template <class... Parts>
  void check(bool holds, const Parts&... parts) {
    print_check(holds, text(parts...));
  }
  bool all_right() const { return all_right_; }
  void print_time_line() const;

 private:
  template <class... Parts>
  static std::string text(const Parts&... parts) {
    std::ostringstream out;
    out.precision(1);
    out << std::fixed;
    (out << ... << parts);
    return out.str();
  }
  void print_event(const std::string& text);
  void print_check(bool holds, const std::string& text);

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::vector<std::string> time_line_;
  bool all_right_ = true;
};
