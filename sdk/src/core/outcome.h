#pragma once
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "core/executor.h"
#include "longbeat/errors.h"
#include "longbeat/result.h"

namespace longbeat::internal {

/// How an activity function ends that returned an error instead of a value.
class ReturnedError final : public std::exception {
 public:
  explicit ReturnedError(Error error) : error_(std::move(error)) {}
  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

/// What an attempt reports that ended because it was asked to stop. Canceled only if asked; pause, reset and shutdown
/// fail retryably with their standard type; when nothing can count, nothing is reported.
AttemptOutcome outcome_of_stop(const std::vector<StopCause>& causes, bool lost,
                               const std::optional<Failure>& details_failure,
                               const std::optional<Failure>& stall_failure = std::nullopt);

/// What an attempt reports whose function threw. Inside a catch clause only.
AttemptOutcome outcome_of_exception(const Attempt& attempt);

/// The exception being handled as a failure: type, message and the chain of nested ones. Inside a catch clause only.
Failure failure_of_exception();

/// An application failure, retryable unless said otherwise.
Failure application_failure(std::string type, std::string message, bool non_retryable = false);
/// The standard failure of an attempt that a stopping worker could not finish.
Failure worker_shutdown_failure();

/// That of an attempt whose LateCompletion went without an outcome.
Failure completion_lost_failure();

/// One of those that say the same whatever the activity does: nothing in it needs to be hidden.
bool has_only_our_text(const Failure& failure);

/// An exception at hand, by its own type, with what is nested in it. `thrown`: null counts as something unknown.
Failure failure_of(const std::exception& error);
Failure failure_of(const std::exception_ptr& thrown);
Failure failure_of(const Error& error);
/// What can be reported of an attempt: an application failure, of which any other is the cause. Texts that are no UTF-8
/// are repaired in the whole chain, pauses that are not positive count as not set.
Failure as_application_failure(const Failure& failure);

/// Invalid UTF-8 replaced by '?' and cut to a size that fits into a failure: the protocol takes nothing else.
std::string sendable_text(std::string text, std::size_t bytes_max = 20'000);

}  // namespace longbeat::internal
