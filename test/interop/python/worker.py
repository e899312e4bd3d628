"""worker.py ADDRESS QUEUE [cpp]: a worker of its own process, for a case that kills it; `cpp`: one together with C++."""

import asyncio
import sys
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

import activities
import cpp_activities


async def main(address: str, queue: str, which: str = "") -> None:
    client = await Client.connect(address, identity="doomed")
    throttle = timedelta(milliseconds=100)
    those = cpp_activities.ALL if which == "cpp" else activities.ALL
    worker = Worker(client, task_queue=queue, activities=those, max_heartbeat_throttle_interval=throttle)
    await worker.run()


asyncio.run(main(*sys.argv[1:]))
