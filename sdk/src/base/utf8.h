#pragma once
#include <cstddef>
#include <string_view>

namespace longbeat::internal {

/// Bytes of the valid UTF-8 sequence at the start of `text`, or 0: no overlong forms, no surrogates. `text` is not
/// empty.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);
/// The first `bytes_max` bytes of `text`, less where that would cut a character in two.
std::string_view utf8_beginning(std::string_view text, std::size_t bytes_max);

}  // namespace longbeat::internal
