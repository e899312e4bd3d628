#include "visibility/fields.h"

#include <algorithm>

namespace longbeat::server::projection {
namespace {

constexpr SystemField kFields[] = {
    {"ActivityId", FieldKind::kKeyword, "activity_id"},
    {"WorkflowId", FieldKind::kKeyword, "activity_id"},
    {"RunId", FieldKind::kKeyword, "run_id"},
    {"ActivityType", FieldKind::kKeyword, "type"},
    {"TaskQueue", FieldKind::kKeyword, "task_queue"},
    {"ExecutionStatus", FieldKind::kStatus, "status"},
    {"StartTime", FieldKind::kTime, "start_time"},
    {"ExecutionTime", FieldKind::kTime, "execution_time"},
    {"CloseTime", FieldKind::kCloseTime, "close_time"},
    {"ExecutionDuration", FieldKind::kDuration, "(close_time - start_time)"},
    {"StateTransitionCount", FieldKind::kInt, "transitions"},
    {"HistorySizeBytes", FieldKind::kInt, "size"},
};

constexpr StatusName kStatusNames[] = {
    {1, "Running", "ACTIVITY_EXECUTION_STATUS_RUNNING"},       {2, "Completed", "ACTIVITY_EXECUTION_STATUS_COMPLETED"},
    {3, "Failed", "ACTIVITY_EXECUTION_STATUS_FAILED"},         {4, "Canceled", "ACTIVITY_EXECUTION_STATUS_CANCELED"},
    {5, "Terminated", "ACTIVITY_EXECUTION_STATUS_TERMINATED"}, {6, "TimedOut", "ACTIVITY_EXECUTION_STATUS_TIMED_OUT"},
    {7, "Paused", "ACTIVITY_EXECUTION_STATUS_PAUSED"},
};

}  // namespace

const SystemField* system_field(std::string_view name) {
  const auto* found = std::ranges::find(kFields, name, &SystemField::name);
  return found == std::end(kFields) ? nullptr : found;
}

std::span<const StatusName> status_names() {
  return kStatusNames;
}

std::string_view status_name(std::int32_t status) {
  const auto* found = std::ranges::find(kStatusNames, status, &StatusName::status);
  return found == std::end(kStatusNames) ? "Unspecified" : found->name;
}

}  // namespace longbeat::server::projection
