"""What a Python client does with an activity that C++ runs."""

import asyncio
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import ResetActivityExecutionRequest
from temporalio.client import ActivityExecutionStatus, ActivityHandle, PendingActivityState
from temporalio.common import RetryPolicy
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError, CancelledError, TerminatedError
from temporalio.service import RPCError, RPCStatusCode

from cases_cpp import cpp_worker
from harness import Bench, case, each_timed_out, equal, failure_of, refusal_of, true, until, until_described

SECOND = timedelta(seconds=1)


def with_cpp(sentence: str):
    def remember(run):
        @case(f"{sentence}, with a C++ worker")
        async def _(bench: Bench):
            here = Bench(bench.address, bench.client, bench.id("served-by-cpp"))
            async with cpp_worker(bench, here.queue, DataConverter.default):
                await run(here)

    return remember


async def beating(here: Bench, mark: str = "/nonexistent") -> ActivityHandle:
    """An activity whose first attempt runs and has heartbeated. `mark` is the file that ends the next attempt."""
    # Our worker too holds heartbeats back for up to 80% of the timeout.
    handle = await here.start("beat", mark, result_type=str, heartbeat_timeout=SECOND)
    await until_described(handle, lambda it: it.has_heartbeat_details(), "a heartbeat")
    return handle


@contextmanager
def a_mark():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "mark"


@with_cpp("a cancel is seen by heartbeat, and the caller gets the canceled error")
async def _(here: Bench):
    handle = await beating(here)
    await handle.cancel(reason="changed my mind")
    true(isinstance(await failure_of(handle), CancelledError), "canceled")
    seen = await handle.describe()
    equal((seen.status, seen.canceled_reason), (ActivityExecutionStatus.CANCELED, "changed my mind"))


@with_cpp("a pause is seen by heartbeat; after the unpause the activity completes")
async def _(here: Bench):
    with a_mark() as mark:
        handle = await beating(here, str(mark))
        mark.touch()
        await handle.pause(reason="look into it")
        seen = await until_described(handle, lambda it: it.run_state == PendingActivityState.PAUSED, "paused")
        equal(seen.status, ActivityExecutionStatus.PAUSED)
        await handle.unpause()
        equal(await handle.result(), "attempt 2 after beating")


@with_cpp("a reset begins again at attempt 1 and keeps the heartbeat details")
async def _(here: Bench):
    with a_mark() as mark:
        handle = await beating(here, str(mark))
        mark.touch()
        await here.client.workflow_service.reset_activity_execution(
            ResetActivityExecutionRequest(namespace=here.client.namespace, activity_id=handle.id, identity="raw")
        )
        equal(await handle.result(), "attempt 1 after beating")


@with_cpp("terminate closes the activity at once, and a cancel after that is refused")
async def _(here: Bench):
    handle = await beating(here)
    await handle.terminate(reason="no more")
    true(isinstance(await failure_of(handle), TerminatedError), "terminated")
    equal((await handle.describe()).status, ActivityExecutionStatus.TERMINATED)
    equal((await refusal_of(handle.cancel(), RPCError)).status, RPCStatusCode.FAILED_PRECONDITION)


@with_cpp("retries end with success, with the last attempt's failure, or at a listed type")
async def _(here: Bench):
    equal(await (await here.start("flaky", 2, result_type=int)).result(), 3)
    soon = timedelta(milliseconds=50)
    for policy, message in (
        (RetryPolicy(initial_interval=soon, maximum_attempts=2), "attempt 2"),
        (RetryPolicy(initial_interval=soon, non_retryable_error_types=["Flaky"]), "attempt 1"),
    ):
        failure = await failure_of(await here.start("flaky", 9, retry_policy=policy))
        true(isinstance(failure, ApplicationError), repr(failure))
        equal((failure.message, failure.type), (message, "Flaky"))


@with_cpp("each timeout closes the activity with its type")
async def _(here: Bench):
    once, nobody = RetryPolicy(maximum_attempts=1), here.id("nobody-polls")
    handles = await asyncio.gather(
        here.start("hold", start_to_close_timeout=SECOND, retry_policy=once),
        here.start("hold", heartbeat_timeout=SECOND, retry_policy=once),
        here.start("greet", "x", task_queue=nobody, schedule_to_start_timeout=SECOND),
        here.start("greet", "x", task_queue=nobody, schedule_to_close_timeout=SECOND),
        here.start("hold", schedule_to_close_timeout=SECOND, retry_policy=once),
    )
    await each_timed_out(*handles)


@with_cpp("activities are listed by query and counted by status, one is described")
async def _(here: Bench):
    for name in ("a", "b", "c"):
        equal(await (await here.start("greet", name, result_type=str)).result(), f"hello {name}")
    handle = await beating(here)
    query = f'TaskQueue = "{here.queue}"'

    async def all_there():
        return (await here.client.count_activities(f'{query} AND ExecutionStatus = "Completed"')).count == 3

    await until(all_there, "three are counted")
    listed = {it.activity_id: it.status async for it in here.client.list_activities(query)}
    equal((len(listed), listed[handle.id]), (4, ActivityExecutionStatus.RUNNING))
    counted = await here.client.count_activities(f"{query} GROUP BY ExecutionStatus")
    groups = {group.group_values[0]: group.count for group in counted.groups}
    equal((counted.count, groups), (4, {"Completed": 3, "Running": 1}))
    seen = await handle.describe()
    equal((seen.activity_type, seen.task_queue, seen.attempt), ("beat", here.queue, 1))
    true(seen.raw_info.last_worker_identity and seen.raw_info.total_heartbeat_count > 0, "a worker and its heartbeats")
    await handle.terminate()
