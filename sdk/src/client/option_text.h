#pragma once
#include <string>
#include <string_view>

namespace longbeat::internal {

/// An option's value in an error: in quotes, cut when it is long.
std::string quoted(const std::string& text);

/// The protocol's texts are UTF-8, and protobuf would send anything else for the server to refuse.
bool is_utf8(std::string_view text);

}  // namespace longbeat::internal
