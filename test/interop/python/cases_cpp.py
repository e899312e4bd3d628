"""Python and C++ together: values, codecs, heartbeat details and failures from one to the other."""

import asyncio
import os
import sys
import tempfile
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from temporalio.client import ActivityHandle, ActivityOptionsKeys, Client
from temporalio.common import RawValue
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

import cpp_activities
from harness import Bench, case, equal, failure_of, true, until, until_described
from scramble import ENCODING, SCRAMBLED
from values import KINDS

PROGRAM = os.environ["LONGBEAT_INTEROP_CPP"]


async def client_of(bench: Bench, converter: DataConverter) -> Client:
    return await Client.connect(bench.address, data_converter=converter)


def arguments(bench: Bench, role: str, queue: str, converter: DataConverter) -> list[str]:
    return [role, bench.address, queue, *(["scrambled"] if converter is SCRAMBLED else [])]


@asynccontextmanager
async def cpp_worker(bench: Bench, queue: str, converter: DataConverter):
    child = await asyncio.create_subprocess_exec(PROGRAM, *arguments(bench, "worker", queue, converter))
    try:
        yield
        child.terminate()
        equal(await child.wait(), 0)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def python_worker(client: Client, queue: str) -> Worker:
    throttle = timedelta(milliseconds=100)
    return Worker(client, task_queue=queue, activities=cpp_activities.ALL, max_heartbeat_throttle_interval=throttle)


