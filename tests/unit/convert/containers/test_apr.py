"""apr: a trainer's file is read as it is, and each kind of damage is told with file, tensor, offset and remedy."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.convert.apr_files import (
    apr_bytes,
    index_entry,
    optimizer_state,
    padded,
    resealed,
    sealed,
    write_apr,
)

from podium.convert.containers.apr import MAX_METADATA_BYTES, read_apr
from podium.convert.containers.storage import float32_of
from podium.convert.containers.weightfile import MAX_TENSORS
from podium.errors import CheckpointError

Array = np.ndarray[Any, Any]

TENSORS: dict[str, Array] = {
    "model.embed_tokens.weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "model.layers.0.mlp.up_proj.weight": np.arange(20, dtype=np.float32).reshape(5, 4),
    "model.norm.weight": np.ones(4, np.float32),
}
METADATA = {"format": "entrenar-checkpoint", "checkpoint_step": "500", "model_config": '{"hidden_size": 4}'}


def refused(path: Path) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        read_apr(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 4
    assert caught.value.hint
    return caught.value


def test_checkpoint_is_read_with_its_metadata_shapes_and_values(tmp_path: Path) -> None:
    path = write_apr(tmp_path / "model-best.apr", TENSORS, METADATA)
    container = read_apr(path)
    assert (container.kind, container.paths, container.metadata) == ("apr", (path,), METADATA)
    assert {name: tensor.shape for name, tensor in container.tensors.items()} == {
        name: values.shape for name, values in TENSORS.items()
    }
    for name, values in TENSORS.items():
        assert float32_of(container.tensors[name]).tolist() == values.reshape(-1).tolist()


def test_optimizer_state_stays_in_the_container(tmp_path: Path) -> None:
    state = optimizer_state(TENSORS)
    container = read_apr(write_apr(tmp_path / "m.apr", TENSORS | state, METADATA))
    assert set(container.tensors) == set(TENSORS) | set(state)
    assert all(name.startswith("__training__.") for name in state)


def test_metadata_that_is_no_text_becomes_canonical_json(tmp_path: Path) -> None:
    metadata = {"tokenizer.vocabulary": ["b", "a"], "loss": 1.5, "none": None, "nested": {"b": 1, "a": True}}
    container = read_apr(write_apr(tmp_path / "m.apr", TENSORS, metadata))
    assert container.metadata == {
        "tokenizer.vocabulary": '["b","a"]',
        "loss": "1.5",
        "none": "null",
        "nested": '{"a":true,"b":1}',
    }


def test_other_magic_of_the_same_format_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.apr").write_bytes(apr_bytes(TENSORS, METADATA, header={"magic": b"APR2"}))
    assert len(read_apr(tmp_path / "m.apr").tensors) == 3


def test_numbers_of_older_files_for_the_same_kinds_are_read(tmp_path: Path) -> None:
    index = b"".join(
        index_entry(name, code, (4,), 64 * place, size)
        for place, (name, code, size) in enumerate([("a", 8, 18), ("b", 9, 8), ("c", 2, 8), ("d", 30, 8)])
    )
    (tmp_path / "m.apr").write_bytes(sealed({"tensors": 4}, b"{}", index, bytes(256)))
    kinds = [tensor.dtype for tensor in read_apr(tmp_path / "m.apr").tensors.values()]
    assert kinds == ["APR_Q4", "APR_Q8", "BF16", "BF16"]


def test_data_may_lie_in_another_order_than_the_names(tmp_path: Path) -> None:
    index = index_entry("a", 0, (1,), 64, 4) + index_entry("b", 0, (1,), 0, 4)
    data = padded(struct.pack("<f", 2)) + padded(struct.pack("<f", 1))
    (tmp_path / "m.apr").write_bytes(sealed({"tensors": 2}, b"{}", index, data))
    container = read_apr(tmp_path / "m.apr")
    assert [float32_of(container.tensors[name]).tolist() for name in "ab"] == [[1.0], [2.0]]


@pytest.mark.parametrize(
    "twins",
    [
        b'{"model_config": "{}", "model_config": "{}"}',
        b'{"a": {"x": 1, "y": [2]}, "a": {"y": [2], "x": 1}}',
    ],
)
def test_key_written_twice_with_one_value_is_read(tmp_path: Path, twins: bytes) -> None:
    assert len(read_apr(write_apr(tmp_path / "m.apr", TENSORS, twins)).metadata) == 1


@pytest.mark.parametrize(
    "twins",
    [b'{"a": "1", "a": "2"}', b'{"a": 1, "a": true}', b'{"a": 1, "a": 1.0}', b'{"b": {"a": [0], "a": [1]}}'],
)
def test_key_written_twice_with_two_values_is_refused(tmp_path: Path, twins: bytes) -> None:
    error = refused(write_apr(tmp_path / "m.apr", TENSORS, twins))
    assert "metadata at byte 64" in str(error)
    assert "duplicate key 'a' with different values" in str(error)
    assert "save the checkpoint again with a current trainer" in error.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[1]", "metadata at byte 64 are not an object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e999}', "number 1e999 overflows"),
        (b'{"a": "\xff"}', "is not strict JSON"),
        (b'{"a": ', "is not strict JSON"),
        (b"", "is not strict JSON"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is not strict JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not strict JSON"),
    ],
)
def test_metadata_that_is_not_strict_json_is_refused(tmp_path: Path, text: bytes, said: str) -> None:
    assert said in str(refused(write_apr(tmp_path / "m.apr", TENSORS, text)))


def test_metadata_of_too_many_parts_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    text = b'{"a":[' + b"[]," * 1_100_000 + b"[]]}"
    error = refused(write_apr(tmp_path / "m.apr", TENSORS, text))
    assert "the metadata at byte 64 is JSON of 22000" in str(error)


@pytest.mark.parametrize(
    ("flag", "name", "remedy"),
    [
        (0x001, "LZ4", "without compression"),
        (0x002, "ZSTD", "without compression"),
        (0x004, "ENCRYPTED", "decrypt the checkpoint"),
        (0x010, "SHARDED", "join the shards"),
        (0x100, "STREAMING", "as one complete file"),
        (0x800, "LAYOUT_COLUMN_MAJOR", "with a current version"),
        (0x1000, "0x1000", "save the checkpoint again as APR 2.0"),
    ],
)
def test_flag_that_changes_the_meaning_of_the_bytes_is_refused_by_name(
    tmp_path: Path, flag: int, name: str, remedy: str
) -> None:
    error = refused(write_apr(tmp_path / "m.apr", TENSORS, METADATA, flags=0x400 | flag))
    assert name in str(error)
    assert "at byte 6" in str(error)
    assert remedy in error.hint


@pytest.mark.parametrize("flag", [0x008, 0x020, 0x040, 0x080, 0x200])
def test_flag_that_does_not_is_read(tmp_path: Path, flag: int) -> None:
    assert read_apr(write_apr(tmp_path / "m.apr", TENSORS, METADATA, flags=0x400 | flag)).tensors


@pytest.mark.parametrize(
    ("header", "said", "remedy"),
    [
        ({"magic": b"APR1"}, "APR1 at byte 0", "save the checkpoint again as APR v2"),
        ({"magic": b"ARP\0"}, "it begins with b'ARP\\x00'", "fetch it again"),
        ({"magic": b"GGUF"}, "a GGUF file", "the checkpoint that the GGUF was made from"),
        ({"magic": b"PK\3\4"}, "pickle/zip", "export as SafeTensors"),
        ({"version": (1, 0)}, "version 1.0 at byte 4 is unknown", "APR 2.0"),
        ({"version": (2, 1)}, "version 2.1 at byte 4 is unknown", "APR 2.0"),
        ({"metadata": 32}, "the metadata at bytes 32 to", "fetch it again"),
        ({"metadata": 1 << 63}, "(said at byte 12) do not lie between 64", "fetch it again"),
        ({"metadata_bytes": 1 << 20}, "the metadata at bytes 64 to 1048640", "fetch it again"),
        ({"metadata_bytes": (1 << 32) - 1}, f"the format allows {MAX_METADATA_BYTES}", "fetch it again"),
        ({"index": 0}, "the metadata at bytes 64 to", "fetch it again"),
        ({"index": 1 << 62}, "the index at bytes 4611686018427387904", "fetch it again"),
        ({"data": 1 << 40}, "the data at bytes 1099511627776", "fetch it again"),
        ({"data": 392}, "the data begin at byte 392, not on a multiple of 64", "fetch it again"),
        ({"tensors": 0}, "0 tensors (said at byte 8)", "fetch it again"),
        ({"tensors": (1 << 32) - 1}, "4294967295 tensors (said at byte 8)", "fetch it again"),
        ({"tensors": 2}, "the index goes on at byte", "fetch it again"),
        ({"tensors": 4}, "entry 3 of the index at byte 367: it leaves the index", "fetch it again"),
    ],
)
def test_header_that_lies_is_refused(tmp_path: Path, header: dict[str, Any], said: str, remedy: str) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(apr_bytes(TENSORS, METADATA, header=header))
    error = refused(path)
    assert said in str(error)
    assert remedy in error.hint


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([("b", 0, (1,), 0, 4), ("a", 0, (1,), 64, 4)], "tensor 'a' in the index at byte 157 follows 'b'"),
        ([("a", 0, (1,), 0, 4), ("a", 0, (1,), 64, 4)], "names must be unique, sorted and not empty"),
        ([("", 0, (1,), 0, 4)], "names must be unique, sorted and not empty"),
        ([("a", 99, (1,), 0, 4)], "tensor 'a' in the index at byte 128 is stored as kind 99, which is unknown"),
        ([("a", 0, (1,), 4, 4)], "tensor 'a' in the index at byte 128 lies at offset 4, not on a multiple of 64"),
        ([("a", 0, (2,), 0, 4)], "tensor 'a' at bytes 192 to 196 holds 4 bytes but F32 [2] takes 8"),
        ([("a", 8, (32,), 0, 34)], "holds 34 bytes but APR_Q4 [32] takes 18"),
        ([("a", 12, (100,), 0, 144)], "Q4_K [100]: 100 values are no whole number of groups of 256"),
        ([("a", 0, (1 << 62, 1 << 62), 0, 4)], "overflows 64 bits"),
        ([("a", 0, (1,) * 65, 0, 4)], "has 65 dimensions; at most 64 are read"),
        ([("a", 0, (1,) * 255, 0, 4)], "has 255 dimensions"),
        ([("a", 0, (1 << 63,) * 255, 0, 4)], "has 255 dimensions"),
        ([("a", 0, (1,), 64 << 50, 4)], "leaves the data, which end at byte"),
        ([("a", 0, (100,), 0, 400)], "leaves the data, which end at byte 320 (the file has 324 bytes)"),
        ([("a", 0, (32,), 0, 128), ("b", 0, (1,), 64, 4)], "tensor 'b' at bytes 256 to 260 overlaps tensor 'a'"),
    ],
)
def test_index_that_lies_is_refused(tmp_path: Path, entries: list[tuple[Any, ...]], said: str) -> None:
    path = tmp_path / "m.apr"
    index = b"".join(index_entry(*entry) for entry in entries)
    content = sealed({"tensors": len(entries)}, b"{}", index, bytes(128))
    path.write_bytes(content)
    assert said in str(refused(path))


def test_index_cut_inside_an_entry_is_refused(tmp_path: Path) -> None:
    index = struct.pack("<H", 60) + b"x" * 62
    (tmp_path / "m.apr").write_bytes(sealed({"tensors": 1}, b"{}", index, bytes(64)))
    assert "entry 0 of the index at byte 128: it leaves the index" in str(refused(tmp_path / "m.apr"))


def test_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    index = index_entry("abc", 0, (1,), 0, 4).replace(b"abc", b"a\xffc")
    (tmp_path / "m.apr").write_bytes(sealed({"tensors": 1}, b"{}", index, bytes(64)))
    assert "entry 0 of the index at byte 128: 'utf-8' codec" in str(refused(tmp_path / "m.apr"))


def test_index_and_count_of_any_length_have_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(sealed({"tensors": 1}, b"{}", bytes((16 << 20) + 64), b""))
    assert "the index at byte 128 is" in str(refused(path))
    path.write_bytes(sealed({"tensors": MAX_TENSORS + 1}, b"{}", bytes(8 << 20), b""))
    assert f"{MAX_TENSORS + 1} tensors (said at byte 8)" in str(refused(path))


@pytest.mark.parametrize("kept", [0, 3, 63, 67])
def test_file_shorter_than_its_header_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(apr_bytes(TENSORS, METADATA)[:kept])
    assert f"{kept} bytes are too short" in str(refused(path))


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    content = apr_bytes(TENSORS, METADATA)
    for kept in range(len(content)):
        (tmp_path / "m.apr").write_bytes(content[:kept])
        refused(tmp_path / "m.apr")


def test_one_flipped_bit_anywhere_is_refused(tmp_path: Path) -> None:
    content = apr_bytes({"w": np.arange(3, dtype=np.float32)}, {"a": "b"})
    path = tmp_path / "m.apr"
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        refused(path)


def test_checksums_are_named_with_their_place(tmp_path: Path) -> None:
    content = bytearray(apr_bytes(TENSORS, METADATA))
    path = tmp_path / "m.apr"
    content[-70] ^= 1
    path.write_bytes(content)
    assert f"checksum of the whole file at byte {len(content) - 4} does not match" in str(refused(path))
    content[50] ^= 1
    path.write_bytes(content)
    assert "checksum of the header at byte 40 does not match" in str(refused(path))
    path.write_bytes(resealed(bytes(content)))
    read_apr(path)


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.apr")
    for path in (tmp_path, tmp_path / "pipe.apr", Path("/dev/zero")):
        with pytest.raises(CheckpointError, match="is not a regular file") as caught:
            read_apr(path)
        assert caught.value.hint == "name the weight file itself"


def test_missing_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    assert "No such file" in str(refused(tmp_path / "none.apr"))


def test_model_config_survives_as_the_text_it_was(tmp_path: Path) -> None:
    config = json.dumps({"hidden_size": 4, "rope_theta": 10000.0})
    container = read_apr(write_apr(tmp_path / "m.apr", TENSORS, {"model_config": config}))
    assert container.metadata["model_config"] == config
