#pragma once
#include <cstdint>
#include <string>

#include "longbeat/export.h"

LONGBEAT_BEGIN

/// Names one attempt among all attempts of one execution, for writes to systems that know nothing of leases: keep the
/// started_time of the last writer beside the data and let no older one write.
///
///     UPDATE pages SET body = ?, fence = :fence WHERE id = ? AND fence <= :fence   -- fence = started_time
///
/// "<=", because one attempt writes more than once; no row changed means that a newer attempt has been here. longbeat's
/// own server makes started_time strictly increasing within a run, whatever its clock does. On other servers it follows
/// their clock: it may repeat or go back with it. Also after a reset, which begins again at attempt 1, it goes on.
struct LONGBEAT_EXPORT FencingToken {
  /// The activity's run ID; for an activity of a workflow "WORKFLOW_RUN_ID/ACTIVITY_ID".
  std::string execution{};
  /// When the server handed the attempt out: nanoseconds since the epoch.
  std::int64_t started_time = 0;
  std::int32_t attempt = 1;

  /// True when both are of the same execution and this one was handed out later.
  bool newer_than(const FencingToken& other) const noexcept {
    return execution == other.execution && started_time > other.started_time;
  }
  /// "EXECUTION@STARTED_TIME#ATTEMPT", for logs and text columns; it does not sort.
  std::string to_string() const;
  friend bool operator==(const FencingToken&, const FencingToken&) = default;
};

LONGBEAT_END
