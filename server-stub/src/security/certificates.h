#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace longbeat::server {

/// Paths of PEM files; empty: none.
struct TlsFiles {
  std::string certificate{};  ///< the server's own, followed by those between it and its root
  std::string key{};          ///< of the first certificate, not encrypted
  std::string client_ca{};    ///< clients must show a certificate that one of these signed

  bool any() const { return !certificate.empty() || !key.empty() || !client_ca.empty(); }
  std::vector<std::string> paths() const;
};

/// What was in them, found to fit together.
struct Certificates {
  std::string certificate{}, key{}, client_ca{};
  internal::WallTime not_after{};    ///< end of the own certificate's time
  std::vector<std::string> notes{};  ///< what an operator should know, one line each
};

/// Tells, once a day, that the certificate in use is about to end.
class ExpiryReminder {
 public:
  static constexpr std::chrono::hours kBefore{14 * 24}, kEvery{24};
  /// The line to write now, if any.
  std::optional<std::string> note(const TlsFiles& files, internal::WallTime not_after, internal::WallTime now);

 private:
  std::optional<internal::WallTime> last_{};
};

/// Reads the files and tries them out as a handshake would. The refusal is one line that names file and reason; `now`
/// tells what has expired.
internal::StatusOr<Certificates> load_certificates(const TlsFiles& files, internal::WallTime now);

}  // namespace longbeat::server
