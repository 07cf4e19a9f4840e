"""storage: every kind of weight decodes as its definition says, value by value and to the last bit."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.convert.apr_files import encoded, write_apr

from podium.convert.containers.apr import read_apr
from podium.convert.containers.storage import OTHER_SIZES, STORAGES, float32_of, storage_of, stored_bytes
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Array = np.ndarray[Any, Any]
ERROR = {"F32": 0.0, "F16": 2e-3, "BF16": 4e-2, "APR_Q8": 0.02, "APR_Q4": 0.4, "Q4_K": 0.4, "Q6_K": 0.11}


def _half(data: bytes) -> np.float32:
    return np.float32(struct.unpack("<e", data)[0])


def _slow_q4_k(block: bytes) -> list[np.float32]:
    """ggml's definition, value by value: the scale and minimum of group j come from bytes 4 to 16."""
    d, dmin, packed, halves = _half(block[0:2]), _half(block[2:4]), block[4:16], block[16:]
    values = []
    for place in range(256):
        j = place // 32
        if j < 4:
            scale, minimum = packed[j] & 63, packed[j + 4] & 63
        else:
            scale = packed[j + 4] & 15 | packed[j - 4] >> 6 << 4
            minimum = packed[j + 4] >> 4 | packed[j] >> 6 << 4
        byte = halves[place // 64 * 32 + place % 32]
        quant = byte >> 4 if place // 32 % 2 else byte & 15
        values.append(np.float32(d * np.float32(scale)) * np.float32(quant) - np.float32(dmin * np.float32(minimum)))
    return values


def _slow_q6_k(block: bytes) -> list[np.float32]:
    """ggml's definition, value by value."""
    low, high, scales, d = block[:128], block[128:192], block[192:208], _half(block[208:210])
    values = []
    for place in range(256):
        half, k, l = place // 128, place % 128 // 32, place % 32  # noqa: E741
        byte = low[64 * half + 32 * (k % 2) + l]
        quant = (byte >> 4 if k >= 2 else byte & 15) | (high[32 * half + l] >> 2 * k & 3) << 4
        scale = struct.unpack("b", scales[place // 16 : place // 16 + 1])[0]
        values.append(np.float32(d * np.float32(scale)) * np.float32(quant - 32))
    return values


def _slow_apr_q4(block: bytes) -> list[np.float32]:
    """Neighbours share a byte, the first in the low half."""
    scale = _half(block[:2])
    nibbles = [half for byte in block[2:] for half in (byte & 15, byte >> 4)]
    return [np.float32(nibble - 8) * scale for nibble in nibbles]


@pytest.mark.parametrize(
    ("dtype", "slow", "halves"),
    [("Q4_K", _slow_q4_k, [0, 2]), ("Q6_K", _slow_q6_k, [208]), ("APR_Q4", _slow_apr_q4, [0])],
)
def test_any_block_decodes_as_its_definition_says(
    dtype: str, slow: Callable[[bytes], list[np.float32]], halves: list[int]
) -> None:
    storage = STORAGES[dtype]
    blocks = np.random.default_rng(3).integers(0, 256, (40, storage.bytes), dtype=np.uint8)
    for place in halves:
        blocks[:, place + 1] &= 0x7B  # finite scales: NaN equals nothing
    expected = np.array([slow(block.tobytes()) for block in blocks], np.float32).reshape(-1)
    assert storage.decode(blocks.reshape(-1)).view(np.uint32).tolist() == expected.view(np.uint32).tolist()


def test_first_value_of_a_native_q4_byte_is_the_low_half() -> None:
    block = np.frombuffer(struct.pack("<e", 2.0) + bytes([0x1F] + [0x88] * 15), np.uint8)
    assert STORAGES["APR_Q4"].decode(block).tolist() == [14.0, -14.0] + [0.0] * 30


def test_native_q8_has_one_scale_for_the_whole_tensor() -> None:
    data = np.frombuffer(struct.pack("<f40b", 0.5, *range(-20, 20)), np.uint8)
    assert STORAGES["APR_Q8"].decode(data).tolist() == [value / 2 for value in range(-20, 20)]


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=30), st.sampled_from(["F16", "BF16"]))
@settings(deadline=None)
def test_sixteen_bit_floats_are_those_of_torch(words: list[int], dtype: str) -> None:
    import torch

    data = np.array(words, "<u2")
    kind = {"F16": torch.float16, "BF16": torch.bfloat16}[dtype]
    expected = torch.tensor(data.view(np.int16)).view(kind).float().numpy()
    assert np.array_equal(STORAGES[dtype].decode(data.view(np.uint8)), expected, equal_nan=True)


@pytest.mark.parametrize("dtype", sorted(STORAGES))
def test_a_tensor_comes_back_through_a_file_as_it_went_in(tmp_path: Path, dtype: str) -> None:
    values = np.random.default_rng(5).normal(size=(4, 512)).astype(np.float32)
    path = write_apr(tmp_path / "model.apr", {"w": values}, {}, dtypes={"w": dtype})
    back = float32_of(read_apr(path).tensors["w"])
    assert back.shape == (2048,)
    assert back.dtype == np.float32
    assert np.abs(back - values.reshape(-1)).max() <= ERROR[dtype]


@given(st.sampled_from(sorted(STORAGES)), st.integers(0, 1024), st.integers(0, 1024))
@settings(deadline=None)
def test_a_part_of_a_tensor_is_that_part_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, dtype: str, first: int, last: int
) -> None:
    values = np.sin(np.arange(1024, dtype=np.float32))
    path = write_apr(tmp_path_factory.mktemp("part") / "m.apr", {"w": values}, {}, dtypes={"w": dtype})
    stored = read_apr(path).tensors["w"]
    assert float32_of(stored, first, last).tolist() == float32_of(stored)[first:last].tolist()


