"""The borrowed transposing copy: every bit where it belongs, and a plain no where it does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from podium.convert import transpose as transpose_module
from podium.convert.transpose import transpose


@pytest.mark.skipif(transpose_module._copy is None, reason="this numpy does not bring it")
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 9), (9, 1), (7, 13), (64, 64), (255, 300), (512, 1024)])
def test_every_bit_is_where_it_belongs(rows: int, columns: int) -> None:
    bits = np.random.default_rng(rows).integers(0, 1 << 32, (rows + 2, columns + 5), dtype=np.uint32)
    bits[1, 1], bits[rows, 2] = 0x80000000, 1  # minus zero and the smallest number
    exponent = np.uint32(0x7F800000)
    bits[(bits & exponent) == exponent] = 0x7F7FFFFF
    source = bits.view(np.float32)[1 : rows + 1, 1 : columns + 1]
    target = np.full((columns, rows + 3), np.nan, np.float32)
    assert transpose(source, target[:, :rows])
    assert np.array_equal(target[:, :rows].view(np.uint32), source.view(np.uint32).T)
    assert np.isnan(target[:, rows:]).all()


@pytest.mark.parametrize(
    "source",
    [
        np.zeros((4, 6), np.float64),
        np.zeros((4, 6), np.uint32),
        np.zeros((4, 12), np.float32)[:, ::2],
        np.zeros((6, 4), np.float32).T,
        np.frombuffer(bytes(4 * 24 + 1), np.float32, 24, 1).reshape(4, 6),
    ],
    ids=["float64", "integers", "gaps", "columns", "unaligned"],
)
def test_other_blocks_are_declined_untouched(source: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> None:
    target = np.ones((6, 4), np.float32)
    assert not transpose(source, target)
    assert (target == 1).all()


def test_missing_copy_is_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transpose_module, "SYMBOL", "no_such_function")
    assert transpose_module._find() is None
    monkeypatch.setattr(transpose_module, "_copy", None)
    assert not transpose(np.zeros((4, 6), np.float32), np.zeros((6, 4), np.float32))
