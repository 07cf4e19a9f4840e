"""Golden logits: what the training stack itself computed for a fixed sequence, to hold every hypothesis against.

A .npz of numpy arrays, none pickled: `ids` [length], 64 whole numbers or more; `positions` [count], places in `ids`,
the last beyond 16 (without it there is a row for each id); `logits` [count, vocabulary], what the model gives after the
id at each of these positions, in float32. Anything else in it, such as `made_by`, is left alone.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from podium.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "golden.npz"
# At position 0 every rotary pairing gives the same logits; two tokens decide nothing.
FEWEST_IDS, EARLIEST_POSITION = 64, 16
MOST_BYTES = 1 << 31
HINT = (
    "save ids, logits and positions with numpy.savez, from the training stack's own forward pass in float32; "
    "podium golden MODEL makes them from a model that loads"
)

Array = np.ndarray[Any, Any]


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """Token ids, the positions that have logits, and the logits [positions, vocabulary] in float32."""

    ids: Array
    positions: Array
    logits: Array


def read_golden(path: Path, vocabulary: int, longest: int) -> Golden:
    """Read and check golden logits; pickled arrays are never loaded. Raises CheckpointError."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_BYTES:
            message = f"{path} unpacks to {unpacked} bytes"
            raise CheckpointError(message, hint=f"a few positions are enough; at most {MOST_BYTES} bytes are read")
        with np.load(path, allow_pickle=False) as arrays:
            ids, logits = arrays["ids"].reshape(-1), np.asarray(arrays["logits"], np.float32)
            positions = arrays["positions"].reshape(-1) if "positions" in arrays else np.arange(len(ids))
    except (OSError, KeyError, ValueError, TypeError, AttributeError, MemoryError, zipfile.BadZipFile) as err:
        message = f"{path} holds no golden logits: {err}"
        raise CheckpointError(message, hint=HINT) from err
    golden = Golden(ids=ids, positions=positions, logits=logits)
    if odd := _oddity(golden, vocabulary, longest):
        message = f"{path}: {odd}"
        raise CheckpointError(message, hint=HINT)
    return golden


def _oddity(golden: Golden, vocabulary: int, longest: int) -> str:
    ids, positions, logits = golden.ids, golden.positions, golden.logits
    if ids.dtype.kind not in "iu" or positions.dtype.kind not in "iu":
        return "ids and positions are not whole numbers"
    if not FEWEST_IDS <= len(ids) <= longest:
        return f"it has {len(ids)} ids; {FEWEST_IDS} to {longest} are wanted"
    if ids.min() < 0 or ids.max() >= vocabulary:
        return f"it has ids outside the vocabulary of {vocabulary}"
    if logits.shape != (len(positions), vocabulary):
        return f"its logits are {list(logits.shape)}, not {[len(positions), vocabulary]}"
    if not len(positions) or positions.min() < 0 or positions.max() >= len(ids):
        return "it has positions outside its ids"
    if positions.max() <= EARLIEST_POSITION:
        return f"it has no logits after position {EARLIEST_POSITION}, where rotary pairings begin to differ"
    return "" if np.isfinite(logits).all() else "its logits are not finite"
