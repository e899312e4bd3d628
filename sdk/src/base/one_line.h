#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace longbeat::internal {

/// Text for one line of a terminal or a log: line breaks and other control characters, also those of Latin-1 in UTF-8,
/// and what is not UTF-8 are escaped ("\n", "\x1b").
void append_one_line(std::string& line, std::string_view text);
std::string one_line(std::string_view text);
/// The same for what somebody else says, of which it keeps about `bytes_max` bytes.
std::string one_line(std::string_view text, std::size_t bytes_max);
/// How foreign data begins, with everything but printable ASCII escaped: `bytes_max` bytes of it, and "..." for more.
std::string shown_beginning(std::string_view data, std::size_t bytes_max);

}  // namespace longbeat::internal
