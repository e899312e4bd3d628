#include "worker/registry.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "core/attempt.h"
#include "core/outcome.h"
#include "longbeat/activity.h"

namespace longbeat::internal {
namespace {

constexpr std::size_t kListedBytesMax = 1000;

/// "a, b and 998 more": a thousand names must not become a failure of twenty kilobytes.
std::string listed(const std::set<std::string_view>& names) {
  std::string text;
  std::size_t left = names.size();
  for (const auto name : names) {
    if (text.size() + name.size() > kListedBytesMax) break;
    text += (text.empty() ? "" : ", ");
    text += name;
    --left;
  }
  if (left == 0) return text.empty() ? "none" : text;
  return text + (text.empty() ? "" : " and ") + std::to_string(left) + (text.empty() ? " with long names" : " more");
}

/// Short enough to need no memory: it stands for failures that could not be described, also because there was none.
AttemptFailed indescribable() noexcept {
  AttemptFailed failed;
  failed.failure.kind = FailureKind::kApplication;
  failed.failure.source = "longbeat";
  failed.failure.type = "Indescribable";
  failed.failure.message = "no description";
  return failed;
}

/// What the worker will make of it, as far as this thread can know. `broken` keeps a failure that is not in the
/// outcome.
AttemptEnd end_of(const Attempt& attempt, const AttemptOutcome& outcome, std::optional<Failure>& broken) {
  // First: an outcome that the other side has reported already makes this attempt unknown to the server.
  if (attempt.given_away() && std::holds_alternative<AttemptCompleted>(outcome))
    return {AttemptEndKind::kHandedOver, nullptr};
  const auto causes = attempt.causes();
  const bool unknown = std::find(causes.begin(), causes.end(), StopCause::kNotFound) != causes.end();
  if (attempt.ended() || unknown || std::holds_alternative<AttemptAbandoned>(outcome))
    return {AttemptEndKind::kAbandoned, nullptr};
  if (std::holds_alternative<AttemptCanceled>(outcome)) return {AttemptEndKind::kCanceled, nullptr};
  if (const auto* failed = std::get_if<AttemptFailed>(&outcome)) return {AttemptEndKind::kFailed, &failed->failure};
  broken = attempt.details_failure();
  return {broken ? AttemptEndKind::kFailed : AttemptEndKind::kCompleted, broken ? &*broken : nullptr};
}

/// Pause, reset and shutdown end an attempt as a failure; nothing is wrong with it.
bool is_obedience(const Attempt& attempt, const Failure& failure) {
  return attempt.stopped() &&
         (failure.type == "ActivityPause" || failure.type == "ActivityReset" || failure.type == "WorkerShutdown");
}

}  // namespace

void Registry::note(std::string mistake) {
  if (!mistake_) mistake_ = Error{ErrorCode::kInvalidArgument, std::move(mistake)};
}

bool Registry::is_free(const std::string& name) {
  if (auto valid = validate_activity_name(name); !valid) {
    note(std::move(valid).error().message);
  } else if (entries_.contains(name)) {
    note("activity '" + name + "' is served twice");
  } else if (const auto alias = aliases_.find(name); alias != aliases_.end()) {
    note("activity '" + name + "' is served twice: the name is an alias of '" + alias->second + "'");
  } else {
    return true;
  }
  return false;
}

bool Registry::is_fit(const std::string& who, const ActivityFunction& function, const ServeOptions& options) {
  if (!function) {
    note(who + " has an empty handler, or its object is null");
    return false;
  }
  if (!options.auto_heartbeat) return true;
  const std::string mistake = stall_timeout_mistake(options.auto_heartbeat->stall_timeout);
  if (!mistake.empty()) note(who + ": ServeOptions.auto_heartbeat." + mistake);
  return mistake.empty();
}

void Registry::add(std::string name, ActivityFunction function, const ServeOptions& options) {
  if (!is_free(name) || !is_fit("activity '" + name + "'", function, options)) return;
  entries_.emplace(std::move(name), Entry{std::move(function), options});
}

void Registry::add_unknown(ActivityFunction function, const ServeOptions& options) {
  if (unknown_) return note("serve_unknown was called twice");
  if (is_fit("serve_unknown", function, options)) unknown_ = Entry{std::move(function), options};
}

void Registry::add_alias(std::string name, std::string activity) {
  if (!is_free(name)) return;
  aliases_.emplace(std::move(name), std::move(activity));
}

std::optional<Error> Registry::mistake() const {
  if (mistake_) return mistake_;
  for (const auto& [name, activity] : aliases_) {
    if (entries_.contains(activity)) continue;
    const auto target = aliases_.find(activity);
    return Error{ErrorCode::kInvalidArgument,
                 "alias '" + name + "' stands for '" + activity + "', which is " +
                     (target == aliases_.end() ? std::string("not served")
                                               : "itself an alias of '" + target->second + "'; name that one")};
  }
  return std::nullopt;
}

const Registry::Entry* Registry::find(const std::string& type) const {
  const auto alias = aliases_.find(type);
  const auto entry = entries_.find(alias == aliases_.end() ? type : alias->second);
  if (entry != entries_.end()) return &entry->second;
  return unknown_ ? &*unknown_ : nullptr;
}

AttemptOutcome Registry::run(const std::shared_ptr<Attempt>& attempt) const noexcept {
  AttemptOutcome outcome = outcome_of(attempt);
  if (!interceptors_.empty()) tell_end(attempt, outcome);
  attempt->let_go();
  if (const auto* failed = std::get_if<AttemptFailed>(&outcome)) {
    const bool obeyed = is_obedience(*attempt, failed->failure);
    log(obeyed ? LogLevel::kInfo : LogLevel::kWarn,
        attempt->name() + (obeyed ? " stopped: " : " failed: ") + sendable_text(to_string(failed->failure)));
  }
  return outcome;
}

AttemptOutcome Registry::outcome_of(const std::shared_ptr<Attempt>& attempt) const noexcept {
  const auto& task = attempt->task();
  try {
    try {
      // The task may have waited: in a process that stood still, or for a thread. Somebody else may have it by now.
      attempt->look();
      if (attempt->lost() || attempt->ended()) {
        log(LogLevel::kWarn, attempt->name() + " is not begun: nothing it does could count any more");
        return AttemptAbandoned{};
      }
      const Entry* entry = find(task.activity_type);
      if (entry == nullptr) return AttemptFailed{unknown_type(task.activity_type)};
      ActivityContext context(attempt);
      std::optional<AutoHeartbeat> beats;
      if (entry->options.auto_heartbeat) beats.emplace(context, *entry->options.auto_heartbeat);
      if (interceptors_.empty()) return AttemptCompleted{entry->function(context, task.input)};
      return AttemptCompleted{call({context, task.input}, entry->function, 0)};
    } catch (...) {
      return outcome_of_exception(*attempt);
    }
  } catch (...) {
    return indescribable();  // The exception threw when it was asked what it is.
  }
}

Payloads Registry::call(ExecuteActivityParams params, const ActivityFunction& function, std::size_t interceptor) const {
  if (interceptor == interceptors_.size()) return function(params.context, params.input);
  return interceptors_[interceptor]->execute_activity(std::move(params), [&](ExecuteActivityParams inner) {
    return call(std::move(inner), function, interceptor + 1);
  });
}

void Registry::tell_end(const std::shared_ptr<Attempt>& attempt, const AttemptOutcome& outcome) const noexcept {
  const auto complain = [](const char* what) {
    log(LogLevel::kError, std::string("WorkerInterceptor::attempt_ended threw: ") + what);
  };
  for (auto interceptor = interceptors_.rbegin(); interceptor != interceptors_.rend(); ++interceptor) {
    try {
      ActivityContext context(attempt);
      std::optional<Failure> broken;
      (*interceptor)->attempt_ended(context, end_of(*attempt, outcome, broken));
    } catch (const std::exception& error) {
      complain(error.what() == nullptr ? "(what() is null)" : error.what());
    } catch (...) {
      complain("something that is not a std::exception");
    }
  }
}

Failure Registry::unknown_type(const std::string& type) const {
  std::set<std::string_view> names;
  for (const auto& [name, entry] : entries_) names.insert(name);
  for (const auto& [name, activity] : aliases_) names.insert(name);
  return application_failure("NotFoundError",
                             "activity type '" + type.substr(0, kListedBytesMax) +
                                 "' is not registered on this worker; registered are: " + listed(names));
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

LONGBEAT_BEGIN

std::string_view to_string(AttemptEndKind kind) noexcept {
  static constexpr std::array<std::string_view, 5> kNames{"completed", "failed", "canceled", "handed over",
                                                          "abandoned"};
  const auto at = static_cast<std::size_t>(kind);
  return at < kNames.size() ? kNames[at] : "unknown";
}

LONGBEAT_END
