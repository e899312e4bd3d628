# Every file by name.
set(LONGBEAT_TOOLS_SOURCES
  src/tools/activity_json.cc
  src/tools/activity_rows.cc
  src/tools/check.cc
  src/tools/command_line.cc
  src/tools/commands.cc
  src/tools/export.cc
  src/tools/output_file.cc
  src/tools/run_backup.cc
  src/tools/run_check.cc
  src/tools/run_export.cc
)
