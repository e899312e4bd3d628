#pragma once
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "longbeat/activity_description.h"
#include "longbeat/call_options.h"
#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/operator_options.h"
#include "longbeat/pending.h"
#include "longbeat/result.h"
#include "longbeat/rows.h"

namespace longbeat::internal {
struct ClientCore;
}

LONGBEAT_BEGIN

/// What every handle can do, whatever the result's type is. Cheap to copy; keeps the connection open. Thread-safe.
/// Each call has two forms: one blocks the calling thread, the one named _async returns a Pending. Errors of all:
/// kNotFound when there is no such run, kInvalidArgument, kUnavailable, kDeadlineExceeded, kPermissionDenied. Calls
/// that change something are sent again under the same request ID while the server cannot answer, and so happen once to
/// a run. Without a run ID each try means the run that is the latest then: another one, if that has been started since.
class LONGBEAT_EXPORT ActivityHandleBase {
 public:
  const std::string& id() const noexcept { return id_; }
  /// The run this handle is bound to; empty: whichever is the latest.
  const std::string& run_id() const noexcept { return run_id_; }
  /// True when the start that gave this handle began no run but found this one: with IdConflictPolicy::kUseExisting, or
  /// because an earlier start under the same request ID had begun it, which may be a try of the same call whose answer
  /// was lost. False for handles that no start gave.
  bool joined() const noexcept { return joined_; }

  /// The activity as it is now.
  Result<ActivityDescription> describe(const DescribeOptions& options = {}) const;
  Pending<ActivityDescription> describe_async(const DescribeOptions& options = {}) const;

  /// The activity as it is now, and again whenever it has changed (heartbeats are changes; of those that come faster
  /// than they are read the newest is seen), until it has closed; the last row says how. Asks again when the server was
  /// away. For a run ID that is not known, follows the run that is the latest at the beginning.
  Rows<ActivityDescription> watch(const WatchOptions& options = {}) const;
  /// One step of a watch: waits until the activity is in another state than `seen`. kFailedPrecondition when `seen` is
  /// closed: nothing changes any more.
  Result<ActivityDescription> wait_for_change(const ActivityDescription& seen, const WatchOptions& options = {}) const;
  Pending<ActivityDescription> wait_for_change_async(const ActivityDescription& seen,
                                                     const WatchOptions& options = {}) const;

  /// Asks for cancellation and returns when the server has noted it. The worker hears of it with its next heartbeat and
  /// may take its time; result() tells how it ended. An activity that no worker has is canceled at once.
  /// kFailedPrecondition when it is closed already, or cancellation was asked for by another call before.
  Result<> cancel(const CancelOptions& options = {}) const;
  /// With a reason alone: cancel("superseded").
  template <std::convertible_to<std::string> Text>
  Result<> cancel(const Text& reason) const {
    return cancel(CancelOptions{reason, {}, {}});
  }
  Pending<void> cancel_async(const CancelOptions& options = {}) const;

  /// Closes the activity at once, whatever its worker does; that learns it with its next heartbeat or report, and its
  /// result does not count. kFailedPrecondition when it is closed already.
  Result<> terminate(const TerminateOptions& options = {}) const;
  Pending<void> terminate_async(const TerminateOptions& options = {}) const;

  /// Deletes the run and all that is known of it; an open one is terminated first. Soon afterwards it is kNotFound.
  /// (The protocol's DeleteActivityExecution, which has no request ID: a repetition of yours may find it gone and say
  /// kNotFound. Without a run ID it may find a run that has been started since, and delete that: then the SDK does not
  /// repeat it either. Bind the handle to the run first.)
  Result<> remove(const RemoveOptions& options = {}) const;
  Pending<void> remove_async(const RemoveOptions& options = {}) const;

  /// No attempt starts any more until unpause(). A running one is told with its next heartbeat and may go on to its
  /// end: if it completes, the activity has completed; if it obeys and was the last attempt that the retry policy
  /// allows, the activity has failed. Limits on the whole activity run on. kFailedPrecondition when it is closed,
  /// paused, being canceled or being reset; kUnimplemented by servers where operators may not (see
  /// NamespaceDescription::standalone_activity_operator_commands), which goes for the following ones, too.
  Result<> pause(const PauseOptions& options = {}) const;
  Pending<void> pause_async(const PauseOptions& options = {}) const;
  /// Goes on where the pause began: what is left of a backoff or start delay is waited for. kFailedPrecondition when it
  /// is not paused.
  Result<> unpause(const UnpauseOptions& options = {}) const;
  Pending<void> unpause_async(const UnpauseOptions& options = {}) const;
  /// Begins again at attempt 1, without backoff. A running attempt is told and ends first; if it completes, the
  /// activity has completed. kFailedPrecondition when it is closed, being canceled, or being reset.
  Result<> reset(const ResetOptions& options = {}) const;
  Pending<void> reset_async(const ResetOptions& options = {}) const;
  /// Changes what it runs under, and tells all of it as it is now. A running attempt goes on. kInvalidArgument also
  /// when nothing was asked for; kFailedPrecondition when it is closed, being canceled or being reset, and for a
  /// start_delay that is over.
  Result<ActivityOptions> update_options(const UpdateOptions& options) const;
  Pending<ActivityOptions> update_options_async(const UpdateOptions& options) const;

 protected:
  ActivityHandleBase(std::shared_ptr<internal::ClientCore> core, std::string id, std::string run_id, bool joined)
      : core_(std::move(core)), id_(std::move(id)), run_id_(std::move(run_id)), joined_(joined) {}
  Result<Payloads> raw_result(const WaitOptions& options) const;
  void raw_result_async(const WaitOptions& options, const std::shared_ptr<internal::PendingState>& state,
                        std::function<void(Result<Payloads>)> fill) const;
  const DataConverter& converter() const;
  const std::shared_ptr<internal::ClientCore>& core() const noexcept { return core_; }

 private:
  std::shared_ptr<internal::ClientCore> core_;
  std::string id_;
  std::string run_id_;
  bool joined_;
};

/// One activity, seen from outside. R is what it returns; Payloads leaves the result encoded.
template <class R>
class ActivityHandle : public ActivityHandleBase {
 public:
  /// Waits until the activity has closed; asks again when the server was away meanwhile. Errors: kActivityFailed,
  /// kActivityCanceled, kActivityTerminated and kActivityTimedOut with Error::failure when it closed that way;
  /// kDeadlineExceeded when options.timeout passed, kCanceled when stop was requested (the activity goes on in both
  /// cases); kUndecodable when the result is not an R; kNotFound. Blocks the calling thread.
  Result<R> result(const WaitOptions& options = {}) const {
    auto payloads = raw_result(options);
    if (!payloads) return std::move(payloads).error();
    return converter().template from_result<R>(*std::move(payloads));
  }
  Pending<R> result_async(const WaitOptions& options = {}) const {
    auto state = std::make_shared<internal::PendingAnswer<R>>();
    raw_result_async(options, state, [answer = state.get(), how = converter()](Result<Payloads> payloads) {
      if (!payloads) return answer->fill(std::move(payloads).error());
      answer->fill(how.template from_result<R>(*std::move(payloads)));
    });
    return Pending<R>(std::move(state), core());
  }

 private:
  friend class Client;
  ActivityHandle(std::shared_ptr<internal::ClientCore> core, std::string id, std::string run_id, bool joined = false)
      : ActivityHandleBase(std::move(core), std::move(id), std::move(run_id), joined) {}
};

LONGBEAT_END
