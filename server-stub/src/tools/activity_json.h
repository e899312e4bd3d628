#pragma once
#include <optional>
#include <string>
#include <vector>

#include "record/record.h"

namespace longbeat::server {

/// What could be read of one activity.
struct ReadActivity {
  std::string namespace_name{};  ///< empty: not known
  ActivityInput input{};
  std::optional<ActivityProgress> progress{};
  std::string heartbeat_details{};
  std::optional<StoredFailure> last_failure{};
  std::optional<Outcome> outcome{};
  std::vector<CallbackState> callbacks{};
  std::vector<std::string> damaged{};  ///< names of the parts that could not be read
};

/// One line of JSON. Times are RFC 3339 in UTC, durations seconds with "s", payloads base64 and, where their encoding
/// is JSON, also as they are. Texts that are not UTF-8 are repaired.
std::string to_json(const ReadActivity& activity);

}  // namespace longbeat::server
