"""Frames between podium and a warden: a JSON header and blobs of bytes, over a socket's descriptor."""

from __future__ import annotations

import json
import os
import struct
from typing import Any

LENGTHS = struct.Struct("<II")
CHUNK_BYTES = 1 << 18


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read_exactly(descriptor: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = os.read(descriptor, min(count, CHUNK_BYTES))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def send(descriptor: int, header: dict[str, Any], blobs: list[bytes]) -> None:
    """Write one frame. Raises OSError when the other side is gone."""
    head = json.dumps({**header, "sizes": [len(blob) for blob in blobs]}).encode()
    body = b"".join(blobs)
    _write_all(descriptor, LENGTHS.pack(len(head), len(body)) + head + body)


def receive(descriptor: int) -> tuple[dict[str, Any], list[bytes]]:
    """Read one frame. Raises EOFError when the other side closed."""
    head_length, body_length = LENGTHS.unpack(_read_exactly(descriptor, LENGTHS.size))
    header: dict[str, Any] = json.loads(_read_exactly(descriptor, head_length))
    body = _read_exactly(descriptor, body_length)
    blobs, start = [], 0
    for size in header.pop("sizes"):
        blobs.append(body[start : start + size])
        start += size
    return header, blobs
