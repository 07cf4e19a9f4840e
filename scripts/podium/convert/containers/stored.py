"""The nouns of containers: a tensor where it lies, and everything that the weight files of a checkpoint hold."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor where it lies: bytes `begin` to `end` of `path`. `shape` is the file's label, which may be wrong."""

    name: str
    path: Path
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def elements(self) -> int:
        """Number of values, by the label."""
        return math.prod(self.shape)


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the weight files of a checkpoint hold. `kind` is safetensors or apr."""

    kind: str
    paths: tuple[Path, ...]
    metadata: dict[str, str]
    tensors: dict[str, Stored]
