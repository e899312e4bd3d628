#pragma once
#include <algorithm>
#include <charconv>
#include <string_view>

namespace longbeat::internal {

/// Does "host:port" stay on this machine, whatever a name service says? localhost, 127.x.x.x and [::1] do; a name that
/// only begins like one of them does not.
inline bool is_loopback(std::string_view address) {
  const std::string_view host = address.substr(0, address.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  int numbers = 0;
  for (std::string_view rest = host;; ++numbers) {
    const std::string_view digits = rest.substr(0, rest.find('.'));
    int value = -1;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || value < 0 || value > 255) return false;
    if (numbers == 0 && value != 127) return false;
    if (digits.size() == rest.size()) return numbers == 3;
    rest.remove_prefix(digits.size() + 1);
  }
}

}  // namespace longbeat::internal
