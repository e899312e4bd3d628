#include "worker/registry.h"

#include <utility>

#include "base/log.h"
#include "core/attempt.h"
#include "core/outcome.h"
#include "longbeat/activity.h"

namespace longbeat::internal {

void Registry::note(Error mistake) {
  if (!mistake_) mistake_ = std::move(mistake);
}

void Registry::add(std::string name, ActivityFunction function) {
  if (auto valid = validate_activity_name(name); !valid) return note(std::move(valid).error());
  if (functions_.contains(name)) return note({ErrorCode::kInvalidArgument, "activity '" + name + "' is served twice"});
  functions_.emplace(std::move(name), std::move(function));
}

void Registry::add_unknown(ActivityFunction function) {
  if (unknown_) return note({ErrorCode::kInvalidArgument, "serve_unknown was called twice"});
  unknown_ = std::move(function);
}

AttemptOutcome Registry::run(const std::shared_ptr<Attempt>& attempt) const noexcept {
  AttemptOutcome outcome = outcome_of(attempt);
  if (const auto* failed = std::get_if<AttemptFailed>(&outcome)) {
    const auto& task = attempt->task();
    log(LogLevel::kWarn, task.activity_type + " '" + task.activity_id + "' (attempt " + std::to_string(task.attempt) +
                             ") failed: " + to_string(failed->failure));
  }
  return outcome;
}

AttemptOutcome Registry::outcome_of(const std::shared_ptr<Attempt>& attempt) const {
  const auto& task = attempt->task();
  try {
    const auto found = functions_.find(task.activity_type);
    const ActivityFunction& function = found != functions_.end() ? found->second : unknown_;
    if (!function) return AttemptFailed{unknown_type(task.activity_type)};
    ActivityContext context(attempt);
    return AttemptCompleted{call({context, task.input}, function, 0)};
  } catch (...) {
    return outcome_of_exception(*attempt);
  }
}

Payloads Registry::call(ExecuteActivityParams params, const ActivityFunction& function, std::size_t interceptor) const {
  if (interceptor == interceptors_.size()) return function(params.context, params.input);
  return interceptors_[interceptor]->execute_activity(std::move(params), [&](ExecuteActivityParams inner) {
    return call(std::move(inner), function, interceptor + 1);
  });
}

Failure Registry::unknown_type(const std::string& type) const {
  std::string known;
  for (const auto& [name, function] : functions_) known += (known.empty() ? "" : ", ") + name;
  return application_failure(
      "NotFoundError", "activity type '" + type +
                           "' is not registered on this worker; registered are: " + (known.empty() ? "none" : known));
}

void throw_returned_error(Error error) {
  throw ReturnedError(std::move(error));
}
void throw_undecodable_arguments(const Error& error) {
  throw ApplicationError("the activity's arguments: " + error.message, {.type = "UndecodableArguments"});
}
void throw_unencodable_result(const Error& error) {
  throw ApplicationError("the activity's result: " + error.message, {.type = "UnencodableResult"});
}
Payloads null_payloads() {
  return {make_payload("binary/null", "")};
}

}  // namespace longbeat::internal
