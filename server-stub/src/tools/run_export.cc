#include <iostream>
#include <memory>

#include "tools/command_line.h"
#include "tools/command_lines.h"
#include "tools/export.h"
#include "tools/output_file.h"

namespace longbeat::server {

int run_export(int argc, char** argv) {
  CLI::App app(
      "Writes the activities of a database file as lines of JSON, one each, in the order of their starts. "
      "Reads what can still be read of a damaged file; what cannot is named on stderr. Changes nothing.",
      "longbeat-server export");
  std::string path, to;
  app.add_option("FILE", path, "Database file that no server uses")->required()->type_name("");
  app.add_option("--to", to, "File to write, which must not exist; without it stdout")->type_name("FILE");
  app.footer("Exit code: 0 all of it, 1 some could not be read, 2 the file could not be exported.");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto file = ReadOnlyFile::open(path);
  if (!file) return refuse(app, file.error().message);
  const auto output = to.empty() ? std::make_unique<OutputFile>() : std::make_unique<OutputFile>(to);
  if (output->failure()) return refuse(app, *output->failure());
  const ExportReport report = export_file(
      **file, [&](const std::string& line) { return output->write_line(line); },
      [&](const std::string& line) { std::cerr << (*file)->path() << ": " << line << '\n'; });
  if (report.output_failed || !output->finish()) return refuse(app, *output->failure());
  std::cerr << report.written << " activities exported";
  if (report.incomplete > 0) std::cerr << ", " << report.incomplete << " of them incomplete (field \"damaged\")";
  if (report.skipped > 0) std::cerr << ", " << report.skipped << " skipped";
  std::cerr << std::endl;
  return report.defects == 0 && report.incomplete == 0 && report.skipped == 0 ? kExitFine : kExitDefects;
}

}  // namespace longbeat::server
