#pragma once
#include <charconv>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>

/// Command line options of the form "--name value". Throws std::invalid_argument with a line fit for the user.
class Arguments {
 public:
  Arguments(int argc, char** argv) {
    for (int i = 1; i < argc; i += 2) {
      const std::string name = argv[i];
      if (name.rfind("--", 0) != 0) throw std::invalid_argument("expected an option, got '" + name + "'");
      if (values_.contains(name)) throw std::invalid_argument("option " + name + " is given twice");
      if (i + 1 == argc) throw std::invalid_argument("option " + name + " has no value");
      values_[name] = argv[i + 1];
    }
  }

  std::string text(const std::string& name, const std::string& otherwise) {
    const auto found = values_.extract(name);
    return found ? found.mapped() : otherwise;
  }
  std::string text(const std::string& name) {
    if (!values_.contains(name)) throw std::invalid_argument("option " + name + " is required");
    return text(name, "");
  }
  std::uint64_t number(const std::string& name, std::uint64_t otherwise) {
    const auto value = text(name, std::to_string(otherwise));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) {
      throw std::invalid_argument("option " + name + " is '" + value + "', must be a whole number");
    }
    return number;
  }
  /// Call last: refuses what nobody asked for.
  void end() const {
    if (!values_.empty()) throw std::invalid_argument("unknown option " + values_.begin()->first);
  }

 private:
  std::map<std::string, std::string> values_;
};
