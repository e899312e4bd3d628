#include "tools/command_line.h"

#include <iostream>

#include "tools/command_lines.h"

namespace longbeat::server {
namespace {

/// The first argument that nobody asked for; or "".
std::string unexpected(const CLI::App& app) {
  const auto extras = app.remaining();
  if (extras.empty()) return {};
  const bool is_flag = extras.front().starts_with('-') && extras.front() != "-";
  return (is_flag ? "unknown flag '" : "unexpected argument '") + extras.front() + "'";
}

constexpr const char* kSeeHelp = " (--help shows how it is used)";

}  // namespace

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    std::string missing;
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_required() && option->count() == 0) missing = option->get_name();
    }
    return missing + " is missing";
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return text;
  const std::string name = text.substr(0, text.find(':'));
  const CLI::Option* const option = app.get_option_no_throw(name);
  if (option == nullptr) return text;
  if (option->count() > 1) return name + ": is given " + std::to_string(option->count()) + " times, accepted is once";
  return name + ": has no value";
}

int refuse(const CLI::App& app, const std::string& reason) {
  std::cerr << app.get_name() << ": " << reason << std::endl;
  return kExitNotDone;
}

std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv) {
  app.allow_extras();  // Refused below, in our words.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);  // --help
    const std::string extra = unexpected(app);
    return refuse(app, (extra.empty() ? explain(app, error) : extra) + kSeeHelp);
  }
  if (const std::string extra = unexpected(app); !extra.empty()) return refuse(app, extra + kSeeHelp);
  return std::nullopt;
}

}  // namespace longbeat::server
