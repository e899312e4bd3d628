#pragma once
#include <optional>

#include "config/config.h"

namespace longbeat::server {

/// Reads the command line, and the file that --config names, into `config`; flags win. The exit code when there is
/// nothing more to do: 0 after --help, --version and --print-config, 2 after one line on stderr for each thing that is
/// wrong, which names the flag or the line of the file, its value and what is accepted.
std::optional<int> parse_flags(int argc, char** argv, Config& config);

}  // namespace longbeat::server
