"""The activities of all cases."""

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError

# Why attempts in this process were told to stop, by activity ID.
stops: dict[str, list[ActivityCancellationDetails | None]] = defaultdict(list)


@activity.defn
async def greet(name: str) -> str:
    return f"hello {name}"


@activity.defn
async def echo(*values: Any) -> Any:
    return list(values)


@activity.defn
async def raw(value: bytes) -> bytes:
    return value


@activity.defn
async def nothing() -> None:
    return None


@activity.defn
async def climb(steps: int, fail_at: int) -> dict[str, Any]:
    """Counts to `steps`, from where the last attempt stopped; the first attempt fails at `fail_at`."""
    info = activity.info()
    begin = info.heartbeat_details[0]["step"] if info.heartbeat_details else 0
    for step in range(begin + 1, steps + 1):
        activity.heartbeat({"step": step}, "and a second value")
        if info.attempt == 1 and step == fail_at:
            raise ApplicationError("slipped", {"step": step}, type="Slipped")
    return {"attempt": info.attempt, "began": begin, "reached": steps, "details": len(info.heartbeat_details)}


@activity.defn
async def outlive() -> dict[str, Any]:
    """The first attempt beats until its process is killed; the next tells what it was left."""
    info = activity.info()
    if info.attempt > 1:
        return {"attempt": info.attempt, "details": list(info.heartbeat_details)}
    while True:
        activity.heartbeat("chapter", 7)
        await asyncio.sleep(0.05)


@activity.defn
async def beat_until_stopped(clean_up: str) -> str:
    """The first attempt beats until it is told to stop; a later one completes at once."""
    info = activity.info()
    if info.attempt > 1:
        return f"attempt {info.attempt} after {info.heartbeat_details[0]}"
    try:
        while True:
            activity.heartbeat("beating")
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        stops[info.activity_id].append(activity.cancellation_details())
        if clean_up == "complete anyway":
            return "done before the stop"
        raise


@activity.defn
async def refuse(kind: str) -> None:
    if kind == "plain":
        raise ValueError("a plain exception")
    try:
        raise KeyError("the bottom of it")
    except KeyError as bottom:
        raise ApplicationError(
            "no such card", {"card": 7}, "blocked", type="CardRefused", non_retryable=kind == "for good"
        ) from bottom


@activity.defn
async def flaky(failures: int, next_delay_ms: int = 0) -> int:
    """Fails so many times; returns the attempt that went well."""
    attempt = activity.info().attempt
    if attempt <= failures:
        delay = timedelta(milliseconds=next_delay_ms) if next_delay_ms else None
        raise ApplicationError(f"attempt {attempt}", type="Flaky", next_retry_delay=delay)
    return attempt


@activity.defn
async def sleep_for(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slept"


@activity.defn
async def finish_at_shutdown() -> str:
    """Works until its worker is shutting down, then finishes what it has."""
    while not activity.is_worker_shutdown():
        activity.heartbeat("working")
        await asyncio.sleep(0.05)
    return "finished in time"


@activity.defn
async def handed_on() -> Any:
    """Someone else will complete it."""
    activity.heartbeat("handed on")
    activity.raise_complete_async()


@activity.defn
async def about_itself() -> dict[str, Any]:
    info = activity.info()
    return {
        "id": info.activity_id,
        "run_id": info.activity_run_id,
        "type": info.activity_type,
        "queue": info.task_queue,
        "namespace": info.namespace,
        "attempt": info.attempt,
        "in_workflow": info.in_workflow,
        "start_to_close": info.start_to_close_timeout.total_seconds() if info.start_to_close_timeout else None,
        "heartbeat": info.heartbeat_timeout.total_seconds() if info.heartbeat_timeout else None,
        "maximum_attempts": info.retry_policy.maximum_attempts if info.retry_policy else None,
        "priority_key": info.priority.priority_key,
        "in_order": info.scheduled_time <= info.current_attempt_scheduled_time <= info.started_time,
    }


ALL = [
    greet, echo, raw, nothing, climb, outlive, beat_until_stopped, refuse, flaky, sleep_for, finish_at_shutdown,
    handed_on, about_itself,
]  # fmt: skip
