#pragma once
#include <string>
#include <string_view>

namespace longbeat::internal {

/// Text for one line of a terminal or a log: line breaks and other control characters, also those of Latin-1 in UTF-8,
/// and what is not UTF-8 are escaped ("\n", "\x1b").
void append_one_line(std::string& line, std::string_view text);
std::string one_line(std::string_view text);

}  // namespace longbeat::internal
