#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "longbeat/testing/resume_check.h"
#include "testing/resume_process.h"

// What a resume check tries, and how it tells what it found. Pure.

namespace longbeat::internal {

/// The heartbeats, of `heartbeats`, after which to kill: the first, the last, and others spread evenly between them.
std::vector<std::size_t> resume_points(std::size_t heartbeats, std::size_t points_max);

/// "was killed by signal 11 (Segmentation fault) after 3 heartbeats".
std::string how_it_ended(const ResumeRun& run, std::chrono::milliseconds time_limit);

/// How a run's end differs from that of another one, one line each, indented; "" when it does not.
std::string differences(const ResumeEnding& run, const ResumeEnding& other,
                        const std::string& other_is = "uninterrupted");

/// Values on one line, for people.
std::string shown(const Payloads& values);

}  // namespace longbeat::internal
