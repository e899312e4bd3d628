#pragma once
#include <optional>
#include <string>

namespace longbeat::server {

/// Runs the command that the first argument names (check, export, backup): its exit code. Nothing when there is none.
/// 0: done, the file is in order; 1: done, it is not; 2: it could not be done, after one line on stderr.
std::optional<int> run_command(int argc, char** argv);

/// The commands, one line each, for --help.
std::string commands_help();

}  // namespace longbeat::server
