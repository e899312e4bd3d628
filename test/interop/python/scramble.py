"""A codec as cpp/scramble.h has it: the whole payload, each byte turned over, in a new one."""

import dataclasses
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

ENCODING = b"binary/scrambled"


def flipped(data: bytes) -> bytes:
    return bytes(byte ^ 0x5A for byte in data)


class Scramble(PayloadCodec):
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload(metadata={"encoding": ENCODING}, data=flipped(it.SerializeToString())) for it in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload.FromString(flipped(it.data)) if it.metadata.get("encoding") == ENCODING else it for it in payloads
        ]


# Hides the texts of failures too.
SCRAMBLED = dataclasses.replace(
    DataConverter.default,
    payload_codec=Scramble(),
    failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
)
