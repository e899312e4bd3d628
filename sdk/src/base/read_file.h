#pragma once
#include <cstddef>
#include <string>

#include "base/status.h"

namespace longbeat::internal {

/// The first bytes of a file, `bytes_max` of them or all there are: whoever asks for one more than it accepts sees what
/// is too large. Takes no more memory than the text has. The message of the refusal is the system's reason alone.
StatusOr<std::string> read_beginning(const std::string& path, std::size_t bytes_max);

}  // namespace longbeat::internal
