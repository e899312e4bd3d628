#include "tools/commands.h"

#include <array>
#include <string_view>

#include "tools/command_lines.h"

namespace longbeat::server {
namespace {

struct CommandRow {
  std::string_view name;
  std::string_view what;
  int (*run)(int argc, char** argv);
};

constexpr std::array kCommands{
    CommandRow{"check", "Verify every record of a database file that no server uses", run_check},
    CommandRow{"export", "Write its activities as lines of JSON, also when the file is damaged", run_export},
    CommandRow{"backup", "Copy the database file of a running server", run_backup},
};

}  // namespace

std::optional<int> run_command(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  for (const CommandRow& command : kCommands) {
    // The command's own name takes the place of the program's.
    if (command.name == argv[1]) return command.run(argc - 1, argv + 1);
  }
  return std::nullopt;
}

std::string commands_help() {
  std::string text = "Commands (longbeat-server COMMAND --help):\n";
  for (const CommandRow& command : kCommands) {
    text += "  " + std::string(command.name) + std::string(28 - command.name.size(), ' ') + std::string(command.what) +
            '\n';
  }
  return text;
}

}  // namespace longbeat::server
