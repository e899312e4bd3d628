"""Cases by name, one line each, and what most of them need: a client, a worker's queue, an ID nobody else uses."""

import asyncio
import time
import traceback
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import ActivityFailureError, ActivityHandle, Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import TimeoutError, TimeoutType
from temporalio.worker import Worker

import activities

CASE_SECONDS = 40  # What a case may take, however slow the machine is.


@dataclass
class Bench:
    """What a case gets."""

    address: str
    client: Client
    queue: str  # The shared worker polls it.

    def id(self, name: str) -> str:
        return f"{name}-{uuid.uuid4().hex[:8]}"

    async def start(self, activity: Any, *args: Any, **options: Any) -> ActivityHandle:
        """Starts an activity with options that suit most cases."""
        options.setdefault("id", self.id(getattr(activity, "__name__", str(activity))))
        options.setdefault("task_queue", self.queue)
        options.setdefault("start_to_close_timeout", timedelta(seconds=30))
        options.setdefault("heartbeat_timeout", timedelta(seconds=10))
        options.setdefault("retry_policy", RetryPolicy(initial_interval=timedelta(milliseconds=100)))
        return await self.client.start_activity(activity, args=args, **options)

    def worker(self, queue: str, **options: Any) -> Worker:
        # The SDK holds heartbeats back for up to 80% of the timeout; here a case waits for each.
        options.setdefault("max_heartbeat_throttle_interval", timedelta(milliseconds=100))
        return Worker(self.client, task_queue=queue, activities=activities.ALL, **options)


cases: list[tuple[str, Callable[[Bench], Awaitable[None]]]] = []


def case(sentence: str):
    def remember(function):
        cases.append((sentence, function))
        return function

    return remember


def equal(seen: Any, expected: Any) -> None:
    if seen != expected:
        raise AssertionError(f"saw {seen!r}, expected {expected!r}")


def true(what: bool, otherwise: Any) -> None:
    if not what:
        raise AssertionError(str(otherwise))


async def failure_of(handle: ActivityHandle) -> BaseException:
    """What the caller learns of an activity that must not succeed."""
    try:
        result = await handle.result()
    except ActivityFailureError as error:
        return error.cause
    raise AssertionError(f"it succeeded with {result!r}")


async def each_timed_out(
    attempt: ActivityHandle,
    silent: ActivityHandle,
    waiting: ActivityHandle,
    untaken: ActivityHandle,
    whole: ActivityHandle,
) -> None:
    """Each of them closes with the type of its timeout: of one attempt, of the heartbeat, of the wait in a queue that
    nobody polls, of the whole in such a queue, and of the whole while it runs."""
    seen = [await failure_of(handle) for handle in (attempt, silent, waiting, untaken, whole)]
    true(all(isinstance(failure, TimeoutError) for failure in seen), seen)
    equal(
        [failure.type for failure in seen],
        [
            TimeoutType.START_TO_CLOSE,
            TimeoutType.HEARTBEAT,
            TimeoutType.SCHEDULE_TO_START,
            TimeoutType.SCHEDULE_TO_START,  # What nobody takes was not started in time, whichever limit says so.
            TimeoutType.SCHEDULE_TO_CLOSE,
        ],
    )


async def refusal_of(call: Awaitable[Any], kind: type[BaseException]) -> Any:
    try:
        answer = await call
    except kind as error:
        return error
    raise AssertionError(f"it was accepted: {answer!r}")


async def until(question: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Asks until the answer is truthy."""
    for _ in range(200):
        if answer := await question():
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(f"never: {what}")


async def until_described(handle: ActivityHandle, fits: Callable[[Any], bool], what: str) -> Any:
    async def look():
        seen = await handle.describe(include_heartbeat_details=True, include_last_failure=True)
        return seen if fits(seen) else None

    return await until(look, what)


async def run_cases(bench: Bench, only: str) -> tuple[int, int]:
    """Runs those whose name contains `only`, one after the other; returns how many passed and failed."""
    passed = failed = 0
    for sentence, function in cases:
        if only not in sentence:
            continue
        began = time.monotonic()
        try:
            await asyncio.wait_for(function(bench), CASE_SECONDS)
        except Exception as error:
            failed += 1
            place = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in place if "site-packages" not in frame.filename and "/cases" in frame.filename]
            where = f" (line {ours[-1].lineno})" if ours else ""
            print(f"FAILED  python  {sentence}{where}: {type(error).__name__}: {error}", flush=True)
        else:
            passed += 1
            print(f"ok      python  {sentence} ({time.monotonic() - began:.1f} s)", flush=True)
    return passed, failed
