#pragma once
#include <string>
#include <string_view>

#include "base/status.h"

namespace longbeat::internal {

/// What a connection was told to use, as far as it explains a failure.
struct ConnectionKind {
  bool encrypted = false;
  bool has_certificate = false;
};

/// What a refused connection probably means, to be put behind gRPC's text, which names only what was seen on the wire;
/// empty where there is nothing to add. Pure.
std::string_view connect_hint(const Status& status, const ConnectionKind& kind);

}  // namespace longbeat::internal
