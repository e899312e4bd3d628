#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "storage/read_only.h"

namespace longbeat::server {

struct ExportReport {
  std::uint64_t written = 0;  ///< activities, the incomplete ones included
  std::uint64_t incomplete = 0, skipped = 0;
  std::uint64_t defects = 0;   ///< what was told
  bool output_failed = false;  ///< `write` returned false; nothing followed
};

/// Takes one activity as a line of JSON without its newline; false: it cannot be written.
using WriteLine = std::function<bool(const std::string& line)>;
/// Hears of what cannot be read: one line, without the file's name.
using TellUnreadable = std::function<void(const std::string& line)>;

/// Everything in the file that can still be read, in the order of the starts. An activity whose input cannot be read
/// has no name and is left out; one that lacks other parts names them in its field "damaged". Memory does not grow with
/// the file: one activity at a time.
ExportReport export_file(ReadOnlyFile& file, const WriteLine& write, const TellUnreadable& tell);

}  // namespace longbeat::server
