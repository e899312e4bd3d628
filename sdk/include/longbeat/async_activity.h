#pragma once
#include <chrono>
#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "longbeat/call_options.h"
#include "longbeat/data_converter.h"
#include "longbeat/errors.h"
#include "longbeat/export.h"
#include "longbeat/failure.h"
#include "longbeat/held_details.h"
#include "longbeat/payload.h"
#include "longbeat/pending.h"
#include "longbeat/result.h"

namespace longbeat::internal {

struct AsyncOwner;

/// What is reported of what went wrong.
LONGBEAT_EXPORT Failure reported_failure(const std::exception& error);
LONGBEAT_EXPORT Failure reported_failure(const std::exception_ptr& error);
LONGBEAT_EXPORT Failure reported_failure(const Error& error);
LONGBEAT_EXPORT Failure reported_failure(const Failure& failure);

template <class E>
concept WentWrong = requires(const E& error) {
  { reported_failure(error) } -> std::same_as<Failure>;
};

}  // namespace longbeat::internal

LONGBEAT_BEGIN

/// The server's opaque proof of holding one attempt: bytes that may travel to any program, in any SDK. Good for that
/// attempt only.
struct TaskToken {
  std::string bytes{};

  friend bool operator==(const TaskToken&, const TaskToken&) = default;
};

/// Names an activity where no token is at hand. Reports then act on whichever attempt is the current one.
struct ActivityById {
  /// Required.
  std::string activity_id{};
  /// Of the activity; of the workflow, where there is one. Empty: the latest run.
  std::string run_id{};
  /// Only for an activity that a workflow scheduled. Empty: a standalone one.
  std::string workflow_id{};
};

/// How an AsyncActivity reports.
struct AsyncActivityOptions {
  /// The activity's own heartbeat timeout, if it is known: heartbeat() then sends every 0.8 of it, or every 60
  /// seconds if that is less. Not set, zero or less: every 30 seconds.
  std::optional<std::chrono::nanoseconds> heartbeat_timeout{};
  /// Bounds each call.
  CallOptions call{};
};

/// What the server told with a heartbeat's acknowledgement, as of then.
struct HeartbeatReply {
  bool cancel_requested = false;
  bool activity_paused = false;  ///< also while the attempt that runs has still to end
  bool activity_reset = false;
};

/// Reports about one attempt, from outside its worker. Thread-safe. The calls have two forms: one blocks the calling
/// thread, the one named _async returns a Pending. They are repeated while the server cannot answer, up to the timeout
/// of a call; by ID, failures and heartbeats (without a run ID outcomes, too) only when the server refused for lack of
/// room, as the attempt might be another one the second time. A repetition by token that finds the attempt gone counts
/// as success: then the first one got through, as far as can be told. Errors of all: kNotFound when the attempt is over
/// or handed to someone else, kInvalidArgument (also what is too large), kUndecodable when a value cannot be encoded
/// (nothing was sent), kFailedPrecondition when this object (or a copy) has reported an outcome already or is about to,
/// kUnavailable and kDeadlineExceeded when nobody can tell whether it took effect, kPermissionDenied. An outcome that
/// ended in an error may be tried again.
class LONGBEAT_EXPORT AsyncReporter {
 public:
  /// Says that the work goes on, and how far it is. Returns at once. Calls are throttled, the newest value wins.
  /// Without a value the newest one known here is repeated, and when there is none the server's details are emptied:
  /// the protocol knows no other way. Never throws: what is not sent is logged, and shows in stop_causes() as not found
  /// or broken details. What waits when the last copy of this object goes is not sent, which is logged, too.
  template <class... Values>
  void heartbeat(const Values&... values) const noexcept {
    if constexpr (sizeof...(Values) == 0) {
      repeat_heartbeat();
    } else {
      try {
        auto make = [&] { return std::make_unique<internal::HeldDetails<internal::KeptValue<Values>...>>(values...); };
        if (goes_with_worker()) put_with_worker(make());
        if (!goes_with_worker()) put(make());
      } catch (const std::exception& error) {
        put_failed(error.what());
      } catch (...) {
        put_failed("copying the value threw something that is not a std::exception");
      }
    }
  }
  /// The same for what must have arrived: sends at once, whatever the throttle says, and waits for the answer. When
  /// something newer comes before it has got through, that goes in its place: nothing older follows something newer.
  template <class... Values>
  Result<HeartbeatReply> save_now(const Values&... values) const {
    static_assert(sizeof...(Values) > 0, "longbeat: save_now needs a value; heartbeat() repeats the newest");
    return save_encoded(converter().to_payloads(values...));
  }
  template <class... Values>
  Pending<HeartbeatReply> save_now_async(const Values&... values) const {
    static_assert(sizeof...(Values) > 0, "longbeat: save_now_async needs a value; heartbeat() repeats the newest");
    return save_encoded_async(converter().to_payloads(values...));
  }

  /// The activity has completed, with this result or, for one that returns void, with none.
  template <class T>
  Result<> complete(const T& result) const {
    return complete_encoded(converter().to_payloads(result));
  }
  Result<> complete() const;
  template <class T>
  Pending<void> complete_async(const T& result) const {
    return complete_encoded_async(converter().to_payloads(result));
  }
  Pending<void> complete_async() const;

