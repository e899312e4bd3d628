#pragma once
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

namespace longbeat::test {

/// What stands behind option number `i`, which moves on to it. Throws std::invalid_argument when nothing does.
inline std::string value_of_option(int count, char** arguments, int& i) {
  if (i + 1 >= count) throw std::invalid_argument(std::string(arguments[i]) + " needs a value");
  return arguments[++i];
}

/// A whole number from `least` to `most`; throws std::invalid_argument, which names the option and its value.
inline std::uint64_t whole_number(const std::string& name, const std::string& text, std::uint64_t least,
                                  std::uint64_t most) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value < least || value > most) {
    throw std::invalid_argument(name + " is '" + text + "', accepted is a number from " + std::to_string(least) +
                                " to " + std::to_string(most));
  }
  return value;
}

/// The main() of a program: what `body` returns, or with a line on stderr 2 for arguments that are none, 1 for any
/// other exception.
template <class Body>
int run_program(const char* name, const char* usage, Body body) try {
  return body();
} catch (const std::invalid_argument& error) {
  std::fprintf(stderr, "%s: %s\n%s", name, error.what(), usage);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", name, error.what());
  return 1;
}

}  // namespace longbeat::test
