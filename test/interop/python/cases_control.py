"""Cancel, terminate, pause, unpause, reset, update of options, IDs in use."""

from datetime import timedelta

from temporalio.api.workflowservice.v1 import (
    DeleteActivityExecutionRequest,
    PauseActivityExecutionRequest,
    ResetActivityExecutionRequest,
    UnpauseActivityExecutionRequest,
)
from temporalio.client import (
    ActivityExecutionStatus,
    ActivityHandle,
    ActivityOptionsKeys,
    PendingActivityState,
)
from temporalio.common import ActivityIDConflictPolicy, ActivityIDReusePolicy, RetryPolicy
from temporalio.exceptions import ActivityAlreadyStartedError, CancelledError, TerminatedError
from temporalio.service import RPCError, RPCStatusCode

import activities
from harness import Bench, case, equal, failure_of, refusal_of, true, until, until_described


async def beating(bench: Bench, *args, **options) -> ActivityHandle:
    """An activity whose first attempt runs and has heartbeated."""
    handle = await bench.start(activities.beat_until_stopped, *(args or [""]), **options)
    await until_described(handle, lambda it: it.has_heartbeat_details(), "a heartbeat")
    return handle


async def stop_of(handle: ActivityHandle):
    """Why the attempt was told to stop."""

    async def told():
        return activities.stops[handle.id]

    return (await until(told, "the attempt is told to stop"))[0]


@case("a cancel is seen by heartbeat, and the caller gets the canceled error")
async def _(bench: Bench):
    handle = await beating(bench)
    await handle.cancel(reason="changed my mind")
    failure = await failure_of(handle)
    true(isinstance(failure, CancelledError), repr(failure))
    stop = await stop_of(handle)
    equal((stop.cancel_requested, stop.paused), (True, False))
    seen = await handle.describe()
    equal((seen.status, seen.canceled_reason), (ActivityExecutionStatus.CANCELED, "changed my mind"))


@case("a cancel does not undo a completion, and one before the first attempt ends it at once")
async def _(bench: Bench):
    handle = await beating(bench, "complete anyway")
    await handle.cancel()
    equal(await handle.result(), "done before the stop")
    handle = await bench.start(activities.greet, "x", task_queue=bench.id("nobody-polls"))
    await handle.cancel(reason="not needed")
    true(isinstance(await failure_of(handle), CancelledError), "canceled")
    error = await refusal_of(handle.cancel(), RPCError)
    equal(error.status, RPCStatusCode.FAILED_PRECONDITION)


@case("a pause sent by a raw call is seen by heartbeat; after the unpause the activity completes")
async def _(bench: Bench):
    handle = await beating(bench)
    ids = {"namespace": bench.client.namespace, "activity_id": handle.id, "run_id": handle.run_id}
    service = bench.client.workflow_service
    await service.pause_activity_execution(PauseActivityExecutionRequest(**ids, identity="raw", reason="look into it"))
    stop = await stop_of(handle)
    equal((stop.paused, stop.cancel_requested), (True, False))
    seen = await until_described(handle, lambda it: it.run_state == PendingActivityState.PAUSED, "paused")
    equal(seen.attempt, 2)
    equal(seen.status, ActivityExecutionStatus.PAUSED)
    await service.unpause_activity_execution(UnpauseActivityExecutionRequest(**ids, identity="raw"))
    equal(await handle.result(), "attempt 2 after beating")


@case("pause and unpause by the SDK's own handle, also before the first attempt")
async def _(bench: Bench):
    handle = await bench.start(activities.greet, "x", start_delay=timedelta(seconds=1))
    await handle.pause(reason="not yet")
    seen = await handle.describe()
    equal((seen.status, seen.run_state), (ActivityExecutionStatus.PAUSED, PendingActivityState.PAUSED))
    await handle.unpause(reason="now", jitter=timedelta(milliseconds=10))
    equal(await handle.result(), "hello x")
    error = await refusal_of(handle.pause(), RPCError)
    equal(error.status, RPCStatusCode.FAILED_PRECONDITION)


