#pragma once
#include <span>

#include "visibility/visibility.h"

namespace longbeat::server::projection {

/// What a query may say about a field of every activity.
enum class FieldKind : std::int8_t { kKeyword, kInt, kTime, kCloseTime, kDuration, kStatus };

struct SystemField {
  std::string_view name;
  FieldKind kind;
  std::string_view column;  ///< an SQL expression over the table `activity`
};
/// Nothing when there is no such field.
const SystemField* system_field(std::string_view name);

struct StatusName {
  std::int32_t status;
  std::string_view name, long_name;
};
/// Of enums.ActivityExecutionStatus, in order.
std::span<const StatusName> status_names();
std::string_view status_name(std::int32_t status);

/// `close_order` of what is open: sorts before everything closed.
inline constexpr std::int64_t kOpenOrder = 9'223'372'036'854'775'807;

}  // namespace longbeat::server::projection
