#pragma once

/// One function per command: reads its command line, whose first word is the command, and runs it. Returns the exit
/// code (commands.h).
namespace longbeat::server {

inline constexpr int kExitFine = 0;
inline constexpr int kExitDefects = 1;
inline constexpr int kExitNotDone = 2;

int run_check(int argc, char** argv);
int run_export(int argc, char** argv);
int run_backup(int argc, char** argv);

}  // namespace longbeat::server
