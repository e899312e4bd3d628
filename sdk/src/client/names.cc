#include "longbeat/activity_description.h"
#include "longbeat/server_info.h"

LONGBEAT_BEGIN

std::string_view to_string(ActivityStatus status) noexcept {
  switch (status) {
    case ActivityStatus::kRunning:
      return "Running";
    case ActivityStatus::kCompleted:
      return "Completed";
    case ActivityStatus::kFailed:
      return "Failed";
    case ActivityStatus::kCanceled:
      return "Canceled";
    case ActivityStatus::kTerminated:
      return "Terminated";
    case ActivityStatus::kTimedOut:
      return "TimedOut";
    case ActivityStatus::kPaused:
      return "Paused";
    case ActivityStatus::kUnspecified:
      break;
  }
  return "Unspecified";
}

std::string_view to_string(ActivityRunState state) noexcept {
  switch (state) {
    case ActivityRunState::kScheduled:
      return "Scheduled";
    case ActivityRunState::kStarted:
      return "Started";
    case ActivityRunState::kCancelRequested:
      return "CancelRequested";
    case ActivityRunState::kPaused:
      return "Paused";
    case ActivityRunState::kPauseRequested:
      return "PauseRequested";
    case ActivityRunState::kUnspecified:
      break;
  }
  return "Unspecified";
}

std::string_view to_string(WorkerState status) noexcept {
  switch (status) {
    case WorkerState::kRunning:
      return "Running";
    case WorkerState::kShuttingDown:
      return "ShuttingDown";
    case WorkerState::kShutdown:
      return "Shutdown";
    case WorkerState::kUnspecified:
      break;
  }
  return "Unspecified";
}

LONGBEAT_END
