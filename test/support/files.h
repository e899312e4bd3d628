#pragma once
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace longbeat::test {

/// Every byte of a file; nothing when it cannot be read.
inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs a shell's command line, whatever it says going into the file `said`. Its exit code; -1 when a signal ended it.
inline int run_command(const std::string& command, const std::filesystem::path& said) {
  const int result = std::system((command + " >'" + said.string() + "' 2>&1").c_str());
  return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

}  // namespace longbeat::test