async def run_cpp(bench: Bench, role: str, queue: str, converter: DataConverter) -> None:
    """It says nothing when all was as expected."""
    child = await asyncio.create_subprocess_exec(
        PROGRAM, *arguments(bench, role, queue, converter), stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    equal((child.returncode, said.decode()), (0, ""))


async def cpp_calls(bench: Bench, converter: DataConverter, role: str) -> None:
    """C++ calls what Python serves."""
    queue = bench.id(role)
    async with python_worker(await client_of(bench, converter), queue):
        await run_cpp(bench, role, queue, converter)


async def python_calls(bench: Bench, converter: DataConverter) -> None:
    client = await client_of(bench, converter)
    here = Bench(bench.address, client, bench.id("values"))
    async with cpp_worker(bench, here.queue, converter):
        for kind in KINDS:
            handle = await here.start(kind.name, kind.value, result_type=kind.hint)
            back = await handle.result()
            true(back == kind.value and type(back) is type(kind.value), f"{kind.name}: {back!r} came back")
            raw = (await client.get_activity_handle(handle.id, result_type=RawValue).result()).payload
            [sent] = DataConverter.default.payload_converter.to_payloads([kind.value])
            true(raw == sent or not kind.same_bytes, f"{kind.name}: sent {sent!r}, got {raw!r}")
            if converter is SCRAMBLED:
                seen = await bench.client.get_activity_handle(handle.id, result_type=RawValue).result()
                equal(seen.payload.metadata["encoding"], ENCODING)
        equal(await (await here.start("nothing", result_type=type(None))).result(), None)


async def hand_over(bench: Bench, converter: DataConverter, python_first: bool) -> None:
    """The first attempt runs in one language; then the activity moves to the queue of the other."""
    client = await client_of(bench, converter)
    python_queue, cpp_queue = bench.id("python"), bench.id("cpp")
    first, second = (python_queue, cpp_queue) if python_first else (cpp_queue, python_queue)
    here = Bench(bench.address, client, first)
    with tempfile.TemporaryDirectory() as folder:
        go = Path(folder) / "go"
        async with cpp_worker(bench, cpp_queue, converter), python_worker(client, python_queue):
            handle = await here.start("resume", str(go), result_type=cpp_activities.Resumed)
            await until_described(handle, lambda it: it.has_heartbeat_details(), "a heartbeat of the first attempt")
            await handle.update_options([ActivityOptionsKeys.task_queue.value_set(second)])
            go.touch()
            resumed = await handle.result()
    progress = cpp_activities.Progress(4, "Köln")
    if python_first:
        equal(resumed, cpp_activities.Resumed("C++", 2, progress, "from Python"))
    else:
        equal(resumed, cpp_activities.Resumed("Python", 2, progress, "from C++"))


async def complete(bench: Bench, converter: DataConverter, python_completes: bool) -> None:
    """The activity runs in one language and is completed by the other, with its token."""
    client = await client_of(bench, converter)
    here = Bench(bench.address, client, bench.id("handed-on"))
    worker = cpp_worker(bench, here.queue, converter) if python_completes else python_worker(client, here.queue)
    with tempfile.TemporaryDirectory() as folder:
        ticket = Path(folder) / "ticket"

        async def written():
            return ticket.exists()

        async with worker:
            handle = await here.start("hand_on", str(ticket), result_type=str)
            await until(written, "a token")
            if python_completes:
                remote = client.get_async_activity_handle(task_token=ticket.read_bytes())
                await remote.heartbeat(cpp_activities.Progress(5, "from Python"))
                await remote.complete("completed by Python")
            else:
                await run_cpp(bench, "complete", str(ticket), converter)
    language = "Python" if python_completes else "C++"
    equal(await handle.result(), f"completed by {language}")
    seen = await handle.describe(include_heartbeat_details=True)
    equal(await seen.heartbeat_details(), [{"step": 5, "place": f"from {language}"}])


async def python_sees_failure(bench: Bench, converter: DataConverter) -> None:
    client = await client_of(bench, converter)
    here = Bench(bench.address, client, bench.id("refused"))
    async with cpp_worker(bench, here.queue, converter):
        handle = await here.start("refuse_card")
        failure = await failure_of(handle)
    true(isinstance(failure, ApplicationError), repr(failure))
    equal((failure.message, failure.type, failure.non_retryable), ("no such card", "CardRefused", True))
    equal(list(failure.details), [{"card": 7}, "blocked"])
    bank = failure.__cause__
    true(isinstance(bank, ApplicationError), repr(bank))
    equal((bank.message, bank.type, list(bank.details)), ("the bank said no", "BankError", [7]))
    root = bank.__cause__
    true(isinstance(root, ApplicationError), repr(root))
    equal((root.message, root.type, root.__cause__), ("line is dead", "std::runtime_error", None))
    if converter is SCRAMBLED:
        described = await handle.describe(include_last_failure=True)
        raw = described.raw_info.last_failure
        equal((raw.message, raw.cause.message, raw.cause.cause.message), ("Encoded failure",) * 3)
        equal(raw.application_failure_info.details.payloads[0].metadata["encoding"], ENCODING)


async def start_and_kill(here: Bench, *program: str) -> ActivityHandle:
    """Starts `resume`, whose first attempt is in a process that is killed once its newest details are there."""
    child = await asyncio.create_subprocess_exec(*program)
    try:
        handle = await here.start(
            "resume", "/nonexistent", result_type=cpp_activities.Resumed, heartbeat_timeout=timedelta(seconds=2)
        )

        async def newest():
            seen = await handle.describe(include_heartbeat_details=True)
            return seen.has_heartbeat_details() and (await seen.heartbeat_details())[0]["step"] == 4

        await until(newest, "the newest details")
        return handle
    finally:
        child.kill()
        await child.wait()


@case("a killed C++ worker's activity resumes in Python from its heartbeat details")
async def _(bench: Bench):
    here = Bench(bench.address, bench.client, bench.id("killed"))
    handle = await start_and_kill(here, PROGRAM, *arguments(bench, "worker", here.queue, DataConverter.default))
    async with python_worker(here.client, here.queue):
        progress = cpp_activities.Progress(4, "Köln")
        equal(await handle.result(), cpp_activities.Resumed("Python", 2, progress, "from C++"))


@case("a killed Python worker's activity resumes in C++ from its heartbeat details")
async def _(bench: Bench):
    here = Bench(bench.address, bench.client, bench.id("killed"))
    worker = str(Path(__file__).with_name("worker.py"))
    handle = await start_and_kill(here, sys.executable, worker, here.address, here.queue, "cpp")
    async with cpp_worker(bench, here.queue, DataConverter.default):
        progress = cpp_activities.Progress(4, "Köln")
        equal(await handle.result(), cpp_activities.Resumed("C++", 2, progress, "from Python"))


def plain_and_scrambled(sentence: str, run, *more) -> None:
    """A case, and once more with a codec that both have."""

    @case(sentence)
    async def plain(bench: Bench):
        await run(bench, DataConverter.default, *more)

    @case(f"{sentence}, through a codec")
    async def scrambled(bench: Bench):
        await run(bench, SCRAMBLED, *more)


plain_and_scrambled("values of every kind go from Python to C++ and back", python_calls)
plain_and_scrambled("values of every kind go from C++ to Python and back", cpp_calls, "values")
plain_and_scrambled("a C++ attempt resumes from what a Python attempt left", hand_over, True)
plain_and_scrambled("a Python attempt resumes from what a C++ attempt left", hand_over, False)
plain_and_scrambled("what a Python activity left open is completed by C++", complete, False)
plain_and_scrambled("what a C++ activity left open is completed by Python", complete, True)
plain_and_scrambled("a C++ failure reaches Python with its causes", python_sees_failure)
plain_and_scrambled("a Python failure reaches C++ with its causes", cpp_calls, "failure")


@case("C++ retries, cancels, pauses, resets, terminates, times out and lists what a Python worker runs")
async def _(bench: Bench):
    await cpp_calls(bench, DataConverter.default, "control")
