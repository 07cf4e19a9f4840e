"""How values are stored: bytes to float32, for every kind of storage that can be read exactly.

Sources: Q4_K and Q6_K are ggml's superblocks of 256 values (`dequantize_row_q4_K`, `dequantize_row_q6_K` in
ggml-quants.c; arithmetic in its order, so that results are equal to the last bit). APR_Q4 and APR_Q8 are the native
kinds of the APR v2 writer (`add_q4_tensor`, `add_q8_tensor` of aprender's format/v2): Q4 has two neighbouring values
in a byte, the first in the low half (unlike ggml's Q4_0, which pairs value i with i + 16); Q8 has **one** scale a
tensor. That library's reader takes a scale that is not finite for 0; here its values are not finite and are refused
later, by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.convert.containers.stored import Stored

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float32]]

SCALE_BYTES = 4
# What every exporter can write.
PLAIN = "F32, F16 or BF16"


class Storage(msgspec.Struct, frozen=True):
    """One kind: `values` values lie in `bytes` bytes, and `decode` makes float32 of whole groups of them.

    `values` 0: a tensor is one group, a float32 scale and `bytes` a value; it is decoded whole. `padded`: the last
    group of a tensor may be partly used.
    """

    values: int
    bytes: int
    decode: Callable[[Bytes], Floats]
    padded: bool = False


def _float32(data: Bytes) -> Floats:
    return data.view("<f4")


def _float16(data: Bytes) -> Floats:
    return data.view("<f2").astype(np.float32)


def _bfloat16(data: Bytes) -> Floats:
    return (data.view("<u2").astype(np.uint32) << np.uint32(16)).view(np.float32)


def _halves(data: Bytes) -> tuple[Bytes, Bytes]:
    low: Bytes = data & np.uint8(0x0F)
    return low, data >> np.uint8(4)


def _column(blocks: Bytes, begin: int) -> Floats:
    """The float16 at byte `begin` of every block, as a column."""
    return _float16(np.ascontiguousarray(blocks[:, begin : begin + 2]))


def _apr_q8(data: Bytes) -> Floats:
    if not data.size:
        return np.zeros(0, np.float32)
    values: Floats = data[SCALE_BYTES:].view(np.int8).astype(np.float32) * _float32(data[:SCALE_BYTES])
    return values


def _apr_q4(data: Bytes) -> Floats:
    blocks = data.reshape(-1, 18)
    nibbles = np.stack(_halves(blocks[:, 2:]), axis=-1).reshape(-1, 32)
    values: Floats = (nibbles.astype(np.float32) - np.float32(8)) * _column(blocks, 0)
    return values.reshape(-1)


def _q4_k_scales(packed: Bytes) -> tuple[Bytes, Bytes]:
    """Twelve bytes a block hold eight 6-bit scales and eight 6-bit minima; the last four of each lie scattered."""
    first, second, third = packed[:, 0:4], packed[:, 4:8], packed[:, 8:12]
    low, high = _halves(third)
    six, two = np.uint8(0x3F), np.uint8(6)
    scales = np.concatenate([first & six, low | (first >> two << np.uint8(4))], axis=1)
    minima = np.concatenate([second & six, high | (second >> two << np.uint8(4))], axis=1)
    return scales, minima


def _q4_k(data: Bytes) -> Floats:
    """A block: f16 scale, f16 minimum, 12 bytes of 6-bit scales and minima, 128 bytes of halves.

    Each 32 bytes of halves carry 64 values: the low halves are 32 values, the high halves the next 32.
    """
    blocks = data.reshape(-1, 144)
    scales, minima = _q4_k_scales(blocks[:, 4:16])
    factor = (_column(blocks, 0) * scales.astype(np.float32))[:, :, None]
    shift = (_column(blocks, 2) * minima.astype(np.float32))[:, :, None]
    quants = np.stack(_halves(blocks[:, 16:].reshape(-1, 4, 32)), axis=2).reshape(-1, 8, 32)
    values: Floats = factor * quants.astype(np.float32) - shift
    return values.reshape(-1)


def _q6_k(data: Bytes) -> Floats:
    """A block: 128 bytes of low halves, 64 bytes of high pairs, 16 signed scales, f16 scale.

    Each half of a block has 128 values from 64 low bytes and 32 high bytes: value 32 k + l takes its low half from
    byte l (+ 32 for odd k) and its high pair from bits 2 k of byte l. A scale serves 16 values.
    """
    blocks = data.reshape(-1, 210)
    low, high = _halves(blocks[:, :128].reshape(-1, 2, 2, 32))
    halves = np.concatenate([low, high], axis=2)
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    pairs = (blocks[:, 128:192].reshape(-1, 2, 1, 32) >> shifts) & np.uint8(3)
    quants = (halves | (pairs << np.uint8(4))).astype(np.float32) - np.float32(32)
    scales = blocks[:, 192:208].view(np.int8).astype(np.float32)
    factor = (_column(blocks, 208) * scales)[:, :, None]
    values: Floats = factor * quants.reshape(-1, 16, 16)
    return values.reshape(-1)


STORAGES: dict[str, Storage] = {
    "F32": Storage(1, 4, _float32),
    "F16": Storage(1, 2, _float16),
    "BF16": Storage(1, 2, _bfloat16),
    "APR_Q8": Storage(0, 1, _apr_q8),
    "APR_Q4": Storage(32, 18, _apr_q4, padded=True),
    "Q4_K": Storage(256, 144, _q4_k),
    "Q6_K": Storage(256, 210, _q6_k),
}

# Kinds that a container may hold beside the weights, (values, bytes): counted, never decoded.
OTHER_SIZES: dict[str, tuple[int, int]] = {
    "BOOL": (1, 1),
    "U8": (1, 1),
    "I8": (1, 1),
    "U16": (1, 2),
    "I16": (1, 2),
    "U32": (1, 4),
    "I32": (1, 4),
    "U64": (1, 8),
    "I64": (1, 8),
    "F64": (1, 8),
    "C64": (1, 8),
    "F8_E5M2": (1, 1),
    "F8_E4M3": (1, 1),
    "F8_E8M0": (1, 1),
    "F8_E4M3FNUZ": (1, 1),
    "F8_E5M2FNUZ": (1, 1),
    "F6_E2M3": (4, 3),
    "F6_E3M2": (4, 3),
    "F4": (2, 1),
    "Q5_K": (256, 176),
}


def stored_bytes(dtype: str, elements: int) -> int:
    """Bytes that `elements` values of a kind take. Raises ValueError where they are no whole number of groups."""
    storage = STORAGES.get(dtype)
    if storage and not storage.values:
        return SCALE_BYTES + elements * storage.bytes if elements else 0
    values, size = (storage.values, storage.bytes) if storage else OTHER_SIZES[dtype]
    if elements % values and not (storage and storage.padded):
        message = f"{elements} values are no whole number of groups of {values}"
        raise ValueError(message)
    return -(-elements // values) * size


def storage_of(stored: Stored) -> Storage:
    """How a tensor that is to become a weight is stored. Raises CheckpointError for a kind that is no weight."""
    if storage := STORAGES.get(stored.dtype):
        return storage
    where = f"tensor {stored.name!r} of {stored.path} at byte {stored.begin}"
    message = f"{where} is stored as {stored.dtype}, which is no kind of weight that can be read exactly"
    raise CheckpointError(message, hint=f"export the checkpoint with weights as {PLAIN}")


def float32_of(stored: Stored, first: int = 0, last: int | None = None) -> Floats:
    """Values `first` to `last` (all by default) of a tensor, flat; F32 is mapped, and writing to it changes no file.

    Only the groups that hold them are read and decoded. Raises CheckpointError for a kind that is no weight.
    """
    storage = storage_of(stored)
    last = stored.elements if last is None else last
    if first >= last:
        return np.zeros(0, np.float32)
    begin, end, skipped = stored.begin, stored.end, 0
    if storage.values:
        group, end_group = first // storage.values, -(-last // storage.values)
        begin, end = stored.begin + group * storage.bytes, stored.begin + end_group * storage.bytes
        skipped = group * storage.values
    try:
        data = np.memmap(stored.path, dtype=np.uint8, mode="c", offset=begin, shape=(end - begin,))
    except (OSError, ValueError) as err:
        message = f"cannot read tensor {stored.name!r} of {stored.path} at bytes {begin} to {end}: {err}"
        raise CheckpointError(message, hint="leave the checkpoint alone while it is converted; run it again") from err
    # A scale that is not finite makes values that are not; the checks on values name them, numpy need not.
    with np.errstate(all="ignore"):
        return storage.decode(np.asarray(data))[first - skipped : last - skipped]
