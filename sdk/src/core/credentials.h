#pragma once
#include <string>

namespace longbeat::internal {

/// What a connection shows and what it trusts. Texts in PEM format, not files. Never goes into a message or a log.
struct Credentials {
  bool encrypted = false;
  std::string ca{};  ///< empty: what this system trusts
  std::string certificate{}, key{};
  std::string server_name{};  ///< empty: the host of the address
  std::string api_key{};
};

}  // namespace longbeat::internal
