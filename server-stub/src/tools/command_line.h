#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace longbeat::server {

/// Parses into the options that were added to `app`. The exit code when there is nothing more to do: after --help, or
/// after one line on stderr about what is wrong.
std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv);

/// What is wrong with a command line. CLI11's own words count arguments; ours say what to do.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

/// "longbeat-server check: reason" on stderr; returns kExitNotDone.
int refuse(const CLI::App& app, const std::string& reason);

}  // namespace longbeat::server
