#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "storage/read_only.h"

namespace longbeat::server {

/// What a whole file holds.
struct CheckReport {
  struct OfTable {
    bool exists = false;
    std::uint64_t rows = 0;
    std::uint64_t defects = 0;
  };
  std::array<OfTable, kTableCount> tables{};
  std::uint64_t structure_defects = 0;  ///< what SQLite itself finds
  std::uint64_t log_defects = 0;
  sqlite::LogScan log{};
  std::uint64_t open = 0, closed = 0;  ///< activities

  std::uint64_t defects() const;
};

/// Where each defect is told as soon as it is found: one line, without the file's name.
using TellDefect = std::function<void(const std::string& line)>;

/// Reads every record of the file: its checksum, whether it decodes, and whether the tables agree with each other as
/// docs/durability.md says. Changes nothing. Memory does not grow with the file.
CheckReport check_file(ReadOnlyFile& file, const TellDefect& tell);

/// For people: what was looked at and a table of counts.
std::string summary(const CheckReport& report, const ReadOnlyFile& file);

}  // namespace longbeat::server
