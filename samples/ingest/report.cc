#include "report.h"

#include <unistd.h>

#include <cstdio>

void Report::print_event(const std::string& text) {
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - began_;
  char time[32];
  std::snprintf(time, sizeof time, "%5.1f s  ", since.count());
  time_line_.push_back(time + text);
  // The client may be drawing its bar on the same line.
  std::printf("%s%s\n", ::isatty(STDOUT_FILENO) == 1 ? "\r\033[K" : "", time_line_.back().c_str());
  std::fflush(stdout);
}

void Report::print_check(bool holds, const std::string& text) {
  all_right_ = all_right_ && holds;
  std::printf("  %s  %s\n", holds ? "ok   " : "WRONG", text.c_str());
  std::fflush(stdout);
}

void Report::print_time_line() const {
  std::printf("\nTime line\n");
  for (const auto& line : time_line_) std::printf("  %s\n", line.c_str());
  std::fflush(stdout);
}