@case("a reset sent by a raw call stops the attempt and begins again at attempt 1")
async def _(bench: Bench):
    handle = await beating(bench)
    await bench.client.workflow_service.reset_activity_execution(
        ResetActivityExecutionRequest(namespace=bench.client.namespace, activity_id=handle.id, identity="raw")
    )
    true((await stop_of(handle)).reset, "told of the reset")
    seen = await until_described(handle, lambda it: it.attempt == 1 and it.has_last_failure(), "attempt 1 again")
    equal(seen.status, ActivityExecutionStatus.RUNNING)
    await handle.terminate()


@case("options are updated and restored while the activity runs")
async def _(bench: Bench):
    handle = await beating(bench)
    after = await handle.update_options(
        [
            ActivityOptionsKeys.heartbeat_timeout.value_set(timedelta(seconds=25)),
            ActivityOptionsKeys.retry_policy.value_set(RetryPolicy(maximum_attempts=5)),
        ]
    )
    equal((after.heartbeat_timeout, after.retry_policy.maximum_attempts), (timedelta(seconds=25), 5))
    after = await handle.restore_original_options()
    equal((after.heartbeat_timeout, after.retry_policy.maximum_attempts), (timedelta(seconds=10), 0))
    await handle.terminate()


@case("an activity moved to another queue runs there")
async def _(bench: Bench):
    handle = await bench.start(activities.greet, "mover", task_queue=bench.id("nobody-polls"))
    after = await handle.update_options([ActivityOptionsKeys.task_queue.value_set(bench.queue)])
    equal(after.task_queue, bench.queue)
    equal(await handle.result(), "hello mover")


@case("a terminated activity ends at once, and its attempt learns it is gone")
async def _(bench: Bench):
    handle = await beating(bench)
    await handle.terminate(reason="out of budget")
    failure = await failure_of(handle)
    true(isinstance(failure, TerminatedError) and failure.message == "out of budget", repr(failure))
    true((await stop_of(handle)).not_found, "the heartbeat was answered NOT_FOUND")
    equal((await handle.describe()).status, ActivityExecutionStatus.TERMINATED)


@case("an ID in use is refused with the run ID that has it, or shared by USE_EXISTING")
async def _(bench: Bench):
    handle = await beating(bench)
    error = await refusal_of(bench.start(activities.beat_until_stopped, "", id=handle.id), ActivityAlreadyStartedError)
    equal((error.activity_id, error.run_id), (handle.id, handle.run_id))
    policy = ActivityIDConflictPolicy.USE_EXISTING
    same = await bench.start(activities.beat_until_stopped, "", id=handle.id, id_conflict_policy=policy)
    equal(same.run_id, handle.run_id)
    await handle.terminate()


@case("the ID of a closed activity is used again only as the reuse policy allows")
async def _(bench: Bench):
    first = await bench.start(activities.greet, "one")
    await first.result()
    for policy in (ActivityIDReusePolicy.REJECT_DUPLICATE, ActivityIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY):
        again = bench.start(activities.greet, "two", id=first.id, id_reuse_policy=policy)
        equal((await refusal_of(again, ActivityAlreadyStartedError)).run_id, first.run_id)
    second = await bench.start(activities.greet, "two", id=first.id)
    true(second.run_id != first.run_id, "a run of its own")
    equal(await second.result(), "hello two")
    equal(await bench.client.get_activity_handle(first.id, run_id=first.run_id).result(), "hello one")


@case("a deleted activity is gone")
async def _(bench: Bench):
    handle = await bench.start(activities.greet, "x")
    await handle.result()
    await bench.client.workflow_service.delete_activity_execution(
        DeleteActivityExecutionRequest(namespace=bench.client.namespace, activity_id=handle.id, run_id=handle.run_id)
    )

    async def gone():
        try:
            await handle.describe()
        except RPCError as error:
            return error.status == RPCStatusCode.NOT_FOUND
        return False

    await until(gone, "describe says NOT_FOUND")
