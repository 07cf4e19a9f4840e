"""The values of one tensor of the model, band by band: each band is a stretch of the file that is being written.

A band of a transposed matrix is gathered from the whole height of the stored one; a LoRA is added to it in its
place, in the model's orientation and before the rows of a head change places.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import msgspec
import numpy as np

from podium.convert.blocks import AREA, DEPTH, WIDTH, Kernel, as_floats
from podium.convert.containers.storage import float32_of
from podium.convert.mapped import mapped
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from podium.convert.adapter import Delta
    from podium.convert.blocks import Array, Scratch
    from podium.convert.containers import Stored
    from podium.convert.mapped import Mapped
    from podium.convert.mapping import Tensor

BAND_VALUES = 1 << 20
# How far apart the first and the last byte of a block to transpose may lie in the file: what it reads of each row is
# little, but whole pages come in.
SPREAD_BYTES = 16 << 20


class Band(msgspec.Struct, frozen=True):
    """Rows `top` to `bottom` and columns `left` to `right` of a tensor seen as a matrix."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left


def matrix_shape(tensor: Tensor) -> tuple[int, int]:
    """Rows and columns of a tensor seen as a matrix. Values that keep their order are one long row."""
    if tensor.source is None or tensor.is_untouched:
        return 1, tensor.elements
    rows = tensor.shape[0] if tensor.shape else 1
    return rows, tensor.elements // max(rows, 1)


def bands_of(tensor: Tensor) -> Iterator[Band]:
    """Cut a tensor in file order: whole rows while they fit, else one row in pieces."""
    rows, columns = matrix_shape(tensor)
    if columns > BAND_VALUES:
        for top in range(rows):
            for left in range(0, columns, BAND_VALUES):
                yield Band(top, top + 1, left, min(left + BAND_VALUES, columns))
    elif columns:
        height = BAND_VALUES // columns
        # Whole blocks, so that no band ends in slivers.
        height -= height % WIDTH if height > WIDTH else 0
        for top in range(0, rows, height):
            yield Band(top, min(top + height, rows), 0, columns)


def source_rows(band: Band, pairs_of_head: int) -> Iterator[tuple[int, int, slice]]:
    """Cut a band's rows into runs of at most `WIDTH`: (first, last, stored rows).

    Of a head's stored rows 0, 1, 2, ... the even ones come first, so a run never leaves half a head.
    """
    half = pairs_of_head // 2
    top = band.top
    while top < band.bottom:
        bottom = min(top + WIDTH, band.bottom)
        if not half:
            yield top, bottom, slice(top, bottom)
        else:
            bottom = min(bottom, top - top % half + half)
            head, within = top - top % pairs_of_head, top % pairs_of_head
            first = head + 2 * (within % half) + within // half
            yield top, bottom, slice(first, first + 2 * (bottom - top) - 1, 2)
        top = bottom


class _Factors(msgspec.Struct, frozen=True):
    """A LoRA in memory, in the model's orientation: rank columns, rank rows, scale."""

    b: Array
    a: Array
    scale: float


def _factor(stored: Stored, shape: tuple[int, int], *, transpose: bool) -> Array:
    values = float32_of(stored)
    if values.size != shape[0] * shape[1]:
        message = f"{stored.path}: {stored.name} has {values.size} values instead of {shape[0]} x {shape[1]}"
        raise CheckpointError(message, hint="the adapter belongs to another model; give its own base")
    _refuse_non_finite(stored, values, 0)
    wide = values.astype(np.float64)
    return wide.reshape(shape[::-1]).T if transpose else wide.reshape(shape)


def _factors(delta: Delta, rows: int, columns: int) -> _Factors:
    b = _factor(delta.b, (rows, delta.rank), transpose=delta.transpose)
    return _Factors(b, _factor(delta.a, (delta.rank, columns), transpose=delta.transpose), delta.scale)


def _refuse_non_finite(stored: Stored, values: Array, first: int) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        at = first + int(bad[0])
        row = at // max(stored.shape[-1] if stored.shape else 1, 1)
        message = f"{stored.path}: {stored.name} holds {values[bad[0]]} at value {at} (row {row})"
        raise CheckpointError(message, hint="training diverged or the file is damaged; use an earlier checkpoint")


