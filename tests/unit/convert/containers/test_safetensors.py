"""safetensors: what is accepted the reference accepts too; each fault is told with file, tensor, offset and remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import deserialize
from safetensors.numpy import save, save_file

from podium.convert.containers.safetensors import MAX_HEADER_BYTES, read_safetensors, read_sharded
from podium.convert.containers.storage import float32_of
from podium.convert.containers.weightfile import MAX_TENSORS
from podium.errors import CheckpointError

ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def content(header: Any, data: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def refused(path: Path, *, sharded: bool = False) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        (read_sharded if sharded else read_safetensors)(path)
    assert path.name in str(caught.value)
    assert caught.value.exit_code == 4
    assert caught.value.hint
    return caught.value


def test_file_of_the_reference_writer_is_read_with_values_shapes_and_metadata(tmp_path: Path) -> None:
    tensors = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array(7, np.float16), "c": np.arange(3)}
    path = tmp_path / "model.safetensors"
    save_file(tensors, path, metadata={"name": "entrenar-model"})
    container = read_safetensors(path)
    assert (container.kind, container.paths) == ("safetensors", (path,))
    assert container.metadata == {"name": "entrenar-model"}
    shapes = {name: (tensor.dtype, tensor.shape) for name, tensor in container.tensors.items()}
    assert shapes == {"a": ("F16", ()), "b": ("F32", (2, 3)), "c": ("I64", (3,))}
    assert float32_of(container.tensors["b"]).tolist() == [0, 1, 2, 3, 4, 5]
    assert float32_of(container.tensors["a"]).tolist() == [7]


@pytest.mark.parametrize("size", [640, 896, 1152, 1408])
def test_header_whose_length_looks_like_a_pickle_is_read(tmp_path: Path, size: int) -> None:
    text = json.dumps({"a": ENTRY}).encode().ljust(size)
    path = tmp_path / "model.safetensors"
    path.write_bytes(content(text))
    assert path.read_bytes()[:1] == b"\x80"
    assert list(read_safetensors(path).tensors) == ["a"]


BITS = {"BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32}
BITS |= {"C64": 64, "F64": 64, "I64": 64, "U64": 64, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8}
BITS |= {"F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}


@pytest.mark.parametrize("dtype", sorted(BITS))
def test_every_dtype_of_the_format_may_lie_in_a_container(tmp_path: Path, dtype: str) -> None:
    whole = content({"a": {"dtype": dtype, "shape": [8], "data_offsets": [0, BITS[dtype]]}}, bytes(BITS[dtype]))
    (tmp_path / "m.safetensors").write_bytes(whole)
    assert deserialize(whole)[0][0] == "a"  # type: ignore[no-untyped-call]
    assert read_safetensors(tmp_path / "m.safetensors").tensors["a"].dtype == dtype


def _entry(**changes: Any) -> bytes:
    return content({"w": ENTRY | changes})


FAULTS: list[tuple[str, bytes, str, str]] = [
    ("empty", b"", "0 bytes are too short", "fetch it again"),
    ("short", b"1234567", "7 bytes are too short", "fetch it again"),
    ("header longer than the file", (100).to_bytes(8, "little") + b"{}", "leaves the file of 10 bytes", "fetch it"),
    ("header too long", (1 << 40).to_bytes(8, "little") + b"{}", f"at most {MAX_HEADER_BYTES}", "fetch it again"),
    ("no header", content(b"", b""), "its header at byte 8 is not strict JSON", "export the checkpoint again"),
    ("list", content([ENTRY]), "its header at byte 8: Expected `object`", "export the checkpoint again"),
    ("no JSON", content(b"{'w': 1}"), "is not strict JSON", "export the checkpoint again"),
    ("NaN", content(b'{"w": NaN}'), "is not strict JSON", "export the checkpoint again"),
    ("no UTF-8", content(b'{"\xff": {}}'), "is not strict JSON", "export the checkpoint again"),
    ("two texts", content(b"{} {}"), "is not strict JSON", "export the checkpoint again"),
    ("deep", content(b'{"w":' * 9000 + b"1" + b"}" * 9000), "is not strict JSON", "export the checkpoint again"),
    ("doubled", content(b'{"w": {}, "w": {}}'), "duplicate key 'w'", "export the checkpoint again"),
    ("doubled inside", content(b'{"w": {"dtype": "F32", "dtype": "F16"}}'), "duplicate key 'dtype'", "export"),
    ("parts", content(b'{"w":[' + b"[]," * 1_100_000 + b"[]]}"), "JSON of 22000", "fetch it again"),
    ("tensors", content({str(number): 0 for number in range(MAX_TENSORS + 1)}), f"at most {MAX_TENSORS} are", "fetch"),
    (
        "metadata",
        content({"__metadata__": {"step": 5}, "w": ENTRY}),
        "__metadata__ in its header at byte 8: ",
        "export",
    ),
    ("metadata null", content({"__metadata__": None, "w": ENTRY}), "__metadata__ in its header at byte 8: ", "export"),
    ("entry", content({"w": 5}), "'w' in its header at byte 8: Expected `object`", "export the checkpoint again"),
    ("lacking", content({"w": {"dtype": "F32", "shape": [2]}}), "missing required field `data_offsets`", "export"),
    ("unknown field", _entry(strides=[1]), "'w' in its header at byte 8: Object contains unknown", "export"),
    ("dtype", _entry(dtype="Q4_K"), "tensor 'w' at bytes 70 to 78 has the unknown dtype 'Q4_K'", "F32, F16 or BF16"),
    ("negative", _entry(data_offsets=[-8, 8]), "'w' in its header at byte 8: Expected `int` >= 0", "export"),
    ("shape", _entry(shape=[-2]), "`$.shape[0]`", "export the checkpoint again"),
    ("float", _entry(shape=[2.0]), "`$.shape[0]`", "export the checkpoint again"),
    ("huge", _entry(shape=[1 << 70]), "'w' in its header at byte 8", "export the checkpoint again"),
    ("offset", _entry(data_offsets=[0, 1 << 70]), "'w' in its header at byte 8", "export the checkpoint again"),
    ("overflow", _entry(shape=[1 << 40, 1 << 40]), "overflows 64 bits", "fetch it again"),
    ("hidden overflow", _entry(shape=[1 << 40, 1 << 40, 0], data_offsets=[0, 0]), "overflows 64 bits", "fetch it"),
    ("rank", _entry(shape=[1] * 65), "'w' in its header at byte 8: Expected `array` of length <= 64", "export"),
    ("backwards", _entry(data_offsets=[8, 0]), "tensor 'w' at bytes 77 to 69 ends before it begins", "fetch it"),
    ("size", _entry(shape=[3]), "tensor 'w' at bytes 69 to 77 holds 8 bytes but F32 [3] takes 12", "fetch it"),
    ("half", _entry(dtype="F4", shape=[15]), "15 values are no whole number of groups of 2", "fetch it again"),
    ("cut", _entry()[:-1], "tensor 'w' at bytes 69 to 77 leaves the data, which end at byte 76", "fetch it again"),
    ("trailing", _entry() + b"x", "bytes 77 to 78 after the last tensor belong to no tensor", "fetch it again"),
    ("only data", content({}), "bytes 10 to 18 after the last tensor belong to no tensor", "fetch it again"),
    (
        "overlap",
        content({"v": ENTRY, "w": ENTRY | {"data_offsets": [4, 12]}}, bytes(12)),
        "tensor 'w' at bytes 135 to 143 overlaps tensor 'v', which ends at byte 139",
        "fetch it again",
    ),
    (
        "gap",
        content({"v": ENTRY, "w": ENTRY | {"data_offsets": [12, 20]}}, bytes(20)),
        "bytes 140 to 144 before tensor 'w' belong to no tensor",
        "fetch it again",
    ),
    ("gap first", content({"w": ENTRY | {"data_offsets": [8, 16]}}, bytes(16)), "bytes 70 to 78 before", "fetch it"),
    ("zip", b"PK\x03\x04" + bytes(99), "a pickle/zip (PyTorch's .bin or .pt); it is never loaded", "SafeTensors"),
    ("pickle", b"\x80\x04\x95" + bytes(99), "a pickle; it is never loaded", "export as SafeTensors"),
    ("old pickle", b"\x80\x02ctorch\n" + bytes(99), "a pickle; it is never loaded", "export as SafeTensors"),
    ("gguf", b"GGUF\3\0\0\0" + bytes(99), "a GGUF file", "model.safetensors or model.apr"),
    ("pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer", "git lfs pull"),
    ("page", b"<!DOCTYPE html><html>", "a web page", "fetch the file again"),
]


@pytest.mark.parametrize(("whole", "said", "remedy"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_fault_is_named_with_its_place_and_remedy(tmp_path: Path, whole: bytes, said: str, remedy: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(whole)
    error = refused(path)
    assert said in str(error)
    assert remedy in error.hint


def test_words_of_the_file_cannot_forge_a_line_of_the_log_or_flood_it(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(content({"w": ENTRY | {"\n::error::forged": 1}}))
    assert "unknown field `\\n::error::forged`" in str(refused(path))
    path.write_bytes(content({"w" * 100_000: ENTRY | {"shape": [3]}}))
    assert len(str(refused(path))) < 1500


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    whole = save({"a": np.arange(5, dtype=np.float32), "b": np.ones((2, 2), np.float16)})
    for kept in range(len(whole)):
        (tmp_path / "m.safetensors").write_bytes(whole[:kept])
        refused(tmp_path / "m.safetensors")


def _shards(folder: Path, **index: Any) -> Path:
    names = {"a": "m-1.safetensors", "b": "m-1.safetensors", "c": "m-2.safetensors"}
    for shard in sorted(set(names.values())):
        tensors = {name: np.full(2, ord(name), np.float32) for name in names if names[name] == shard}
        save_file(tensors, folder / shard, metadata={"format": "pt"})
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"metadata": {"total_size": 24}, "weight_map": names} | index))
    return path


def test_shards_are_one_container(tmp_path: Path) -> None:
    container = read_sharded(_shards(tmp_path))
    assert container.paths == (tmp_path / "m-1.safetensors", tmp_path / "m-2.safetensors")
    assert container.metadata == {"format": "pt"}
    assert {name: float32_of(tensor).tolist() for name, tensor in container.tensors.items()} == {
        name: [ord(name)] * 2 for name in "abc"
    }


MAP = {"a": "m-1.safetensors", "b": "m-1.safetensors", "c": "m-2.safetensors"}


@pytest.mark.parametrize(
    ("weight_map", "said", "remedy"),
    [
        ({"a": "m-1.safetensors", "c": "m-2.safetensors"}, "tensor 'b' at byte", "different exports"),
        (MAP | {"b": "m-2.safetensors"}, "of m-1.safetensors is placed in m-2.safetensors by the index", "different"),
        (MAP | {"d": "m-2.safetensors"}, "tensor 'd' is not in m-2.safetensors", "different exports"),
        (MAP | {"d": "../m-2.safetensors"}, "in '../m-2.safetensors', which is no plain name", "plain names"),
        (MAP | {"d": "/etc/x.safetensors"}, "which is no plain name of a shard", "plain names"),
        (MAP | {"d": "..\\m.safetensors"}, "which is no plain name of a shard", "plain names"),
        (MAP | {"d": "m\n.safetensors"}, "in 'm\\n.safetensors', which is no plain name", "plain names"),
        (MAP | {"d": "pytorch_model.bin"}, "which is no plain name of a shard", "plain names"),
        ({}, "weight_map has 0 tensors", "fetch it again"),
        ({"a": 5}, "the index: Expected `str`", "export the checkpoint again"),
    ],
)
def test_index_that_disagrees_with_its_shards_is_refused(
    tmp_path: Path, weight_map: Any, said: str, remedy: str
) -> None:
    error = refused(_shards(tmp_path, weight_map=weight_map), sharded=True)
    assert said in str(error)
    assert remedy in error.hint


def test_index_with_a_tensor_twice_is_refused(tmp_path: Path) -> None:
    index = _shards(tmp_path)
    index.write_text('{"weight_map": {"a": "m-1.safetensors", "a": "m-2.safetensors"}}')
    assert "duplicate key 'a'" in str(refused(index, sharded=True))


def test_missing_shard_is_named(tmp_path: Path) -> None:
    index = _shards(tmp_path)
    (tmp_path / "m-2.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"cannot read .*m-2\.safetensors: No such file"):
        read_sharded(index)


def test_shard_may_be_a_link_to_a_file_but_not_to_something_else(tmp_path: Path) -> None:
    index = _shards(tmp_path)
    shard = tmp_path / "m-2.safetensors"
    shard.rename(tmp_path / "blob")
    shard.symlink_to("blob")
    assert len(read_sharded(index).tensors) == 3
    shard.unlink()
    shard.symlink_to("/dev/zero")
    with pytest.raises(CheckpointError, match=r"m-2\.safetensors is not a regular file"):
        read_sharded(index)
