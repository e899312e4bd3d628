#include <iostream>

#include "tools/check.h"
#include "tools/command_line.h"
#include "tools/command_lines.h"

namespace longbeat::server {

int run_check(int argc, char** argv) {
  CLI::App app(
      "Verifies every record of a database file: checksums, contents, and whether the tables agree with each "
      "other. Changes nothing. Tells one defect a line, then counts.",
      "longbeat-server check");
  std::string path;
  app.add_option("FILE", path, "Database file that no server uses")->required()->type_name("");
  app.footer(
      "Exit code: 0 no defects, 1 defects, 2 the file could not be checked.\n"
      "To check the file of a running server, make a backup and check that.");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto file = ReadOnlyFile::open(path);
  if (!file) return refuse(app, file.error().message);
  const CheckReport report =
      check_file(**file, [&](const std::string& line) { std::cout << (*file)->path() << ": " << line << '\n'; });
  if (report.defects() > 0) std::cout << '\n';
  std::cout << summary(report, **file) << std::flush;
  if (!std::cout) return refuse(app, "cannot write its report");
  return report.defects() == 0 ? kExitFine : kExitDefects;
}

}  // namespace longbeat::server
