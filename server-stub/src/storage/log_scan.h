#pragma once
#include <cstdint>
#include <string>

namespace longbeat::server::sqlite {

/// What a write-ahead log holds, and what is behind the point up to which SQLite reads it. SQLite itself passes over
/// damage here without a word: for it, a frame whose checksum is wrong is where the log ends.
struct LogScan {
  bool header_damaged = false;  ///< nothing of it is read
  std::uint64_t frames = 0;     ///< that are read, up to the last commit
  /// Frames of the same log behind these, and the commits among them. One commit may be a transaction whose last writes
  /// a power loss cut off; of more, all but the last were acknowledged.
  std::uint64_t frames_behind = 0, commits_behind = 0;
};

/// Of the log of a file that nobody writes to; all zero when there is none, or it cannot be read.
LogScan scan_log(const std::string& log_path);

}  // namespace longbeat::server::sqlite
