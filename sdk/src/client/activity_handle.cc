#include "longbeat/activity_handle.h"

#include "client/calls.h"
#include "client/client_core.h"
#include "client/rows.h"

LONGBEAT_BEGIN

using internal::launch;
using internal::run;

Rows<ActivityDescription> ActivityHandleBase::watch(const WatchOptions& options) const {
  return Rows<ActivityDescription>(std::make_unique<internal::WatchedStates>(core_, id_, run_id_, options));
}

namespace {

/// The next state after one that is known. Of that run, whichever is the latest by now.
internal::PreparedCall<ActivityDescription> prepare_next(const internal::ClientCore& core,
                                                         const ActivityDescription& seen, const WatchOptions& options) {
  if (seen.open()) return internal::prepare_change(core, {seen.id, seen.run_id}, seen.long_poll_token, options);
  internal::PreparedCall<ActivityDescription> refused;
  refused.counters = core.counters;
  refused.refused = Error{ErrorCode::kFailedPrecondition,
                          "watch of activity '" + seen.id + "' (run " + seen.run_id + "): it has closed",
                          {},
                          {}};
  return refused;
}

}  // namespace

Result<ActivityDescription> ActivityHandleBase::wait_for_change(const ActivityDescription& seen,
                                                                const WatchOptions& options) const {
  return run(*core_, prepare_next(*core_, seen, options));
}
Pending<ActivityDescription> ActivityHandleBase::wait_for_change_async(const ActivityDescription& seen,
                                                                       const WatchOptions& options) const {
  return launch(core_, prepare_next(*core_, seen, options));
}

Result<ActivityDescription> ActivityHandleBase::describe(const DescribeOptions& options) const {
  return run(*core_, internal::prepare_describe(*core_, {id_, run_id_}, options));
}
Pending<ActivityDescription> ActivityHandleBase::describe_async(const DescribeOptions& options) const {
  return launch(core_, internal::prepare_describe(*core_, {id_, run_id_}, options));
}

Result<> ActivityHandleBase::cancel(const CancelOptions& options) const {
  return run(*core_, internal::prepare_cancel(*core_, {id_, run_id_}, options));
}
Pending<void> ActivityHandleBase::cancel_async(const CancelOptions& options) const {
  return launch(core_, internal::prepare_cancel(*core_, {id_, run_id_}, options));
}

Result<> ActivityHandleBase::terminate(const TerminateOptions& options) const {
  return run(*core_, internal::prepare_terminate(*core_, {id_, run_id_}, options));
}
Pending<void> ActivityHandleBase::terminate_async(const TerminateOptions& options) const {
  return launch(core_, internal::prepare_terminate(*core_, {id_, run_id_}, options));
}

Result<> ActivityHandleBase::remove(const RemoveOptions& options) const {
  return run(*core_, internal::prepare_remove(*core_, {id_, run_id_}, options));
}
Pending<void> ActivityHandleBase::remove_async(const RemoveOptions& options) const {
  return launch(core_, internal::prepare_remove(*core_, {id_, run_id_}, options));
}

Result<> ActivityHandleBase::pause(const PauseOptions& options) const {
  return run(*core_, internal::prepare_pause(*core_, {id_, run_id_}, options));
}
Pending<void> ActivityHandleBase::pause_async(const PauseOptions& options) const {
  return launch(core_, internal::prepare_pause(*core_, {id_, run_id_}, options));
}

Result<> ActivityHandleBase::unpause(const UnpauseOptions& options) const {
  return run(*core_, internal::prepare_unpause(*core_, {id_, run_id_}, options));
}
Pending<void> ActivityHandleBase::unpause_async(const UnpauseOptions& options) const {
  return launch(core_, internal::prepare_unpause(*core_, {id_, run_id_}, options));
}

Result<> ActivityHandleBase::reset(const ResetOptions& options) const {
  return run(*core_, internal::prepare_reset(*core_, {id_, run_id_}, options));
}
Pending<void> ActivityHandleBase::reset_async(const ResetOptions& options) const {
  return launch(core_, internal::prepare_reset(*core_, {id_, run_id_}, options));
}

Result<ActivityOptions> ActivityHandleBase::update_options(const UpdateOptions& options) const {
  return run(*core_, internal::prepare_update(*core_, {id_, run_id_}, options));
}
Pending<ActivityOptions> ActivityHandleBase::update_options_async(const UpdateOptions& options) const {
  return launch(core_, internal::prepare_update(*core_, {id_, run_id_}, options));
}

Result<Payloads> ActivityHandleBase::raw_result(const WaitOptions& options) const {
  return run(*core_, internal::prepare_result(*core_, {id_, run_id_}, options));
}
void ActivityHandleBase::raw_result_async(const WaitOptions& options,
                                          const std::shared_ptr<internal::PendingState>& state,
                                          std::function<void(Result<Payloads>)> fill) const {
  launch(*core_, internal::prepare_result(*core_, {id_, run_id_}, options), state, std::move(fill));
}

const DataConverter& ActivityHandleBase::converter() const {
  return core_->converter;
}

LONGBEAT_END
