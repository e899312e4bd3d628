"""Start, run, result, retries, heartbeats and resume, timeouts, completion from elsewhere, workers that end."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from temporalio.client import ActivityExecutionStatus, AsyncActivityCancelledError, Client
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ApplicationError, CancelledError

import activities
from harness import Bench, case, each_timed_out, equal, failure_of, refusal_of, true, until_described


@case("an activity is started, runs and has a result")
async def _(bench: Bench):
    handle = await bench.start(activities.greet, "ada")
    equal(await handle.result(), "hello ada")
    options = {"id": bench.id("x"), "task_queue": bench.queue, "schedule_to_close_timeout": timedelta(seconds=30)}
    executed = await bench.client.execute_activity(activities.greet, "grace", **options)
    equal(executed, "hello grace")


@case("values of every kind come back as they went")
async def _(bench: Bench):
    values = [None, True, 3, -1.5, "ü \U0001f40c", [1, [2]], {"a": {"b": None}}, "", "x" * 200_000]
    handle = await bench.start("echo", *values)
    equal(await handle.result(), values)
    handle = await bench.start(activities.raw, b"\x00\xff" * 1000)
    equal(await handle.result(), b"\x00\xff" * 1000)
    equal(await (await bench.start(activities.nothing)).result(), None)


@case("an attempt is told what it needs to know of itself")
async def _(bench: Bench):
    handle = await bench.start(
        activities.about_itself, retry_policy=RetryPolicy(maximum_attempts=3), priority=Priority(priority_key=2)
    )
    equal(
        await handle.result(),
        {
            "id": handle.id,
            "run_id": handle.run_id,
            "type": "about_itself",
            "queue": bench.queue,
            "namespace": "default",
            "attempt": 1,
            "in_workflow": False,
            "start_to_close": 30.0,
            "heartbeat": 10.0,
            "maximum_attempts": 3,
            "priority_key": 2,
            "in_order": True,
        },
    )


@case("a second client's handle awaits the same result")
async def _(bench: Bench):
    handle = await bench.start(activities.sleep_for, 0.5)
    other = await Client.connect(bench.address)
    later = other.get_activity_handle(handle.id, result_type=str)
    this_run = other.get_activity_handle(handle.id, run_id=handle.run_id)
    equal(await asyncio.gather(handle.result(), later.result(), this_run.result()), ["slept"] * 3)
    equal(await other.get_activity_handle(handle.id).result(), "slept")  # Also long after it closed.


@case("a failed attempt is retried and resumes from its heartbeat details")
async def _(bench: Bench):
    handle = await bench.start(activities.climb, 9, 4)
    equal(await handle.result(), {"attempt": 2, "began": 4, "reached": 9, "details": 2})


@case("a killed worker's activity resumes elsewhere from its heartbeat details")
async def _(bench: Bench):
    queue = bench.id("killed")
    worker = Path(__file__).with_name("worker.py")
    child = subprocess.Popen([sys.executable, str(worker), bench.address, queue])
    try:
        handle = await bench.start(activities.outlive, task_queue=queue, heartbeat_timeout=timedelta(seconds=2))
        seen = await until_described(handle, lambda it: it.has_heartbeat_details(), "a heartbeat of the first worker")
        equal(await seen.heartbeat_details(), ["chapter", 7])
        equal(seen.last_worker_identity, "doomed")
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    async with bench.worker(queue):
        equal(await handle.result(), {"attempt": 2, "details": ["chapter", 7]})


@case("a failure reaches the caller with type, details and cause")
async def _(bench: Bench):
    handle = await bench.start(activities.refuse, "for good")
    failure = await failure_of(handle)
    true(isinstance(failure, ApplicationError), repr(failure))
    equal((failure.message, failure.type, failure.non_retryable), ("no such card", "CardRefused", True))
    equal(list(failure.details), [{"card": 7}, "blocked"])
    true("the bottom of it" in str(failure.__cause__), repr(failure.__cause__))
    seen = await handle.describe(include_outcome=True, include_last_failure=True)
    equal((seen.status, seen.attempt), (ActivityExecutionStatus.FAILED, 1))
    equal(str(await seen.outcome_failure()), str(failure))


@case("retries end with success, with the last attempt's failure, or at a listed type")
async def _(bench: Bench):
    equal(await (await bench.start(activities.flaky, 2)).result(), 3)
    policy = RetryPolicy(initial_interval=timedelta(milliseconds=50), maximum_attempts=2)
    handle = await bench.start(activities.flaky, 9, retry_policy=policy)
    equal((await failure_of(handle)).message, "attempt 2")
    equal((await handle.describe()).attempt, 2)
    policy = RetryPolicy(initial_interval=timedelta(milliseconds=50), non_retryable_error_types=["ValueError"])
    handle = await bench.start(activities.refuse, "plain", retry_policy=policy)
    failure = await failure_of(handle)
    equal((failure.type, failure.message, (await handle.describe()).attempt), ("ValueError", "a plain exception", 1))


@case("an activity's own retry delay overrides the policy")
async def _(bench: Bench):
    policy = RetryPolicy(initial_interval=timedelta(hours=1))
    equal(await (await bench.start(activities.flaky, 1, 50, retry_policy=policy)).result(), 2)


@case("each timeout closes the activity with its type")
async def _(bench: Bench):
    once = RetryPolicy(maximum_attempts=1)
    short = timedelta(seconds=1)
    nobody = bench.id("nobody-polls")
    attempt = await bench.start(activities.sleep_for, 20, start_to_close_timeout=short, retry_policy=once)
    silent = await bench.start(activities.sleep_for, 20, heartbeat_timeout=short, retry_policy=once)
    waiting = await bench.start(activities.greet, "x", task_queue=nobody, schedule_to_start_timeout=short)
    untaken = await bench.start(activities.greet, "x", task_queue=nobody, schedule_to_close_timeout=short)
    whole = await bench.start(activities.sleep_for, 20, schedule_to_close_timeout=short, retry_policy=once)
    await each_timed_out(attempt, silent, waiting, untaken, whole)
    equal((await whole.describe()).status, ActivityExecutionStatus.TIMED_OUT)


@case("a start delay holds back the first attempt")
async def _(bench: Bench):
    handle = await bench.start(activities.greet, "late", start_delay=timedelta(seconds=1))
    await handle.result()
    seen = await handle.describe()
    true(seen.last_started_time - seen.schedule_time >= timedelta(seconds=1), seen.last_started_time)


@case("an activity is completed, failed and canceled by ID from elsewhere")
async def _(bench: Bench):
    async def handed_on():
        handle = await bench.start(activities.handed_on, retry_policy=RetryPolicy(maximum_attempts=1))
        await until_described(handle, lambda it: it.has_heartbeat_details(), "handed on")
        return handle, bench.client.get_async_activity_handle(activity_id=handle.id, run_id=handle.run_id)

    handle, remote = await handed_on()
    await remote.heartbeat("nearly")
    seen = await handle.describe(include_heartbeat_details=True)
    equal(await seen.heartbeat_details(), ["nearly"])
    await remote.complete({"by": "someone else"})
    equal(await handle.result(), {"by": "someone else"})

    handle, remote = await handed_on()
    await remote.fail(ApplicationError("not today", type="Remote"))
    equal((await failure_of(handle)).type, "Remote")

    handle, remote = await handed_on()
    await handle.cancel(reason="enough")
    stop = await refusal_of(remote.heartbeat(), AsyncActivityCancelledError)
    true(stop.details.cancel_requested, stop.details)
    await remote.report_cancellation("swept")
    failure = await failure_of(handle)
    true(isinstance(failure, CancelledError), repr(failure))
    equal(list(failure.details), ["swept"])


@case("a worker that shuts down lets running attempts finish")
async def _(bench: Bench):
    queue = bench.id("closing")
    worker = bench.worker(queue, graceful_shutdown_timeout=timedelta(seconds=20))
    running = asyncio.create_task(worker.run())
    handle = await bench.start(activities.finish_at_shutdown, task_queue=queue)
    await until_described(handle, lambda it: it.has_heartbeat_details(), "running")
    await worker.shutdown()
    await running
    equal(await handle.result(), "finished in time")
    # What is started now waits for the next worker, untouched by the open polls of the one that went.
    handle = await bench.start(activities.greet, "next", task_queue=queue)
    async with bench.worker(queue):
        equal(await handle.result(), "hello next")
    equal((await handle.describe()).attempt, 1)


@case("a worker that does not wait cancels its attempts, and another resumes them")
async def _(bench: Bench):
    queue = bench.id("leaving")
    worker = bench.worker(queue)
    running = asyncio.create_task(worker.run())
    handle = await bench.start(activities.beat_until_stopped, "", task_queue=queue)
    await until_described(handle, lambda it: it.has_heartbeat_details(), "running")
    await worker.shutdown()
    await running
    true(activities.stops[handle.id][0].worker_shutdown, activities.stops[handle.id])
    async with bench.worker(queue):
        equal(await handle.result(), "attempt 2 after beating")
