#include "client/update_params.h"

#include <string>

#include "client/option_checks.h"
#include "client/public_form.h"

namespace longbeat::internal {
namespace {

bool changes_fields(const RetryPolicyChange& change) {
  return !change.initial_interval.stays() || !change.backoff_coefficient.stays() || !change.maximum_interval.stays() ||
         !change.maximum_attempts.stays();
}

bool changes_fields(const PriorityChange& change) {
  return !change.priority_key.stays() || !change.fairness_key.stays() || !change.fairness_weight.stays();
}

bool changes_anything(const UpdateOptions& options) {
  return options.task_queue || !options.schedule_to_close_timeout.stays() ||
         !options.schedule_to_start_timeout.stays() || !options.start_to_close_timeout.stays() ||
         !options.heartbeat_timeout.stays() || !options.start_delay.stays() || !options.retry_policy.stays() ||
         changes_fields(options.retry_policy_fields) || !options.priority.stays() ||
         changes_fields(options.priority_fields);
}

Result<> check_duration(const char* field, const Change<Nanoseconds>& change, bool may_be_zero = false) {
  const auto* value = change.value();
  if (value == nullptr || value->count() > 0 || (may_be_zero && value->count() == 0)) return {};
  return invalid(std::string("UpdateOptions.") + field, shown(*value),
                 may_be_zero ? "0 or more" : "more than 0; `clear` takes the limit away");
}

template <class T>
std::optional<T> given(const Change<T>& change) {
  return change.value() == nullptr ? std::nullopt : std::optional<T>(*change.value());
}

Error refuse(const char* why) {
  return {ErrorCode::kInvalidArgument, why, {}, {}};
}

/// The fields as the whole they would make, for the checks of that.
RetryPolicy as_policy(const RetryPolicyChange& change) {
  return {given(change.initial_interval),
          given(change.backoff_coefficient),
          given(change.maximum_interval),
          given(change.maximum_attempts),
          {}};
}
Priority as_priority(const PriorityChange& change) {
  return {given(change.priority_key), given(change.fairness_key).value_or(std::string()),
          given(change.fairness_weight)};
}

/// Collects what is to change.
class Mask {
 public:
  explicit Mask(UpdateOptionsParams& params) : paths_(params.update_mask) {}
  /// True when the setting does not stay as it is.
  template <class T>
  bool takes(const char* path, const Change<T>& change) {
    if (!change.stays()) paths_.emplace_back(path);
    return !change.stays();
  }

 private:
  std::vector<std::string>& paths_;
};

void add_retry_fields(Mask& mask, const RetryPolicyChange& change, ActivityOptionsFields& to) {
  if (!changes_fields(change)) return;
  to.retry = to_fields(as_policy(change));
  mask.takes("retry_policy.initial_interval", change.initial_interval);
  mask.takes("retry_policy.backoff_coefficient", change.backoff_coefficient);
  mask.takes("retry_policy.maximum_interval", change.maximum_interval);
  mask.takes("retry_policy.maximum_attempts", change.maximum_attempts);
}

void add_priority_fields(Mask& mask, const PriorityChange& change, ActivityOptionsFields& to) {
  if (!changes_fields(change)) return;
  to.priority = to_fields(as_priority(change));
  mask.takes("priority.priority_key", change.priority_key);
  mask.takes("priority.fairness_key", change.fairness_key);
  mask.takes("priority.fairness_weight", change.fairness_weight);
}

}  // namespace

Result<> validate(const UpdateOptions& options) {
  if (auto id = check_request_id("UpdateOptions.request_id", options.request_id); !id) return id;
  if (!changes_anything(options) && !options.restore_original) return refuse("UpdateOptions changes nothing");
  if (changes_anything(options) && options.restore_original)
    return refuse("UpdateOptions.restore_original is set together with changes, must be set alone");
  if (options.task_queue) {
    if (auto named = check_name("UpdateOptions.task_queue", *options.task_queue); !named) return named;
  }
  if (auto limit = check_duration("schedule_to_close_timeout", options.schedule_to_close_timeout); !limit) return limit;
  if (auto limit = check_duration("schedule_to_start_timeout", options.schedule_to_start_timeout); !limit) return limit;
  if (auto limit = check_duration("start_to_close_timeout", options.start_to_close_timeout); !limit) return limit;
  if (auto limit = check_duration("heartbeat_timeout", options.heartbeat_timeout); !limit) return limit;
  if (auto delay = check_duration("start_delay", options.start_delay, true); !delay) return delay;
  if (!options.retry_policy.stays() && changes_fields(options.retry_policy_fields))
    return refuse("UpdateOptions.retry_policy and UpdateOptions.retry_policy_fields are both set, must be one of them");
  if (!options.priority.stays() && changes_fields(options.priority_fields))
    return refuse("UpdateOptions.priority and UpdateOptions.priority_fields are both set, must be one of them");
  if (const auto* policy = options.retry_policy.value()) {
    if (auto checked = check("UpdateOptions.retry_policy.", *policy); !checked) return checked;
  }
  const auto fields = as_policy(options.retry_policy_fields);
  if (auto checked = check("UpdateOptions.retry_policy_fields.", fields); !checked) return checked;
  if (const auto* priority = options.priority.value()) {
    if (auto checked = check("UpdateOptions.priority.", *priority); !checked) return checked;
  }
  return check("UpdateOptions.priority_fields.", as_priority(options.priority_fields));
}

UpdateOptionsParams update_params(const UpdateOptions& options) {
  UpdateOptionsParams params;
  params.restore_original = options.restore_original;
  ActivityOptionsFields& to = params.options;
  Mask mask(params);
  if (options.task_queue) {
    to.task_queue = options.task_queue;
    params.update_mask.emplace_back("task_queue.name");
  }
  if (mask.takes("schedule_to_close_timeout", options.schedule_to_close_timeout))
    to.schedule_to_close = given(options.schedule_to_close_timeout);
  if (mask.takes("schedule_to_start_timeout", options.schedule_to_start_timeout))
    to.schedule_to_start = given(options.schedule_to_start_timeout);
  if (mask.takes("start_to_close_timeout", options.start_to_close_timeout))
    to.start_to_close = given(options.start_to_close_timeout);
  if (mask.takes("heartbeat_timeout", options.heartbeat_timeout)) to.heartbeat = given(options.heartbeat_timeout);
  if (mask.takes("start_delay", options.start_delay)) to.start_delay = given(options.start_delay);
  if (mask.takes("retry_policy", options.retry_policy) && options.retry_policy.value() != nullptr)
    to.retry = to_fields(*options.retry_policy.value());
  if (mask.takes("priority", options.priority) && options.priority.value() != nullptr)
    to.priority = to_fields(*options.priority.value());
  add_retry_fields(mask, options.retry_policy_fields, to);
  add_priority_fields(mask, options.priority_fields, to);
  return params;
}

}  // namespace longbeat::internal
