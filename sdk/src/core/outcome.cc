#include "core/outcome.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <typeinfo>

#include "base/failure_text.h"
#include "base/utf8.h"
#include "core/attempt.h"
#include "core/wire_size.h"
#include "longbeat/data_converter.h"

namespace longbeat::internal {
namespace {

Failure describe(int depth);

/// What the exception being handled carries, whatever its class; null: nothing.
std::exception_ptr nested_in_current() {
  try {
    throw;
  } catch (const std::nested_exception& nested) {
    return nested.nested_ptr();
  } catch (...) {
    return nullptr;
  }
}

std::shared_ptr<const Failure> nested_cause(int depth) {
  const auto nested = nested_in_current();
  if (nested == nullptr) return nullptr;
  if (depth == kCausesSentMax) return std::make_shared<const Failure>(causes_dropped());
  try {
    std::rethrow_exception(nested);
  } catch (...) {
    return std::make_shared<const Failure>(describe(depth + 1));
  }
}

std::string text_of(const std::exception& error) {
  const char* text = error.what();
  return text == nullptr ? "(what() is null)" : text;
}

bool is_sendable(const Failure& one) {
  return is_utf8(one.message) && is_utf8(one.source) && is_utf8(one.stack_trace) && is_utf8(one.type) &&
         is_utf8(one.identity) && one.next_retry_delay.value_or(std::chrono::nanoseconds(1)).count() > 0;
}

/// One that a program has made itself may hold anything, and the server would refuse the whole report for it.
void make_sendable(Failure& one) {
  for (std::string* text : {&one.message, &one.source, &one.stack_trace, &one.type, &one.identity})
    *text = sendable_text(std::move(*text), std::string::npos);
  if (one.next_retry_delay && one.next_retry_delay->count() <= 0) one.next_retry_delay.reset();
}

/// The same with all its causes. Shares what is sendable as it is.
std::shared_ptr<const Failure> sendable_chain(std::shared_ptr<const Failure> first) {
  std::vector<std::shared_ptr<const Failure>> above;  // Of the last one that is not sendable, itself included.
  std::size_t unsendable = 0;
  for (auto one = first; one != nullptr; one = one->cause) {
    above.push_back(one);
    if (!is_sendable(*one)) unsendable = above.size();
  }
  if (unsendable == 0) return first;
  auto below = above[unsendable - 1]->cause;
  for (above.resize(unsendable); !above.empty(); above.pop_back()) {
    Failure one = *above.back();
    make_sendable(one);
    one.cause = std::move(below);
    below = std::make_shared<const Failure>(std::move(one));
  }
  return below;
}

Failure describe_error(const Error& error) {
  Failure failure = application_failure(std::string(to_string(error.code)), error.message);
  failure.cause = sendable_chain(error.failure);
  return failure;
}

/// By its own type. What only catch clauses find is described by describe_alone().
Failure describe_exception(const std::exception& error) {
  if (const auto* application = dynamic_cast<const ApplicationError*>(&error)) {
    const auto& options = application->options();
    Failure failure = application_failure(options.type.empty() ? "ApplicationError" : options.type, text_of(error),
                                          options.non_retryable);
    failure.details = options.details;
    if (options.next_retry_delay > std::chrono::nanoseconds::zero())
      failure.next_retry_delay = options.next_retry_delay;
    return failure;
  }
  if (const auto* returned = dynamic_cast<const ReturnedError*>(&error)) return describe_error(returned->error());
  if (const auto* result = dynamic_cast<const ResultError*>(&error)) return describe_error(result->error());
  return application_failure(type_name(typeid(error)), text_of(error));
}

Failure describe_alone() {
  try {
    throw;
  } catch (const std::exception& error) {
    return describe_exception(error);
  } catch (const int value) {
    return application_failure("int", "activity threw an int: " + std::to_string(value));
  } catch (const char* text) {
    return application_failure("char const*", text == nullptr ? "(null)" : text);
  } catch (const std::string& text) {
    return application_failure("std::string", text);
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return application_failure(type != nullptr ? type_name(*type) : "unknown",
                               "activity threw something that is not a std::exception");
  }
}

Failure describe(int depth) {
  Failure failure = describe_alone();
  if (failure.cause == nullptr) failure.cause = nested_cause(depth);
  return failure;
}

Failure reset_failure() {
  return application_failure("ActivityReset", "the activity was reset");
}

Failure pause_failure() {
  return application_failure("ActivityPause", "the activity was paused");
}

Failure unasked_stop_failure() {
  return application_failure("ActivityStopped", "the activity stopped although nobody had asked it to");
}

bool has(const std::vector<StopCause>& causes, StopCause cause) {
  return std::find(causes.begin(), causes.end(), cause) != causes.end();
}

}  // namespace

std::string sendable_text(std::string text, std::size_t bytes_max) {
  std::string valid;
  valid.reserve(std::min(text.size(), bytes_max));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(std::string_view(text).substr(at));
    if (valid.size() + std::max<std::size_t>(length, 1) > bytes_max) break;
    if (length == 0) {
      valid += '?';
      ++at;
    } else {
      valid.append(text, at, length);
      at += length;
    }
  }
  return valid;
}

