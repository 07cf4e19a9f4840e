"""The SafeTensors writer: header first, then one tensor after the other, transposed and cast on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from podium.errors import CheckpointError
from podium.files import atomic_writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.convert.layouts import Checkpoint, Tensor

# dtype -> (name in the header, bytes a value)
DTYPES = {"float32": ("F32", 4), "bfloat16": ("BF16", 2), "float16": ("F16", 2)}
ALIGNMENT = 8


def round_to_bfloat16(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Finite float32 values as bfloat16 bits (uint16), rounded to nearest even."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return ((bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))) >> np.uint32(16)).astype(np.uint16)


def _values(tensor: Tensor, data: np.ndarray[Any, Any], dtype: str, path: Path) -> np.ndarray[Any, Any]:
    flat = data[tensor.begin : tensor.end].view("<f4")
    if not np.isfinite(flat).all():
        first = int(np.flatnonzero(~np.isfinite(flat))[0])
        message = f"{path}: {tensor.source} holds {flat[first]} at value {first}"
        raise CheckpointError(message, hint="training diverged or the file is damaged; use an earlier checkpoint")
    if tensor.transpose:
        outputs, inputs = tensor.shape
        flat = np.ascontiguousarray(flat.reshape(inputs, outputs).T)
    if dtype == "bfloat16":
        return round_to_bfloat16(flat)
    return flat.astype("<f2") if dtype == "float16" else flat


def _header(tensors: tuple[Tensor, ...], label: str, value_bytes: int) -> bytes:
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for tensor in tensors:
        size = (tensor.end - tensor.begin) // 4 * value_bytes
        entries[tensor.name] = {
            "dtype": label,
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def write_safetensors(path: Path, checkpoint: Checkpoint, dtype: str, advance: Callable[[], None]) -> None:
    """Write all tensors of a checkpoint in their Hugging Face shapes. Raises CheckpointError on a non-finite value."""
    label, value_bytes = DTYPES[dtype]
    data = np.memmap(checkpoint.weights, dtype=np.uint8, mode="r")
    with atomic_writer(path) as stream:
        stream.write(_header(checkpoint.tensors, label, value_bytes))
        for tensor in checkpoint.tensors:
            stream.write(_values(tensor, data, dtype, checkpoint.weights).tobytes())
            advance()
