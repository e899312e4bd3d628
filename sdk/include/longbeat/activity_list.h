#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "longbeat/activity_description.h"
#include "longbeat/call_options.h"
#include "longbeat/export.h"
#include "longbeat/search_attributes.h"
#include "longbeat/timestamp.h"

LONGBEAT_BEGIN

/// Which activities of the namespace. Open ones come first, then those that closed last. A list may lag behind by a few
/// seconds.
struct ListOptions {
  /// For example "ActivityType = 'ingest' AND ExecutionStatus IN ('Failed', 'TimedOut') AND StartTime > '2026-01-01'".
  /// Fields: ActivityId, RunId, ActivityType, ExecutionStatus, TaskQueue, StartTime, ExecutionTime, CloseTime,
  /// ExecutionDuration, StateTransitionCount and search attributes. Empty: all. kInvalidArgument when the server does
  /// not understand it.
  std::string query{};
  /// Most rows in one answer of the server, from 1. Not set, and above 1000: 1000.
  std::optional<std::int32_t> page_size{};
  /// Where to go on: ActivityListPage::next_page_token. Empty: from the beginning.
  std::string next_page_token{};
  /// Of each page.
  CallOptions call{};
};

/// One activity in a list.
struct ActivitySummary {
  std::string id{};
  std::string run_id{};
  std::string type{};
  std::string task_queue{};
  ActivityStatus status = ActivityStatus::kUnspecified;
  /// execution_time: schedule_time and the delay of the start. close_time only once closed.
  std::optional<Timestamp> schedule_time{}, execution_time{}, close_time{};
  /// From schedule_time to close_time; only once closed.
  std::optional<std::chrono::nanoseconds> execution_duration{};
  SearchAttributes search_attributes{};
  std::int64_t state_transition_count = 0;
  std::int64_t state_size_bytes = 0;
};

/// One answer of a list, for those who page themselves.
struct ActivityListPage {
  std::vector<ActivitySummary> activities{};
  /// Empty: this was the last one.
  std::string next_page_token{};
};

struct CountOptions {
  /// As ListOptions::query; it may end in "GROUP BY ExecutionStatus".
  std::string query{};
  CallOptions call{};
};

struct ActivityCount {
  struct Group {
    /// What its members share, one for each field grouped by: a status as text, for example "Running".
    std::vector<SearchAttribute> values{};
    std::int64_t count = 0;
  };
  /// Of all groups.
  std::int64_t count = 0;
  /// Empty without GROUP BY.
  std::vector<Group> groups{};
};

LONGBEAT_END
