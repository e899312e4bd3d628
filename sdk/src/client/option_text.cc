#include "client/option_text.h"

#include "base/one_line.h"

namespace longbeat::internal {

std::string quoted(const std::string& text) {
  return "'" + one_line(text, 80) + "'";
}

}  // namespace longbeat::internal
