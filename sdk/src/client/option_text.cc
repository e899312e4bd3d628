#include "client/option_text.h"

namespace longbeat::internal {

std::string quoted(const std::string& text) {
  constexpr std::size_t kShown = 80;
  std::string shown = "'";
  shown.append(text, 0, kShown);
  if (text.size() > kShown) shown += "...";
  return shown += '\'';
}

}  // namespace longbeat::internal