@pytest.mark.parametrize("length", [0, 1, 31, 33])
@pytest.mark.parametrize("dtype", ["APR_Q4", "APR_Q8", "F32"])
def test_odd_lengths_have_no_value_too_many(tmp_path: Path, dtype: str, length: int) -> None:
    values = np.full(length, 3, np.float32)
    path = write_apr(tmp_path / "m.apr", {"w": values}, {}, dtypes={"w": dtype})
    assert float32_of(read_apr(path).tensors["w"]).tolist() == pytest.approx([3.0] * length, rel=1e-3)


def test_scale_that_is_not_finite_gives_values_that_are_not() -> None:
    block = np.frombuffer(struct.pack("<e", float("inf")) + bytes([0x99] * 16), np.uint8)
    assert not np.isfinite(STORAGES["APR_Q4"].decode(block)).any()


@pytest.mark.parametrize(
    ("dtype", "elements", "size"),
    [
        ("F32", 3, 12),
        ("APR_Q8", 100, 104),
        ("APR_Q8", 0, 0),
        ("APR_Q4", 32, 18),
        ("APR_Q4", 33, 36),
        ("Q4_K", 512, 288),
        ("Q6_K", 256, 210),
        ("Q5_K", 256, 176),
        ("F4", 2, 1),
        ("BOOL", 7, 7),
    ],
)
def test_sizes_by_hand(dtype: str, elements: int, size: int) -> None:
    assert stored_bytes(dtype, elements) == size


@pytest.mark.parametrize(("dtype", "elements"), [("Q4_K", 255), ("Q6_K", 257), ("F4", 3)])
def test_broken_group_has_no_size(dtype: str, elements: int) -> None:
    with pytest.raises(ValueError, match=f"{elements} values are no whole number of groups"):
        stored_bytes(dtype, elements)


@pytest.mark.parametrize("dtype", ["F64", "I64", "I32", "I8", "U8"])
def test_kind_that_is_no_weight_is_refused_by_name_when_used(tmp_path: Path, dtype: str) -> None:
    path = write_apr(tmp_path / "m.apr", {"w": np.arange(4)}, {}, dtypes={"w": dtype})
    stored = read_apr(path).tensors["w"]
    with pytest.raises(CheckpointError, match=rf"tensor 'w' of .*m\.apr at byte \d+ is stored as {dtype}") as caught:
        storage_of(stored)
    assert caught.value.exit_code == 4
    assert "export the checkpoint with weights as F32, F16 or BF16" in caught.value.hint


def test_file_that_shrank_since_its_header_was_read_is_told(tmp_path: Path) -> None:
    path = write_apr(tmp_path / "m.apr", {"w": np.ones(64, np.float32)}, {})
    stored = read_apr(path).tensors["w"]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CheckpointError, match=r"cannot read tensor 'w' of .*m\.apr at bytes 192 to 448") as caught:
        float32_of(stored)
    assert "leave the checkpoint alone" in caught.value.hint


def test_no_kind_is_both_a_weight_and_something_else() -> None:
    assert not set(STORAGES) & set(OTHER_SIZES)


def test_writer_of_the_tests_packs_a_q6_k_block_as_the_definition_reads_it() -> None:
    values = np.linspace(-31, 31, 256, dtype=np.float32)
    assert np.abs(np.array(_slow_q6_k(encoded(values, "Q6_K"))) - values).max() <= 0.5
