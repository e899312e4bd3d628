"""replay.py ADDRESS [WORDS]: sends requests.json to the server at ADDRESS, as the `temporal` command does.

WORDS picks by a word in the command, and rows before it stay needed: pick by `activity` rather than `activity result`.
An answer must have what the table says: "*" stands for anything but nothing, a list has exactly those elements, and a
list whose place in the table is `namespaces` may have more.
"""

import asyncio
import importlib
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.client import Client
from temporalio.service import RPCError

SECONDS = 20  # What an answer may take.
METADATA = {"caller-type": "operator", "client-name": "temporal-cli", "client-version": "1.6.0"}


def request_type(call: str) -> tuple[str, type]:
    """The method's name in Python, and its request."""
    service, name = call.split()
    module = {
        "workflow": "temporalio.api.workflowservice.v1",
        "operator": "temporalio.api.operatorservice.v1",
        "health": "temporalio.bridge.proto.health.v1.health_pb2",
    }[service]
    kind = "HealthCheckRequest" if service == "health" else f"{name}Request"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), getattr(importlib.import_module(module), kind)


def filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {filled(key, words): filled(it, words) for key, it in value.items()}
    if isinstance(value, list):
        return [filled(it, words) for it in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: words[found[1]], value)
    return value


def problems(seen: Any, expected: Any, place: str = "the answer") -> list[str]:
    if expected == "*":
        return [] if seen else [f"{place} is empty"]
    if isinstance(expected, dict):
        if not isinstance(seen, dict):
            return [f"{place} is {seen!r}"]
        found = []
        for key, it in expected.items():
            found += problems(seen[key], it, f"{place}.{key}") if key in seen else [f"{place} has no {key!r}"]
        return found
    if isinstance(expected, list) and isinstance(seen, list):
        if place.endswith(".namespaces"):
            return [f"{place} lacks {it}" for it in expected if all(problems(one, it) for one in seen)]
        if len(seen) == len(expected):
            return [line for one, it in zip(seen, expected) for line in problems(one, it, f"{place}[]")]
    return [] if seen == expected else [f"{place} is {seen!r}, not {expected!r}"]


async def judged(services: dict[str, Any], row: dict[str, Any], words: dict[str, str]) -> list[str]:
    method, kind = request_type(row["call"])
    request = ParseDict(filled(row["request"], words), kind())
    call = getattr(services[row["call"].split()[0]], method)
    try:
        reply = await asyncio.wait_for(call(request, metadata=METADATA), SECONDS)
    except RPCError as error:
        fits = error.status.name == row.get("refused")
        return [] if fits else [f"it was refused with {error.status.name}: {error.message}"]
    if "refused" in row:
        return [f"it was accepted, not refused with {row['refused']}"]
    seen = MessageToDict(reply, preserving_proto_field_name=True)
    if "keep" in row:
        words[row["keep"]] = seen.get(row["keep"], "")
    return problems(seen, filled(row["answer"], words))


async def main(address: str, only: str = "") -> int:
    client = await Client.connect(address)
    services = {
        "workflow": client.workflow_service,
        "operator": client.operator_service,
        "health": client.service_client.health_service,
    }
    words = {"word": f"cli{uuid.uuid4().hex[:8]}"}
    passed = failed = 0
    for row in json.loads(Path(__file__).with_name("requests.json").read_text()):
        if only not in row["command"]:
            continue
        found = await judged(services, row, words)
        if found:
            failed += 1
            print(f"FAILED  cli  {row['command']}: {'; '.join(found)}", flush=True)
        elif not row["command"].startswith("("):  # What stands in for a worker is no case.
            passed += 1
            print(f"ok      cli  {row['command']}", flush=True)
    print(f"cli: {passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