class Filler:
    """Fills bands of one tensor from its mapped source, several at a time when several threads ask."""

    def __init__(self, tensor: Tensor, source: Stored, values: Mapped, dtype: str, scratch: Scratch) -> None:
        rows, columns = matrix_shape(tensor)
        self._tensor, self._stored, self._dtype, self._mapped = tensor, source, dtype, values
        if tensor.transpose:
            self._matrix = values.values.reshape(columns, rows).T
        else:
            self._matrix = values.values.reshape(rows, columns)
        self._factors = _factors(tensor.delta, rows, columns) if tensor.delta else None
        # So many stored rows at a time, or pieces of them, that the pages they lie on are few.
        self._depth = min(DEPTH, max(SPREAD_BYTES // (rows * values.values.itemsize), 1))
        self._kernel = Kernel(values.kind, "float32" if tensor.delta else dtype, scratch, transpose=tensor.transpose)
        self._last_kernel = Kernel("F32", dtype, scratch, transpose=False)

    def fill(self, band: Band, target: Array) -> None:
        """Make the values of a band, [rows, columns]. Raises CheckpointError for a value that is not finite."""
        # Sums of squares may overflow, that is what they are for.
        with np.errstate(over="ignore", invalid="ignore"):
            self._fill(band, target)

    def _fill(self, band: Band, target: Array) -> None:
        if self._factors is None:
            self._gather(band, target)
            return
        merged = np.empty(band.shape, np.float32)
        self._gather(band, merged)
        self._add(self._factors, band, merged)
        for begin in range(0, merged.size, AREA):
            piece = merged.reshape(1, -1)[:, begin : begin + AREA]
            if not self._last_kernel.move(piece, target.reshape(1, -1)[:, begin : begin + AREA]):
                self._refuse_large(piece, band, begin)

    def _gather(self, band: Band, target: Array) -> None:
        transpose = self._tensor.transpose
        for top, bottom, rows in source_rows(band, self._tensor.pairs_of_head):
            step = self._depth if transpose else AREA // (bottom - top)
            for left in range(band.left, band.right, step):
                right = min(left + step, band.right)
                source = self._matrix[rows, left:right]
                landing = target[top - band.top : bottom - band.top, left - band.left : right - band.left]
                pair = (source.T, landing.T) if transpose else (source, landing)
                if not self._kernel.move(*pair):
                    self._refuse(Band(top, bottom, left, right), source)
                self._mapped.touched(source)

    def _add(self, factors: _Factors, band: Band, merged: Array) -> None:
        """Add the product in float64 and round once, so that the order of summation hardly ever shows."""
        runs = [rows for _, _, rows in source_rows(band, self._tensor.pairs_of_head)]
        sums = np.concatenate([factors.b[rows] for rows in runs]) @ factors.a[:, band.left : band.right]
        sums *= factors.scale
        sums += merged
        merged[...] = sums

    def _refuse(self, band: Band, source: Array) -> NoReturn:
        for first in range(0, self._mapped.values.size, BAND_VALUES):
            piece = self._mapped.values[first : first + BAND_VALUES]
            _refuse_non_finite(self._stored, as_floats(piece, self._mapped.kind), first)
        self._refuse_large(as_floats(source, self._mapped.kind), band, 0)

    def _refuse_large(self, values: Array, band: Band, begin: int) -> NoReturn:
        """Name the largest of finite values; they lie from value `begin` on in the band."""
        largest = int(np.abs(values).argmax())
        down, along = divmod(begin + largest, band.right - band.left)
        at = (band.top + down) * matrix_shape(self._tensor)[1] + band.left + along
        row = at // max(self._tensor.shape[-1] if self._tensor.shape else 1, 1)
        message = (
            f"{self._stored.path}: {self._stored.name} gives {values.flat[largest]} at value {at} (row {row}) of "
            f"{self._tensor.name}, too large for {self._dtype}"
        )
        raise CheckpointError(message, hint="podium convert --dtype float32, or bfloat16 for values below 3e38")


@contextmanager
def filler(tensor: Tensor, dtype: str, folder: Path, scratch: Scratch) -> Iterator[Callable[[Band, Array], None]]:
    """What fills the bands of a tensor; a source that has to be decoded first passes through `folder`."""
    if tensor.source is None:
        yield _fill_zeros
        return
    with mapped(tensor.source, tensor.elements, folder) as values:
        yield Filler(tensor, tensor.source, values, dtype, scratch).fill


def _fill_zeros(band: Band, target: Array) -> None:
    target[...] = 0
