#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/status.h"

namespace longbeat::server {

using internal::StatusOr;

struct BackupOrder {
  /// "HOST:PORT" of a server on this machine.
  std::string address = "127.0.0.1:7233";
  /// Without a CA the connection is not encrypted. Contents of PEM files.
  struct Tls {
    std::string ca{};
    std::string certificate{}, key{};  ///< of this client, where the server asks for one
    std::string name{};                ///< the name in the server's certificate, where it is not that of the address
  } tls{};
  std::string api_key{};  ///< empty: none
  /// Absolute path of the file to make.
  std::string to{};
  /// Hears about once a second how far it is.
  std::function<void(std::uint64_t pages_copied, std::uint64_t pages)> progress{};
};

/// Lets a running server copy its database file, and waits until that is done: the bytes of the copy. When this process
/// ends before, the server gives it up.
StatusOr<std::uint64_t> order_backup(const BackupOrder& order);

}  // namespace longbeat::server
