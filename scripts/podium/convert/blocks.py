"""Blocks of values: checked, cast with rounding to nearest even, transposed on the way.

Nothing here allocates in its inner loop: every thread has scratch memory of its own.
"""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import numpy as np

from podium.convert.transpose import transpose

Array = np.ndarray[Any, Any]

# A block to transpose: so many columns of so many rows, as they are stored. Smaller ones would stay in the cache, but
# two threads that come back for the next one all the time wait for each other.
DEPTH = 512
WIDTH = 1024
AREA = DEPTH * WIDTH
# Rows of a scratch block lie this many values further apart than a power of two, else a column of it falls into a
# few lines of the cache; straight from the file a transposition takes three times as long.
PADDING = 4


class Format(msgspec.Struct, frozen=True):
    """A dtype of the model: its label in SafeTensors, how its bits are held, the largest float32 that stays finite."""

    label: str
    bits: str
    largest: float


FORMATS: dict[str, Format] = {
    "float32": Format("F32", "<f4", float(np.finfo(np.float32).max)),
    "bfloat16": Format("BF16", "<u2", float(np.uint32(0x7F7F7FFF).view(np.float32))),
    "float16": Format("F16", "<f2", float(np.nextafter(np.float32(65520), np.float32(0)))),
}
# How the values of these kinds are viewed in a file; every other kind is made float32 first.
VIEWS: dict[str, str] = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
EXPONENTS: dict[str, int] = {"F16": 0x7C00, "BF16": 0x7F80}


def as_floats(values: Array, kind: str) -> Array:
    """Values as they are viewed in a file, as float32."""
    if kind == "BF16":
        return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return values.astype(np.float32)


class Scratch(threading.local):
    """What a block passes through on its way, three times 2 MiB; every thread that looks finds its own."""

    def __init__(self) -> None:
        self.wide = np.empty(AREA, np.float32)
        self.sums = np.empty(AREA, np.uint32)
        self.padded = np.empty((DEPTH, WIDTH + PADDING), np.uint32)


class Kernel:
    """Moves blocks of one stored kind into a dtype. With `transpose` the targets are views of transposed memory."""

    def __init__(self, kind: str, dtype: str, scratch: Scratch, *, transpose: bool) -> None:
        self._kind = kind
        self._format = FORMATS[dtype]
        self._scratch = scratch
        self._transpose = transpose
        self._is_same = self._format.label == kind

    def move(self, source: Array, target: Array) -> bool:
        """Fill `target` from `source`, both [rows, columns]; false when a value is not finite or would not stay so."""
        wide = self._scratch.wide[: source.size]
        if self._transpose:
            turned = target.T if self._is_same else wide.reshape(source.shape[::-1])
            if transpose(source, turned):
                return self._stays_finite(turned) if self._is_same else self._cast(turned, target.T, padded=False)
        if self._is_same:
            return self._copy(source, target)
        wide = wide.reshape(source.shape)
        self._widen(source, wide)
        return self._cast(wide, target, padded=self._transpose)

    def _copy(self, source: Array, target: Array) -> bool:
        landed = self._padded(source.dtype.str, source.shape) if self._transpose else target
        landed[...] = source
        if self._transpose:
            target[...] = landed
        if self._kind == "F32":
            return self._stays_finite(landed)
        exponent = np.uint16(EXPONENTS[self._kind])
        return not bool(((landed.view(np.uint16) & exponent) == exponent).any())

    def _cast(self, wide: Array, target: Array, *, padded: bool) -> bool:
        if not self._stays_finite(wide):
            return False
        values = self._rounded_to_bfloat16(wide) if self._format.label == "BF16" else wide
        if padded:
            landed = self._padded(target.dtype.str, wide.shape)
            landed[...] = values
            values = landed
        target[...] = values
        return True

    def _widen(self, source: Array, wide: Array) -> None:
        if self._kind == "BF16":
            bits = wide.view(np.uint32)
            bits[...] = source
            np.left_shift(bits, 16, out=bits)
        else:
            wide[...] = source

    def _stays_finite(self, values: Array) -> bool:
        # A sum of squares is no smaller than any of them, in whatever order and however rounded: one pass, three times
        # as fast as a maximum and a minimum. NaN wins every maximum and loses every comparison.
        if float(np.vecdot(values, values).max()) <= self._format.largest**2:
            return True
        return bool(values.max() <= self._format.largest and values.min() >= -self._format.largest)

    def _rounded_to_bfloat16(self, wide: Array) -> Array:
        """Add just under half of the last place, and one more where that place is odd; the upper halves are it."""
        bits = wide.view(np.uint32)
        sums = self._scratch.sums[: wide.size].reshape(wide.shape)
        np.right_shift(bits, 16, out=sums)
        np.bitwise_and(sums, 1, out=sums)
        np.add(sums, 0x7FFF, out=sums)
        np.add(sums, bits, out=bits)
        return bits.view(np.uint16)[:, 1::2]

    def _padded(self, dtype: str, shape: tuple[int, ...]) -> Array:
        rows, columns = shape
        return self._scratch.padded.view(dtype)[:rows, :columns]