Failure application_failure(std::string type, std::string message, bool non_retryable) {
  Failure failure;
  failure.kind = FailureKind::kApplication;
  failure.source = "longbeat";
  failure.type = sendable_text(std::move(type), std::string::npos);  // What is too large is shortened where it is sent.
  failure.message = sendable_text(std::move(message), std::string::npos);
  failure.non_retryable = non_retryable;
  return failure;
}

bool has_only_our_text(const Failure& failure) {
  static const std::array kOurs{worker_shutdown_failure(), completion_lost_failure(), reset_failure(), pause_failure(),
                                unasked_stop_failure()};
  return failure.cause == nullptr && failure.stack_trace.empty() && failure.details.empty() &&
         std::any_of(kOurs.begin(), kOurs.end(),
                     [&](const Failure& ours) { return failure.type == ours.type && failure.message == ours.message; });
}

Failure worker_shutdown_failure() {
  return application_failure("WorkerShutdown", "the worker is shutting down and the activity did not end in time");
}

Failure failure_of_exception() {
  return describe(0);
}

Failure failure_of(const std::exception& error) {
  Failure failure = describe_exception(error);
  const auto* nested = dynamic_cast<const std::nested_exception*>(&error);
  if (failure.cause != nullptr || nested == nullptr || nested->nested_ptr() == nullptr) return failure;
  failure.cause = std::make_shared<const Failure>(failure_of(nested->nested_ptr()));
  return failure;
}

Failure failure_of(const std::exception_ptr& thrown) {
  if (thrown == nullptr) return application_failure("unknown", "something failed that no exception tells of");
  try {
    std::rethrow_exception(thrown);
  } catch (...) {
    return describe(0);
  }
}

Failure failure_of(const Error& error) {
  return describe_error(error);
}

Failure as_application_failure(const Failure& failure) {
  Failure own = failure;
  make_sendable(own);
  own.cause = sendable_chain(std::move(own.cause));
  if (own.kind == FailureKind::kGeneric) own.kind = FailureKind::kApplication;
  if (own.kind == FailureKind::kApplication) return own;
  Failure around = application_failure(std::string(kind_label(own.kind)), own.message, own.non_retryable);
  around.cause = std::make_shared<const Failure>(std::move(own));
  return around;
}

Failure completion_lost_failure() {
  return application_failure("CompletionLost",
                             "the LateCompletion of this attempt was destroyed before it had reported an outcome");
}

AttemptOutcome outcome_of_stop(const std::vector<StopCause>& causes, bool lost,
                               const std::optional<Failure>& details_failure,
                               const std::optional<Failure>& stall_failure) {
  if (lost) return AttemptAbandoned{};
  if (has(causes, StopCause::kCanceled)) return AttemptCanceled{};
  if (has(causes, StopCause::kReset)) return AttemptFailed{reset_failure()};
  if (has(causes, StopCause::kPaused)) return AttemptFailed{pause_failure()};
  if (details_failure) return AttemptFailed{*details_failure};
  if (stall_failure) return AttemptFailed{*stall_failure};
  if (has(causes, StopCause::kShutdown)) return AttemptFailed{worker_shutdown_failure()};
  return AttemptFailed{unasked_stop_failure()};
}

AttemptOutcome outcome_of_exception(const Attempt& attempt) {
  bool stopped_itself = false;
  try {
    throw;
  } catch (const ActivityStopped&) {
    stopped_itself = true;
  } catch (const ReturnedError& error) {
    stopped_itself = attempt.lost() && error.error().code == ErrorCode::kLeaseLost;
  } catch (...) {
    stopped_itself = false;  // An error of its own; described below.
  }
  // A failure of code whose lease is gone says nothing about the activity: the server has decided about this attempt
  // already.
  if (stopped_itself || attempt.lost())
    return outcome_of_stop(attempt.causes(), attempt.lost(), attempt.details_failure(), attempt.stall_failure());
  if (auto broken = attempt.details_failure()) return AttemptFailed{*std::move(broken)};
  return AttemptFailed{failure_of_exception()};
}

}  // namespace longbeat::internal
