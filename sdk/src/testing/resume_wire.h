#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longbeat/payload.h"
#include "longbeat/result.h"

// What a resume check and the processes of its runs tell each other.

namespace longbeat::internal {

/// What one run is to do.
struct ResumeOrder {
  std::string activity{};
  std::uint64_t check = 0;  ///< which of its program's checks of this activity, from 1
  bool resumes = false;     ///< nothing is prepared, and these are the details it is handed
  Payloads details{};
  std::uint64_t kill_after = 0;  ///< number of the heartbeat; 0: run to the end
};

/// How a run ended that ran to the end.
struct ResumeEnding {
  Result<Payloads> result = Payloads();
  Result<std::string> observed = std::string();
};

/// What a run has told.
struct ResumeStory {
  std::uint64_t heartbeats = 0;
  std::optional<Result<Payloads>> details{};  ///< what its kill leaves
  std::optional<ResumeEnding> ending{};
};

std::string written(const ResumeOrder& order);
/// Nothing when these are no such bytes.
std::optional<ResumeOrder> read_order(std::string_view bytes);

std::string written_heartbeat();
std::string written_details(const Result<Payloads>& details);
std::string written_ending(const ResumeEnding& ending);
/// As far as it goes: the process may die at any byte.
ResumeStory read_story(std::string_view bytes);

}  // namespace longbeat::internal
