#pragma once
#include <initializer_list>
#include <memory>
#include <string_view>

#include "longbeat/export.h"
#include "longbeat/log.h"

namespace longbeat::internal {
class Attempt;
}

LONGBEAT_BEGIN

/// Writes lines with the attempt's fields: activity_id, activity_type, attempt, namespace, task_queue, and
/// activity_run_id, or workflow_id, workflow_run_id and workflow_type for an activity of a workflow. They go where
/// set_log_sink() says. Cheap to make and to copy; any thread; may outlive its attempt.
class LONGBEAT_EXPORT ActivityLogger {
 public:
  /// Only for longbeat itself: see ActivityContext::logger().
  explicit ActivityLogger(std::shared_ptr<const internal::Attempt> attempt) noexcept;

  /// `more`: fields of this line, after the attempt's; those beyond the first 16 are dropped. Never throws.
  void debug(std::string_view text, std::initializer_list<LogField> more = {}) const noexcept;
  void info(std::string_view text, std::initializer_list<LogField> more = {}) const noexcept;
  void warn(std::string_view text, std::initializer_list<LogField> more = {}) const noexcept;
  void error(std::string_view text, std::initializer_list<LogField> more = {}) const noexcept;

 private:
  void write(LogLevel level, std::string_view text, std::initializer_list<LogField> more) const noexcept;

  std::shared_ptr<const internal::Attempt> attempt_;
};

LONGBEAT_END
