"""The activities that cpp/main.cc calls, and has too."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from values import KINDS, Kind


@dataclass
class Progress:
    step: int
    place: str


@dataclass
class Resumed:
    language: str
    attempt: int
    progress: Progress
    note: str


def echo(kind: Kind) -> Any:
    async def back(value):
        if value != kind.value or type(value) is not type(kind.value):
            raise ApplicationError(f"got {value!r}", non_retryable=True)
        return value

    back.__annotations__ = {"value": kind.hint, "return": kind.hint}
    return activity.defn(name=kind.name)(back)


@activity.defn
async def nothing() -> None:
    return None


@activity.defn
async def resume(go: str) -> Resumed:
    """The first attempt leaves details and fails once the file `go` is there; the next tells what it found."""
    info = activity.info()
    if info.attempt > 1:
        progress, note = info.heartbeat_details
        return Resumed("Python", info.attempt, Progress(**progress), note)
    activity.heartbeat(Progress(3, "too early"), "old")
    activity.heartbeat(Progress(4, "Köln"), "from Python")
    while not os.path.exists(go):
        await asyncio.sleep(0.05)
    raise ApplicationError("slipped")


@activity.defn
async def hand_on(path: str) -> str:
    """Leaves its token in the file `path`, for whoever completes it."""
    Path(f"{path}.new").write_bytes(activity.info().task_token)
    os.rename(f"{path}.new", path)
    activity.raise_complete_async()


@activity.defn
async def refuse_card() -> None:
    try:
        try:
            raise OSError("line is dead")
        except OSError as line:
            raise ApplicationError("the bank said no", 7, type="BankError") from line
    except ApplicationError as bank:
        raise ApplicationError("no such card", {"card": 7}, "blocked", type="CardRefused", non_retryable=True) from bank


@activity.defn
async def greet(name: str) -> str:
    return f"hello {name}"


@activity.defn
async def flaky(failures: int) -> int:
    """Fails `failures` attempts; the next one gives back its number."""
    attempt = activity.info().attempt
    if attempt <= failures:
        raise ApplicationError(f"attempt {attempt}", type="Flaky")
    return attempt


@activity.defn
async def beat(mark: str) -> str:
    """Heartbeats until it is told to stop; once the file `mark` is there, an attempt tells what it found."""
    info = activity.info()
    if os.path.exists(mark):
        return f"attempt {info.attempt} after {info.heartbeat_details[0] if info.heartbeat_details else 'nothing'}"
    while True:
        activity.heartbeat("beating")
        await asyncio.sleep(0.05)


@activity.defn
async def hold() -> str:
    """Says nothing, and stays until it is told to stop."""
    await asyncio.Event().wait()
    return ""


ALL = [nothing, resume, hand_on, refuse_card, greet, flaky, beat, hold, *(echo(kind) for kind in KINDS)]
