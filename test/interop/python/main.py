"""main.py ADDRESS [WORDS]: Temporal's Python SDK against the server at ADDRESS. WORDS picks cases by name.

Those together with C++ need LONGBEAT_INTEROP_CPP, the path of the program that cpp/ is built to.
"""

import asyncio
import logging
import os
import sys
import uuid
from datetime import timedelta

from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

import cases_control  # noqa: F401  The imports fill the list of cases.
import cases_life  # noqa: F401
import cases_look  # noqa: F401
from harness import Bench, run_cases

if os.environ.get("LONGBEAT_INTEROP_CPP"):
    import cases_cpp  # noqa: F401
    import cases_cpp_control  # noqa: F401


async def main(address: str, only: str = "") -> int:
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)  # It reports every attempt that fails on purpose.
    errors = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    runtime = Runtime(telemetry=TelemetryConfig(logging=errors), worker_heartbeat_interval=timedelta(seconds=1))
    Runtime.set_default(runtime)  # Cases connect too.
    client = await Client.connect(address)
    bench = Bench(address, client, f"python-{uuid.uuid4().hex[:8]}")
    async with bench.worker(bench.queue, identity="the shared worker"):
        passed, failed = await run_cases(bench, only)
    print(f"python: {passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


code = asyncio.run(main(*sys.argv[1:]))
sys.stdout.flush()
os._exit(code)  # Threads of the SDK's runtime sometimes abort the interpreter's own way out.
