#include "model/written.h"

#include <array>

namespace longbeat::model {
namespace {

// Each step takes a tick, so the first one happens at 0, the second at 1, and so on.
constexpr std::array kWritten = {
    Written{"a pause of a held attempt is advice, and its failure lands in PAUSED", R"(
start stc=30.5 initial=1.5 attempts=5
poll
pause request=1 => answer=OK
pause request=1 => answer=OK; state=PAUSE_REQUESTED; status=RUNNING
pause request=2 => answer=FAILED_PRECONDITION activity is in non-pausable state PauseRequested
heartbeat details=half => answer.activity_paused=yes; answer.cancel_requested=no; answer.activity_reset=no
fail kind=application type=Boom message=oops => answer=OK
poll => state=PAUSED; status=PAUSED; attempt=2; details=half; last failure='oops' application(Boom)
look => task=-; state=PAUSED; next attempt=-
unpause request=3 => answer=OK
look => attempt=2; state=STARTED
complete result=done => answer=OK
unpause request=3 => answer=OK; status=COMPLETED; outcome=result done, retry state 0
unpause request=4 => answer=FAILED_PRECONDITION activity is in terminal state Completed
)"},
    Written{"a reset of a held attempt beats its non-retryable failure and outdates its token", R"(
start stc=30.5 attempts=1 initial=1.5
poll
heartbeat details=half
reset request=1 => answer=OK
reset request=2 => answer=FAILED_PRECONDITION cannot reset an activity with a pending reset; state=STARTED
pause request=1 => answer=FAILED_PRECONDITION activity is in non-pausable state ResetRequested
heartbeat details=more => answer.activity_reset=yes; answer.activity_paused=no
fail kind=final message=broken => answer=OK
heartbeat token=1 => answer=NOT_FOUND [NotFoundFailure] activity not found for ID: activity; attempt=1; state=SCHEDULED; details=more
poll
heartbeat token=1 => answer=NOT_FOUND [NotFoundFailure] activity not found for ID: activity; attempt=1; state=STARTED
complete token=2 => answer=OK
look => status=COMPLETED; outcome=result -, retry state 0
)"},
    Written{"a reset that keeps a pause shows as what it will leave behind", R"(
start stc=30.5 initial=1.5
poll
heartbeat details=half
pause
update heartbeat=9.5 initial=2.5 mask=heartbeat_timeout,retry_policy.initial_interval => answer=OK
reset keep_paused restore clear_details => answer=OK
heartbeat details=more => state=PAUSE_REQUESTED; answer.activity_reset=yes; answer.activity_paused=no
fail message=oops => answer=OK
reset keep_paused => status=PAUSED; attempt=1; details=-; options=queue-1, s2s -, s2c -, stc 30.5, heartbeat -, start delay -, retry 1.5 times 2, at most 150, attempts 0
unpause => status=PAUSED; answer=OK
look => state=SCHEDULED; attempt=1; next attempt=-
)"},
    Written{"a cancel of what nobody holds is immediate, and its repetition no error", R"(
start stc=3.5
cancel request=1 reason=bored => answer=OK
cancel request=1 reason=bored => answer=OK; status=CANCELED; outcome='Activity canceled' canceled(bored, client), retry state 0; cancel reason=bored
cancel request=2 => answer=FAILED_PRECONDITION activity is in terminal state Canceled
)"},
    Written{"a worker may say canceled only when it was asked to", R"(
start stc=30.5
poll
canceled details=so-far => answer=INVALID_ARGUMENT unable to mark activity as canceled without activity being request canceled first
cancel request=1 => state=STARTED; answer=OK
cancel request=2 => answer=FAILED_PRECONDITION cancellation already requested with request ID request-1
pause => answer=FAILED_PRECONDITION activity is in non-pausable state CancelRequested
reset => answer=FAILED_PRECONDITION cannot reset an activity with a pending cancellation
heartbeat => answer.cancel_requested=yes
canceled details=so-far => answer=OK
look => status=CANCELED; outcome='Activity canceled' canceled(so-far, client), retry state 0
)"},
    Written{"a cancel beats a pending reset, and what fails then is not retried", R"(
start stc=30.5 attempts=1
poll
reset
cancel reason=stop => answer=OK
heartbeat details=half => state=CANCEL_REQUESTED; answer.cancel_requested=yes; answer.activity_reset=no
fail message=oops => answer=OK
look => status=FAILED; outcome='oops' application(-), retry state 7; attempt=1
)"},
    Written{"a completion by ID needs no attempt, the other reports do", R"(
start stc=30.5
heartbeat by_id => answer=NOT_FOUND [NotFoundFailure] activity not found for ID: activity
fail by_id message=oops => answer=NOT_FOUND [NotFoundFailure] activity not found for ID: activity
pause
complete by_id result=found => status=PAUSED; answer=OK
complete by_id => status=COMPLETED; started=yes; answer=FAILED_PRECONDITION invalid transition from Completed
)"},
    Written{"schedule-to-close goes on while paused, schedule-to-start does not", R"(
start s2c=7.5 s2s=2.5 initial=2
pause
wait ticks=4
look => status=PAUSED
wait ticks=2
look => status=TIMED_OUT; outcome='activity ScheduleToClose timeout' timeout(ScheduleToClose, -), retry state 3
)"},
    Written{"nobody comes for it", R"(
start stc=3.5 s2s=2.5
await
wait ticks=2
look => status=TIMED_OUT; heard='activity ScheduleToStart timeout' timeout(ScheduleToStart, -), retry state 3; last failure=-
)"},
    Written{"a timeout whose retry does not fit closes at once, and tells of the whole", R"(
start s2c=12.5 heartbeat=1.5 initial=20.5 interval=40.5
poll
heartbeat details=half
wait ticks=2
look => status=TIMED_OUT; outcome='Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying' timeout(ScheduleToClose, half), retry state 3; last failure='activity Heartbeat timeout' timeout(Heartbeat, -)
)"},
    Written{"a failure whose retry does not fit closes as the failure", R"(
start s2c=12.5 initial=20.5 interval=40.5
poll
fail message=oops type=Boom details=half
look => status=FAILED; outcome='oops' application(Boom), retry state 3; details=half; beats=1
)"},
    Written{"a silent worker loses its attempt, and the next one gets what it had saved", R"(
start stc=30.5 heartbeat=2.5 initial=0.5
poll
heartbeat details=half
poll
wait ticks=2
heartbeat token=1 => task=token 2 of run 1, attempt 2, details half, input -, header head, s2c -, stc 30.5, heartbeat 2.5, retry 0.5 times 2, at most 50, attempts 0; last failure='activity Heartbeat timeout' timeout(Heartbeat, -); answer=NOT_FOUND [NotFoundFailure] activity not found for ID: activity
heartbeat => details=half; answer=OK
look => details=-; beats=2
)"},
    Written{"a timeout that is listed is not retried", R"(
start stc=30.5 heartbeat=1.5 listed=TemporalTimeout:Heartbeat
poll
wait ticks=2
look => status=TIMED_OUT; outcome='activity Heartbeat timeout' timeout(Heartbeat, -), retry state 2
)"},
    Written{"a delay that the worker asks for counts once, and over the policy's cap", R"(
start stc=30.5 initial=1.5 interval=2.5
poll
fail message=oops delay=6.5
look => retry interval=6.5; next attempt=end + 6.5; attempt=2
pause
wait ticks=2
update attempts=9 mask=retry_policy.maximum_attempts => answer=OK
unpause => answer=OK
look => attempt=2; retry interval=-; next attempt=-
)"},
    Written{"a failure without words may be retried, and ends with words of the server", R"(
start stc=30.5 initial=0.5 attempts=2
poll
fail kind=none => answer=OK
poll => last failure=-; attempt=2
fail kind=server message=ours => answer=INVALID_ARGUMENT Failure must have ApplicationFailureInfo.
fail kind=none => answer=OK
look => status=FAILED; outcome='activity task failed without failure details', retry state 4
)"},
    Written{"an ID is taken while its run is open, and by policy afterwards", R"(
start request=1 stc=30.5 input=first => answer=OK; answer.run=run 1; answer.started=yes
start request=1 stc=30.5 input=other => answer=OK; answer.run=run 1; answer.started=no
start request=2 stc=30.5 => answer=ALREADY_EXISTS [ActivityExecutionAlreadyStartedFailure] activity execution already started; answer.run=run 1; answer.request=request-1
start request=2 stc=30.5 conflict=2 => answer=OK; answer.run=run 1; answer.started=no
poll
complete result=done => input=first
start request=1 stc=30.5 => answer=OK; answer.run=run 1; answer.started=no
start request=3 stc=30.5 reuse=2 => answer=ALREADY_EXISTS [ActivityExecutionAlreadyStartedFailure] activity execution already started; answer.run=run 1
start request=4 stc=30.5 reuse=3 => answer=ALREADY_EXISTS [ActivityExecutionAlreadyStartedFailure] activity execution already started
start request=5 stc=30.5 => answer=OK; answer.run=run 2; answer.started=yes
terminate run=1 => answer=FAILED_PRECONDITION invalid transition from Completed
terminate reason=enough request=6 => answer=OK
terminate request=6 => status=TERMINATED; answer=OK; outcome='enough' terminated(client), retry state 0
terminate request=7 => answer=FAILED_PRECONDITION already terminated with request ID request-6
)"},
    Written{"a task moves to the queue it is told to", R"(
start stc=30.5
update queue=2 mask=task_queue.name => answer=OK
poll
look => task=-; state=SCHEDULED
hang_up
poll queue=2
look => state=STARTED
update mask=task_queue => answer=INVALID_ARGUMENT unsupported update_mask path: "task_queue"
)"},
    Written{"a start delay may change until it is over, and moves everything", R"(
start start_delay=3.5 stc=5.5 s2c=20.5
update start_delay=7.5 mask=start_delay => answer=OK; next attempt=schedule + 3.5; expires=schedule + 24
pause
reset keep_paused => next attempt=-; answer=OK
unpause => answer=OK
poll => next attempt=schedule + 7.5; due=schedule + 7.5; expires=schedule + 28
wait ticks=3
update start_delay=9.5 mask=start_delay => state=STARTED; answer=FAILED_PRECONDITION start_delay cannot be changed once the activity has become due
)"},
    Written{"who watches is told of a change, who waits of the end", R"(
start stc=30.5
watch
await
look => noticed=-; heard=-
poll
look => noticed=run 1; heard=-
watch
complete result=done
look => noticed=run 1; heard=result done, retry state 0
)"},
    Written{"what is deleted is gone for everybody, and its ID free", R"(
start stc=30.5 request=1
poll
await
delete => answer=OK
heartbeat => describe=NOT_FOUND [NotFoundFailure] activity not found for ID: activity; heard='Delete activity execution' terminated(-), retry state 0; answer=NOT_FOUND [NotFoundFailure] activity not found for ID: activity
delete => answer=NOT_FOUND [NotFoundFailure] activity not found for ID: activity
start stc=30.5 request=1 reuse=3 => answer=OK; answer.started=yes; answer.run=run 2
)"},
};

}  // namespace

std::span<const Written> written_traces() {
  return kWritten;
}

}  // namespace longbeat::model
