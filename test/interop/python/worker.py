"""worker.py ADDRESS QUEUE: a worker of its own process, for a case that kills it."""

import asyncio
import sys
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

import activities


async def main(address: str, queue: str) -> None:
    client = await Client.connect(address, identity="doomed")
    throttle = timedelta(milliseconds=100)
    worker = Worker(client, task_queue=queue, activities=activities.ALL, max_heartbeat_throttle_interval=throttle)
    await worker.run()


asyncio.run(main(*sys.argv[1:]))