  /// The attempt has failed; the retry policy decides what comes next. `error`: an ApplicationError or any other
  /// exception, a std::exception_ptr, an Error, or a Failure (one that is no application failure becomes the cause of
  /// one). What is too large goes without its details, and says so. `last_details`: what the next attempt finds as its
  /// checkpoint; without them it is the newest heartbeat, also one that the throttle still holds back. One that cannot
  /// be encoded or is too large does not cost the failure: it is logged, and shows in stop_causes().
  template <internal::WentWrong E, class... Details>
  Result<> fail(const E& error, const Details&... last_details) const {
    return fail_encoded(internal::reported_failure(error), encoded(last_details...));
  }
  template <internal::WentWrong E, class... Details>
  Pending<void> fail_async(const E& error, const Details&... last_details) const {
    return fail_encoded_async(internal::reported_failure(error), encoded(last_details...));
  }

  /// The work has stopped because cancellation was requested; closes the activity as canceled. `details`: what is left,
  /// readable in the failure of its caller. kInvalidArgument when nobody asked for cancellation.
  template <class... Details>
  Result<> report_canceled(const Details&... details) const {
    return canceled_encoded(converter().to_payloads(details...));
  }
  template <class... Details>
  Pending<void> report_canceled_async(const Details&... details) const {
    return canceled_encoded_async(converter().to_payloads(details...));
  }

  /// Requested once an answer gave a reason to stop: nobody asks the server but heartbeat() and the calls. Callbacks
  /// run on a thread of the SDK, as those of ActivityContext::stop_token().
  std::stop_token stop_token() const noexcept;
  bool stopped() const noexcept;
  /// In the order of arrival: canceled, paused, reset, not found, broken details. What was taken back (unpause) stays
  /// listed; save_now() tells what is so now.
  std::vector<StopCause> stop_causes() const;

 protected:
  AsyncReporter() = default;
  explicit AsyncReporter(std::shared_ptr<internal::AsyncOwner> owner) noexcept;
  ~AsyncReporter();
  AsyncReporter(const AsyncReporter&);
  AsyncReporter& operator=(const AsyncReporter&);
  AsyncReporter(AsyncReporter&&) noexcept;
  AsyncReporter& operator=(AsyncReporter&&) noexcept;

  std::shared_ptr<internal::AsyncOwner> owner_;  ///< null: can report nothing

 private:
  using LastDetails = Result<std::optional<Payloads>>;

  template <class... Details>
  LastDetails encoded(const Details&... details) const {
    if constexpr (sizeof...(Details) == 0) {
      return std::optional<Payloads>();
    } else {
      auto payloads = converter().to_payloads(details...);
      if (!payloads) return std::move(payloads).error();
      return std::optional<Payloads>(*std::move(payloads));
    }
  }
  const DataConverter& converter() const noexcept;
  bool goes_with_worker() const noexcept;
  void put_with_worker(std::unique_ptr<internal::DetailsValue> value) const;
  void put(std::unique_ptr<internal::DetailsValue> value) const;
  void put_failed(const char* why) const noexcept;
  void repeat_heartbeat() const noexcept;
  Result<HeartbeatReply> save_encoded(Result<Payloads> details) const;
  Pending<HeartbeatReply> save_encoded_async(Result<Payloads> details) const;
  Result<> complete_encoded(Result<Payloads> result) const;
  Pending<void> complete_encoded_async(Result<Payloads> result) const;
  Result<> fail_encoded(Failure failure, LastDetails details) const;
  Pending<void> fail_encoded_async(Failure failure, LastDetails details) const;
  Result<> canceled_encoded(Result<Payloads> details) const;
  Pending<void> canceled_encoded_async(Result<Payloads> details) const;
};

/// One attempt, reported about by somebody who is not its worker; Client::async_activity makes it, without asking the
/// server. Cheap to copy, and copies are one and the same; keeps the connection open.
///   AsyncActivity activity = client.async_activity(TaskToken{bytes_of_the_message});
///   activity.heartbeat(Progress{17});
///   if (auto done = activity.complete(Receipt{"r-17"}); !done) report(done.error());
class LONGBEAT_EXPORT AsyncActivity : public AsyncReporter {
 private:
  friend class Client;
  explicit AsyncActivity(std::shared_ptr<internal::AsyncOwner> owner) noexcept : AsyncReporter(std::move(owner)) {}
};

/// The duty to end one attempt, handed over by ActivityContext::complete_later(). Report its outcome, or release() it.
/// Destroyed before either, it fails the attempt in the background, retryably, with the type "CompletionLost"; what of
/// that has not got through within the client's call_timeout, or two seconds into the end of the process, is left to
/// the server's timeouts, which also decide when the process dies. Movable; outlives its worker and keeps the
/// connection open.
///
/// An outcome may come before the activity function has returned: it counts at once, the function is asked to stop
/// (cause: not found), and what it then returns or throws counts no more. Heartbeats and save_now() go through the
/// worker until then. A function that throws first has failed the attempt: outcomes are kFailedPrecondition. A lost
/// object of a running function waits for that function's end, whose exception, if there is one, says more.
class LONGBEAT_EXPORT LateCompletion : public AsyncReporter {
 public:
  LateCompletion(LateCompletion&&) noexcept;
  LateCompletion& operator=(LateCompletion&&) noexcept;
  ~LateCompletion();

  /// For messages to those who work on it; the duty stays here.
  const TaskToken& task_token() const noexcept { return token_; }
  /// Hands the duty to whoever gets the token, for Client::async_activity there; this object can report nothing any
  /// more.
  TaskToken release() noexcept;

 private:
  friend class LateCompletionAccess;
  LateCompletion(std::shared_ptr<internal::AsyncOwner> owner, TaskToken token) noexcept;
  void lose() noexcept;

  TaskToken token_;
};

LONGBEAT_END
