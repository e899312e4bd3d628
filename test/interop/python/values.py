"""The values that travel between Python and C++, as cpp/values.h has them."""

from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Any


class Size(str, Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Order:
    item: str
    count: int
    price: float | None
    tags: list[str]
    size: Size


@dataclass
class Kind:
    """`name` is the activity's; `hint` the type that Python reads it as."""

    name: str
    hint: Any
    value: Any
    same_bytes: bool = True  # Not of what is not ASCII, which Python escapes, and of times.


KINDS = [
    Kind("echo_null", str | None, None),
    Kind("echo_bool", bool, True),
    Kind("echo_int", int, -(2**63)),
    Kind("echo_safe_int", int, 1 - 2**53),  # As far as JavaScript's numbers go.
    Kind("echo_double", float, -0.1),
    Kind("echo_large_double", float, 1e300),
    Kind("echo_text", str, 'a "b" \\ / \n'),
    Kind("echo_unicode", str, "\u00fc \U0001f40c", same_bytes=False),
    Kind("echo_bytes", bytes, b'\x00\xff"'),
    Kind("echo_list", list[list[int]], [[1, 2], [], [-3]]),
    Kind("echo_map", dict[str, bool | None], {"b": True, "a": None, "": False}),
    Kind("echo_numbered", dict[int, str], {1: "one", 20: "twenty"}),
    Kind("echo_order", Order, Order("cup", 3, 2.5, ["red", "round"], Size.SMALL)),
    Kind("echo_size", Size, Size.LARGE),
    Kind("echo_time", datetime, datetime(2026, 11, 21, 22, 31, 42, 500_000, timezone.utc), same_bytes=False),
    Kind("echo_duration", str, "PT90.5S"),  # Python's own converter has no durations.
]
