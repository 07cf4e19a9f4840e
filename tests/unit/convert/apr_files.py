"""A writer of APR v2 files for tests: the trainer's format has no public Python writer.

It also quantises, coarsely but in the true bit layouts.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Array = np.ndarray[Any, Any]

ROW_MAJOR = 0x400
CODES = {"F32": 0, "F16": 1, "F64": 3, "I32": 4, "I64": 5, "I8": 6, "U8": 7, "BF16": 30, "Q4_K": 12, "Q6_K": 14}
NATIVE_CODES = {"APR_Q4": 128, "APR_Q8": 129}
PLAIN = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I32": "<i4", "I64": "<i8", "I8": "<i1", "U8": "<u1"}


def padded(data: bytes, alignment: int = 64) -> bytes:
    """Zeros up to the next multiple."""
    return data + bytes(-len(data) % alignment)


def _q8(values: Array) -> bytes:
    if not len(values):
        return b""
    scale = np.float32(max(np.abs(values).max(initial=0), 1e-6) / 127)
    return scale.tobytes() + np.round(values / scale).astype(np.int8).tobytes()


def _q4(values: Array) -> bytes:
    blocks = np.concatenate([values, np.zeros(-len(values) % 32, np.float32)]).reshape(-1, 32)
    scales = np.maximum(np.abs(blocks).max(axis=1, keepdims=True) / 7, 1e-4).astype("<f2")
    quants = np.clip(np.round(blocks / scales.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    return np.concatenate([scales.view(np.uint8), quants[:, 0::2] | quants[:, 1::2] << 4], axis=1).tobytes()


def _q4_k(values: Array) -> bytes:
    """One scale for all eight groups of a block: 6-bit scales and minima of 1, so a value is d q - m."""
    blocks = values.reshape(-1, 256)
    low = np.minimum(blocks.min(axis=1, keepdims=True), 0)
    minimum = (-low).astype("<f2")
    scale = np.maximum((blocks.max(axis=1, keepdims=True) - low) / 15, 1e-4).astype("<f2")
    quants = np.clip(np.round((blocks - low) / scale.astype(np.float32)), 0, 15).astype(np.uint8).reshape(-1, 4, 2, 32)
    ones = np.tile(np.array([1] * 8 + [0x11] * 4, np.uint8), (len(blocks), 1))
    halves = (quants[:, :, 0] | quants[:, :, 1] << 4).reshape(-1, 128)
    return np.concatenate([scale.view(np.uint8), minimum.view(np.uint8), ones, halves], axis=1).tobytes()


def _q6_k(values: Array) -> bytes:
    """One scale for a block: all sixteen signed scales are 1, so a value is d (q - 32)."""
    blocks = values.reshape(-1, 256)
    scale = np.maximum(np.abs(blocks).max(axis=1, keepdims=True) / 31, 1e-4).astype("<f2")
    quants = np.clip(np.round(blocks / scale.astype(np.float32)) + 32, 0, 63).astype(np.uint8).reshape(-1, 2, 4, 32)
    low = np.concatenate([(quants[:, :, k] & 15) | (quants[:, :, k + 2] & 15) << 4 for k in (0, 1)], axis=2)
    high = (quants >> 4 << np.array([0, 2, 4, 6], np.uint8)[:, None]).sum(axis=2, dtype=np.uint8)
    ones = np.ones((len(blocks), 16), np.uint8)
    parts = [low.reshape(-1, 128), high.reshape(-1, 64), ones, scale.view(np.uint8)]
    return np.concatenate(parts, axis=1).tobytes()


def encoded(values: Array, dtype: str) -> bytes:
    """Values as a kind stores them, flat."""
    flat = np.ascontiguousarray(values).reshape(-1)
    if dtype in PLAIN:
        return flat.astype(PLAIN[dtype]).tobytes()
    if dtype == "BF16":
        return bytes((flat.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes())
    quantise: Callable[[Array], bytes] = {"APR_Q8": _q8, "APR_Q4": _q4, "Q4_K": _q4_k, "Q6_K": _q6_k}[dtype]
    return quantise(flat.astype(np.float32))


def index_entry(name: str, code: int, shape: tuple[int, ...], offset: int, size: int) -> bytes:
    """One entry of the index; offsets count from the begin of the data."""
    text = name.encode()
    numbers = struct.pack(f"<{len(shape) + 2}Q", *shape, offset, size)
    return struct.pack("<H", len(text)) + text + bytes([code, len(shape)]) + numbers


def sealed(header: dict[str, Any], metadata: bytes, index: bytes, data: bytes) -> bytes:
    """A whole file with right checksums; `header` overrides the fields that follow from the parts."""
    at_index = 64 + len(padded(metadata))
    fields: dict[str, Any] = {
        "magic": b"APR\0",
        "version": (2, 0),
        "flags": ROW_MAJOR,
        "tensors": 0,
        "metadata": 64,
        "metadata_bytes": len(metadata),
        "index": at_index,
        "data": at_index + len(padded(index)),
    } | header
    numbers = [fields[key] for key in ("flags", "tensors", "metadata", "metadata_bytes", "index", "data")]
    front: bytes = fields["magic"] + bytes(fields["version"]) + struct.pack("<HIQIQQ", *numbers)
    reserved = bytes(20)
    front += struct.pack("<I", zlib.crc32(front + reserved)) + reserved
    content = front + padded(metadata) + padded(index) + data
    return content + struct.pack("<I", zlib.crc32(content))


def resealed(content: bytes) -> bytes:
    """A changed file with both checksums made right again, so that the change itself is what a reader meets."""
    header = struct.pack("<I", zlib.crc32(content[:40] + content[44:64]))
    body = content[:40] + header + content[44:-4]
    return body + struct.pack("<I", zlib.crc32(body))


def apr_bytes(
    tensors: dict[str, Array],
    metadata: dict[str, Any] | bytes,
    *,
    dtypes: dict[str, str] | None = None,
    flags: int = ROW_MAJOR,
    shapes: dict[str, tuple[int, ...]] | None = None,
    header: dict[str, Any] | None = None,
) -> bytes:
    """An APR v2 file: values as arrays, each stored as `dtypes` says (F32), labelled with its own or another shape.

    `header` makes the header lie, see `sealed`.
    """
    index, data = b"", b""
    for name in sorted(tensors, key=str.encode):
        dtype = (dtypes or {}).get(name, "F32")
        stored = encoded(tensors[name], dtype)
        shape = shapes[name] if shapes and name in shapes else tensors[name].shape
        index += index_entry(name, (CODES | NATIVE_CODES)[dtype], shape, len(data), len(stored))
        data += padded(stored)
    text = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
    return sealed({"flags": flags, "tensors": len(tensors)} | (header or {}), text, index, data)


def optimizer_state(tensors: dict[str, Array], layers: int = 1) -> dict[str, Array]:
    """What the trainer keeps of its optimizer beside the weights: 1-D, under the prefix that converters drop."""
    width = next(iter(tensors.values())).size
    names = [f"embed_optimizer.{moment}.0" for moment in "mv"]
    names += [f"block_optimizer.{layer}.{moment}.w_q" for layer in range(layers) for moment in "mv"]
    return {f"__training__.{name}": np.full(width, 0.25, np.float32) for name in names}


def write_apr(
    path: Path,
    tensors: dict[str, Array],
    metadata: dict[str, Any] | bytes,
    *,
    dtypes: dict[str, str] | None = None,
    flags: int = ROW_MAJOR,
    shapes: dict[str, tuple[int, ...]] | None = None,
) -> Path:
    """Write `apr_bytes` to a file. Raw metadata bytes are written as they are (duplicate keys, broken JSON)."""
    path.write_bytes(apr_bytes(tensors, metadata, dtypes=dtypes, flags=flags, shapes=shapes))
    return path
