#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace longbeat::server {

/// How an operation ended, as its callback tells it.
enum class CompletionState : std::int8_t { kSucceeded, kFailed, kCanceled };

/// What a Nexus completion request says of an operation. The operation's token and links are not ours to know: a caller
/// who needs them back gives them as headers of the callback.
struct NexusCompletion {
  CompletionState state = CompletionState::kSucceeded;
  internal::WallTime start_time{};
  internal::WallTime close_time{};
  /// What describes the body, names without their "content-": "type".
  std::map<std::string, std::string> content{};
  /// Headers of the callback, as its caller gave them.
  std::map<std::string, std::string> given{};
};

/// The HTTP headers of the request, names in small letters. `given` wins over times and user agent; what describes the
/// state, the body or the connection is not the caller's to set, and is left out.
std::map<std::string, std::string> completion_headers(const NexusCompletion& completion);

/// "Mon, 02 Jan 2006 15:04:05 GMT": the fraction of the second is lost.
std::string http_time(internal::WallTime time);
/// RFC 3339 in UTC with 0, 3, 6 or 9 digits of the second's fraction, as in protobuf's JSON.
std::string rfc3339_time(internal::WallTime time);

}  // namespace longbeat::server
