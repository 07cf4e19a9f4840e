"""The writer against a converter too slow and too simple to be wrong, and against everything that may stop it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.convert import writer
from podium.convert.adapter import Delta
from podium.convert.containers import Stored
from podium.convert.containers.storage import STORAGES, Storage, stored_bytes
from podium.convert.mapping import Tensor
from podium.convert.writer import write_model_files
from podium.errors import CheckpointError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from podium.records import FileDigest

Array = np.ndarray[Any, Any]
TORCH = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
EVEN, ODD = b"even", b"odd"
LABELS = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}


class Source:
    """A file of stored tensors. After `ODD` its values lie at no multiple of their size, as safetensors allows it."""

    def __init__(self, path: Path, seed: int = 0, begin: bytes = EVEN) -> None:
        self.path = path
        self.random = np.random.default_rng(seed)
        path.write_bytes(begin)

    def add(self, name: str, data: bytes, kind: str, shape: tuple[int, ...]) -> Stored:
        begin = self.path.stat().st_size
        with self.path.open("ab") as stream:
            stream.write(data)
        return Stored(name=name, path=self.path, dtype=kind, shape=shape, begin=begin, end=begin + len(data))

    def add_values(self, name: str, values: Array, kind: str = "F32") -> Stored:
        return self.add(name, encoded(values, kind), kind, values.shape)

    def add_random(self, name: str, shape: tuple[int, ...], kind: str = "F32") -> Stored:
        """Values of every size, so that all places of a sum and both kinds of tie occur."""
        values = self.random.standard_normal(shape) * 2.0 ** self.random.integers(-30, 8, shape)
        ties = self.random.integers(0, 1 << 14, shape) * 2.0**-9
        return self.add_values(name, np.where(self.random.random(shape) < 0.3, ties, values), kind)


def encoded(values: Array, kind: str) -> bytes:
    single = torch.from_numpy(np.ascontiguousarray(values, np.float32))
    dtype = next(TORCH[name] for name, label in LABELS.items() if label == kind)
    return bytes(single.reshape(-1).to(dtype).view(torch.uint8).numpy().tobytes())


def decoded(stored: Stored) -> Array:
    data = bytearray(stored.path.read_bytes()[stored.begin : stored.end])
    dtype = next(TORCH[name] for name, label in LABELS.items() if label == stored.dtype)
    return torch.frombuffer(data, dtype=dtype).float().numpy() if data else np.zeros(0, np.float32)


def oriented(stored: Stored, shape: tuple[int, ...], *, transpose: bool) -> Array:
    values = decoded(stored)
    return values.reshape(shape[::-1]).T if transpose else values.reshape(shape)


def slowly(tensor: Tensor, dtype: str) -> bytes:
    """The bytes of a tensor, made whole and step by step."""
    if tensor.source is None:
        return bytes(tensor.elements * BYTES[dtype])
    values = oriented(tensor.source, tensor.shape, transpose=tensor.transpose)
    if tensor.delta:
        rank = tensor.delta.rank
        b = oriented(tensor.delta.b, (tensor.shape[0], rank), transpose=tensor.delta.transpose)
        a = oriented(tensor.delta.a, (rank, tensor.shape[1]), transpose=tensor.delta.transpose)
        product = b.astype(np.float64) @ a.astype(np.float64)
        values = (values.astype(np.float64) + tensor.delta.scale * product).astype(np.float32)
    if tensor.pairs_of_head:
        order: list[int] = []
        for head in range(0, tensor.shape[0], tensor.pairs_of_head):
            order += [head + row for row in range(0, tensor.pairs_of_head, 2)]
            order += [head + row for row in range(1, tensor.pairs_of_head, 2)]
        values = values[order]
    return encoded(values, LABELS[dtype])


def nothing() -> None:
    """Progress that nobody watches."""


def check_file(path: Path, tensors: Sequence[Tensor], dtype: str) -> None:
    """Header and bytes, by the slow converter and by the reference reader."""
    content = path.read_bytes()
    header_bytes = int.from_bytes(content[:8], "little")
    assert header_bytes % 8 == 0
    assert list(json.loads(content[8 : 8 + header_bytes])) == ["__metadata__", *(tensor.name for tensor in tensors)]
    expected = [slowly(tensor, dtype) for tensor in tensors]
    assert content[8 + header_bytes :] == b"".join(expected)
    loaded = safetensors.torch.load_file(path)
    for tensor, data in zip(tensors, expected, strict=True):
        assert tuple(loaded[tensor.name].shape) == tensor.shape
        assert loaded[tensor.name].dtype == TORCH[dtype]
        assert loaded[tensor.name].reshape(-1).view(torch.uint8).numpy().tobytes() == data
    with safetensors.safe_open(path, "pt") as opened:
        assert opened.metadata() == {"format": "pt"}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def check_digests(folder: Path, digests: list[FileDigest]) -> None:
    """What is reported is what lies there, and nothing else does."""
    assert names(folder) == sorted(digest.path for digest in digests)
    for digest in digests:
        content = (folder / digest.path).read_bytes()
        assert (digest.size_bytes, digest.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@st.composite
def recipes(draw: st.DrawFn) -> Callable[[Source], list[Tensor]]:
    """Some tensors, drawn before there is a file to put their sources into."""
    side = st.sampled_from([1, 2, 3, 7, 64, 255, 256, 257, 300, 513])
    makers = [
        draw(st.sampled_from(["matrix", "vector", "zeros", "scalar", "empty"])) for _ in range(draw(st.integers(1, 4)))
    ]
    plans: list[dict[str, Any]] = []
    for maker in makers:
        head = draw(st.sampled_from([0, 0, 2, 6, 32, 514]))
        rows = head * draw(st.integers(1, 3)) if head else draw(side)
        shapes = {"scalar": (), "vector": (rows,), "empty": (0, 4)}
        shape = shapes.get(maker, (rows, draw(side)))
        is_matrix = maker == "matrix"
        plans.append(
            {
                "shape": shape,
                "zeros": maker == "zeros",
                "kind": draw(st.sampled_from(["F32", "F16", "BF16"])),
                "transpose": is_matrix and draw(st.booleans()),
                "pairs": head if maker in {"matrix", "vector"} else 0,
                "rank": draw(st.sampled_from([0, 0, 1, 5])) if is_matrix else 0,
                "turned": draw(st.booleans()),
            }
        )
    return lambda source: [recipe(source, f"t{number}", **plan) for number, plan in enumerate(plans)]


def recipe(
    source: Source,
    name: str,
    shape: tuple[int, ...],
    *,
    kind: str = "F32",
    transpose: bool = False,
    pairs: int = 0,
    rank: int = 0,
    turned: bool = False,
    zeros: bool = False,
) -> Tensor:
    if zeros:
        return Tensor(name=name, shape=shape, source=None)
    delta = None
    if rank:
        a, b = (rank, shape[1]), (shape[0], rank)
        delta = Delta(
            a=source.add_random(f"{name}.a", a[::-1] if turned else a, kind),
            b=source.add_random(f"{name}.b", b[::-1] if turned else b, kind),
            rank=rank,
            scale=0.75,
            transpose=turned,
        )
    stored = source.add_random(f"{name}.stored", shape[::-1] if transpose else shape, kind)
    return Tensor(name=name, shape=shape, source=stored, transpose=transpose, pairs_of_head=pairs, delta=delta)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    make=recipes(),
    dtype=st.sampled_from(list(TORCH)),
    seed=st.integers(0, 99),
    begin=st.sampled_from([EVEN, ODD]),
    shard_bytes=st.sampled_from([None, 1, 9000]),
)
def test_output_equals_the_slow_converter(
    tmp_path_factory: pytest.TempPathFactory,
    make: Callable[[Source], list[Tensor]],
    dtype: str,
    seed: int,
    begin: bytes,
    shard_bytes: int | None,
) -> None:
    folder = tmp_path_factory.mktemp("model")
    tensors = make(Source(folder.with_name(f"{folder.name}.source"), seed, begin))
    digests = write_model_files(folder, tensors, dtype, nothing, shard_bytes=shard_bytes)
    check_digests(folder, digests)
    shards = [digest.path for digest in digests if digest.path.endswith(".safetensors")]
    left = list(tensors)
    for shard in shards:
        with safetensors.safe_open(folder / shard, "pt") as opened:
            count = len(list(opened.keys()))
        check_file(folder / shard, left[:count], dtype)
        left = left[count:]
    assert not left


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("shape", "transpose", "pairs", "rank"),
    [
        ((1_500_001,), False, 0, 0),
        ((1_100_000,), False, 100_000, 0),
        ((5000, 300), True, 0, 0),
        ((300, 5000), True, 100, 0),
        ((300, 5000), False, 4, 3),
        ((2, 1_100_003), True, 2, 1),
        ((2, 1_100_003), False, 2, 0),
        ((1_100_003, 1), True, 0, 0),
    ],
)
@pytest.mark.parametrize("begin", [EVEN, ODD])
def test_tensors_larger_than_a_band_are_whole(
    tmp_path: Path, dtype: str, shape: tuple[int, ...], transpose: bool, pairs: int, rank: int, begin: bytes
) -> None:
    source = Source(tmp_path / "source", begin=begin)
    tensor = recipe(source, "t", shape, transpose=transpose, pairs=pairs, rank=rank)
    check_digests(tmp_path / "model", write_model_files(tmp_path / "model", [tensor], dtype, nothing))
    check_file(tmp_path / "model" / "model.safetensors", [tensor], dtype)


def test_every_bfloat16_is_the_nearest_and_ties_go_to_even(tmp_path: Path) -> None:
    bits = np.arange(0, 1 << 32, 32749, dtype=np.uint64).astype(np.uint32)
    ties = (np.arange(1 << 15, dtype=np.uint32) << 16) | 0x8000
    values = np.concatenate([bits, ties]).view(np.float32)
    values = values[np.abs(values) < 3.389e38]
    tensor = Tensor(name="t", shape=values.shape, source=Source(tmp_path / "source").add_values("s", values))
    write_model_files(tmp_path / "model", [tensor], "bfloat16", nothing)
    check_file(tmp_path / "model" / "model.safetensors", [tensor], "bfloat16")


class SlowDigest:
    """SHA-256 that lags behind: what it is given must stay as it is until it has looked."""

    real = hashlib.sha256

    def __init__(self) -> None:
        self._digest = SlowDigest.real()

    def update(self, block: memoryview) -> None:
        time.sleep(0.02)
        self._digest.update(block)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def test_no_block_is_overwritten_before_it_is_digested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(tmp_path / "source")
    tensors = [recipe(source, f"t{number}", (16, 1024)) for number in range(20)]
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "sha256", SlowDigest)
        digests = write_model_files(tmp_path / "model", tensors, "float32", nothing)
    check_digests(tmp_path / "model", digests)


def test_no_thread_writes_any_more_when_the_disk_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(tmp_path / "source")
    tensors = [recipe(source, f"t{number}", (16, 1024)) for number in range(30)]
    pwrite = os.pwrite

    def write_slowly(*arguments: Any) -> int:
        time.sleep(0.02)
        return pwrite(*arguments)

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(writer, "SYNC_BYTES", 1)
        patch.setattr(os, "pwrite", write_slowly)
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(StorageError, match="Input/output error"):
            write_model_files(tmp_path / "model", tensors, "float32", nothing)
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("write", "sync"))]
    assert names(tmp_path / "model") == []


def test_index_names_the_shard_of_every_tensor(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    tensors = [recipe(source, name, (10, 10)) for name in ("b", "a", "c")]
    digests = write_model_files(tmp_path / "model", tensors, "float32", nothing, shard_bytes=800)
    first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    assert [digest.path for digest in digests] == [first, second, "model.safetensors.index.json"]
    assert json.loads((tmp_path / "model" / "model.safetensors.index.json").read_text()) == {
        "metadata": {"total_parameters": 300, "total_size": 1200},
        "weight_map": {"a": first, "b": first, "c": second},
    }


def test_no_index_while_one_shard_holds_everything(tmp_path: Path) -> None:
    tensor = recipe(Source(tmp_path / "source"), "t", (10, 10))
    digests = write_model_files(tmp_path / "model", [tensor], "float32", nothing, shard_bytes=400)
    assert [digest.path for digest in digests] == ["model.safetensors"]


def test_progress_advances_once_a_tensor(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    advances: list[int] = []
    tensors = [recipe(source, "a", (1500, 1500)), recipe(source, "b", (3,)), recipe(source, "z", (2,), zeros=True)]
    write_model_files(tmp_path / "model", tensors, "float16", lambda: advances.append(1))
    assert len(advances) == 3


def _pairs_of_bytes(data: Array) -> Array:
    """Two values in three bytes: what they are multiplied with, then both."""
    groups = data.reshape(-1, 3).astype(np.float32)
    return np.ascontiguousarray(groups[:, :1] * groups[:, 1:]).reshape(-1)


@pytest.mark.parametrize("transpose", [False, True])
def test_groups_are_decoded_before_they_are_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transpose: bool
) -> None:
    monkeypatch.setitem(STORAGES, "PAIRS", Storage(2, 3, _pairs_of_bytes))
    source = Source(tmp_path / "source")
    data = source.random.integers(0, 256, 3 * 150 * 301, dtype=np.uint8)
    stored = source.add("s", data.tobytes(), "PAIRS", (300, 301))
    plain = source.add_values("p", _pairs_of_bytes(data))
    tensor = Tensor(name="t", shape=(301, 300), source=stored, transpose=transpose)
    write_model_files(tmp_path / "model", [tensor], "bfloat16", nothing)
    expected = slowly(Tensor(name="t", shape=(301, 300), source=plain, transpose=transpose), "bfloat16")
    assert (tmp_path / "model" / "model.safetensors").read_bytes().endswith(expected)
    assert names(tmp_path / "model") == ["model.safetensors"]


@pytest.mark.skipif("APR_Q8" not in STORAGES, reason="no kind with one scale a tensor")
def test_one_scale_serves_all_pieces_of_a_tensor(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    steps = source.random.integers(-128, 128, 9001, dtype=np.int8)
    data = np.float32(0.013).tobytes() + steps.tobytes()
    assert len(data) == stored_bytes("APR_Q8", 9001)
    tensor = Tensor(name="t", shape=(9001,), source=source.add("s", data, "APR_Q8", (9001,)))
    write_model_files(tmp_path / "model", [tensor], "float32", nothing)
    expected = (steps.astype(np.float32) * np.float32(0.013)).tobytes()
    assert (tmp_path / "model" / "model.safetensors").read_bytes().endswith(expected)


@pytest.mark.parametrize("dtype", list(TORCH))
@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("value", [np.nan, -np.inf])
@pytest.mark.parametrize("begin", [EVEN, ODD])
def test_non_finite_value_is_named_with_file_tensor_and_row(
    tmp_path: Path, dtype: str, kind: str, transpose: bool, value: float, begin: bytes
) -> None:
    values = np.zeros((300, 270), np.float32)
    values[299, 7] = value
    source = Source(tmp_path / "source", begin=begin).add_values("w", values, kind)
    shape = (270, 300) if transpose else (300, 270)
    tensor = Tensor(name="t", shape=shape, source=source, transpose=transpose)
    with pytest.raises(CheckpointError) as caught:
        write_model_files(tmp_path / "model", [tensor], dtype, nothing)
    assert f"{tmp_path / 'source'}: w holds {value} at value {299 * 270 + 7} (row 299)" in str(caught.value)
    assert "earlier checkpoint" in caught.value.hint
    assert names(tmp_path / "model") == []


def test_nan_whose_bits_would_round_to_zero_is_seen(tmp_path: Path) -> None:
    values = np.array([1, 0xFFFFFFFF, 0x7FFFFFFF], np.uint32).view(np.float32)
    source = Source(tmp_path / "source").add("w", values.tobytes(), "F32", (3,))
    with pytest.raises(CheckpointError, match="at value 1 "):
        write_model_files(tmp_path / "model", [Tensor(name="t", shape=(3,), source=source)], "bfloat16", nothing)


@pytest.mark.parametrize(
    ("dtype", "fits", "overflows"),
    [
        ("float16", 65519.996, 65520.0),
        ("bfloat16", *np.array([0x7F7F7FFF, 0x7F7F8000], np.uint32).view(np.float32).tolist()),
    ],
)
@pytest.mark.parametrize("rank", [0, 1])
def test_value_too_large_for_the_dtype_is_refused_and_the_largest_below_is_not(
    tmp_path: Path, dtype: str, fits: float, overflows: float, rank: int
) -> None:
    source = Source(tmp_path / "source")
    values = np.zeros((4, 5), np.float32)
    values[2, 3] = fits
    zeros = Delta(
        a=source.add_values("a", np.zeros((1, 5))), b=source.add_values("b", np.zeros((4, 1))), rank=1, scale=1.0,
        transpose=False,
    )  # fmt: skip
    delta = zeros if rank else None
    good = Tensor(name="t", shape=(4, 5), source=source.add_values("good", values), delta=delta)
    write_model_files(tmp_path / "good", [good], dtype, nothing)
    check_file(tmp_path / "good" / "model.safetensors", [good], dtype)
    values[2, 3] = -overflows
    bad = Tensor(name="t", shape=(4, 5), source=source.add_values("bad", values), delta=delta)
    with pytest.raises(CheckpointError, match=rf"bad gives -.* at value 13 \(row 2\) of t, too large for {dtype}") as e:
        write_model_files(tmp_path / "bad", [bad], dtype, nothing)
    assert "--dtype" in e.value.hint
    assert names(tmp_path / "bad") == []


def test_non_finite_adapter_is_named(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    tensor = recipe(source, "t", (4, 5))
    a = source.add_values("lora_a", np.array([[0, 0, np.nan, 0, 0]]))
    b = source.add_values("lora_b", np.ones((4, 1)))
    delta = Delta(a=a, b=b, rank=1, scale=1.0, transpose=False)
    bad = Tensor(name="t", shape=(4, 5), source=tensor.source, delta=delta)
    with pytest.raises(CheckpointError, match="lora_a holds nan at value 2"):
        write_model_files(tmp_path / "model", [bad], "float32", nothing)


def test_adapter_of_another_model_is_refused_with_the_remedy(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    tensor = recipe(source, "t", (4, 5), rank=1)
    bad = Tensor(name="t", shape=(5, 4), source=tensor.source, delta=tensor.delta)
    with pytest.raises(CheckpointError, match="has 4 values instead of 5 x 1") as caught:
        write_model_files(tmp_path / "model", [bad], "float32", nothing)
    assert "its own base" in caught.value.hint


def _shorten(stored: Stored) -> Stored:
    os.truncate(stored.path, stored.end - 1)
    return stored


@pytest.mark.parametrize(
    ("harm", "saw"),
    [
        (_shorten, "past the end of the file"),
        (lambda stored: Stored(**{**_fields(stored), "end": stored.end - 4}), "which are not 20 values"),
        (lambda stored: Stored(**{**_fields(stored), "dtype": "I64"}), "no kind of weight"),
        (lambda stored: Stored(**{**_fields(stored), "path": Path("absent")}), "No such file"),
    ],
)
def test_source_that_is_not_what_it_says_is_refused(tmp_path: Path, harm: Callable[[Stored], Stored], saw: str) -> None:
    stored = harm(Source(tmp_path / "source").add_random("s", (4, 5)))
    with pytest.raises(CheckpointError, match=saw) as caught:
        write_model_files(tmp_path / "model", [Tensor(name="t", shape=(4, 5), source=stored)], "float32", nothing)
    assert "again" in caught.value.hint
    assert names(tmp_path / "model") == []


def _fields(stored: Stored) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in stored.__struct_fields__}


def test_two_tensors_of_one_name_are_refused(tmp_path: Path) -> None:
    tensor = recipe(Source(tmp_path / "source"), "t", (4, 5))
    with pytest.raises(CheckpointError, match="two tensors of the model are called 't'"):
        write_model_files(tmp_path / "model", [tensor, tensor], "float32", nothing)


@pytest.mark.parametrize("name", ["model.safetensors", "model-00002-of-00002.safetensors", writer.INDEX])
def test_symbolic_link_is_refused_and_what_it_points_to_stays(tmp_path: Path, name: str) -> None:
    source = Source(tmp_path / "source")
    tensors = [recipe(source, "a", (4, 5)), recipe(source, "b", (4, 5))]
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / name).symlink_to(precious)
    shard_bytes = None if name == "model.safetensors" else 80
    with pytest.raises(StorageError, match="symbolic link") as caught:
        write_model_files(tmp_path / "model", tensors, "float32", nothing, shard_bytes=shard_bytes)
    assert f"rm {tmp_path / 'model' / name}" in caught.value.hint
    assert precious.read_text() == "mine"


def test_failure_in_a_later_shard_leaves_no_shard_and_keeps_the_older_model(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    good = recipe(source, "a", (4, 5))
    write_model_files(tmp_path / "model", [good], "float32", nothing)
    before = (tmp_path / "model" / "model.safetensors").read_bytes()
    bad = Tensor(name="b", shape=(2,), source=source.add_values("b", np.array([np.nan, 0])))
    with pytest.raises(CheckpointError):
        write_model_files(tmp_path / "model", [good, bad], "float32", nothing, shard_bytes=80)
    assert names(tmp_path / "model") == ["model.safetensors"]
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == before


def test_weights_of_an_earlier_run_do_not_lie_beside_the_new_ones(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    tensors = [recipe(source, "a", (4, 5)), recipe(source, "b", (4, 5))]
    for shard_bytes in (80, None, 80):
        digests = write_model_files(tmp_path / "model", tensors, "float32", nothing, shard_bytes=shard_bytes)
        check_digests(tmp_path / "model", digests)


# A process of its own: arguments are the source, the model folder, rows, columns and the dtype; then what to do first.
CHILD = """
import resource, sys
from pathlib import Path
from podium.convert.containers import Stored
from podium.convert.mapping import Tensor
from podium.convert.writer import write_model_files
from podium.errors import StorageError
source, folder, rows, columns, dtype = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5]), sys.argv[5]
size = rows * columns * 4
stored = Stored(name="s", path=source, dtype="F32", shape=(columns, rows), begin=0, end=size)
tensors = [Tensor(name=str(n), shape=(rows, columns), source=stored, transpose=n == 0) for n in range(2)]
def advance():
    pass
"""
WRITE = """
try:
    write_model_files(folder, tensors, dtype, advance)
except StorageError as err:
    print(err, err.hint)
# Not ru_maxrss: that one begins with what the parent held when it started this process.
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


def command(tmp_path: Path, first: str, rows: int, columns: int) -> list[str]:
    source = tmp_path / "source"
    with source.open("wb") as stream:
        stream.truncate(rows * columns * 4)
    arguments = [str(source), str(tmp_path / "model"), str(rows), str(columns), "bfloat16"]
    return [sys.executable, "-c", CHILD + first + WRITE, *arguments]


@pytest.mark.world
def test_killed_run_leaves_only_a_temporary_and_the_next_run_removes_it(tmp_path: Path) -> None:
    first = "def advance():\n    print('half', flush=True)\n    sys.stdin.read()\n"
    arguments = command(tmp_path, first, 1000, 1100)
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    left = names(tmp_path / "model")
    assert len(left) == 1
    assert left[0].startswith(".model.safetensors.")
    assert left[0].endswith(".tmp")
    subprocess.run(command(tmp_path, "", 1000, 1100), check=True, stdout=subprocess.DEVNULL)
    assert names(tmp_path / "model") == ["model.safetensors"]


@pytest.mark.world
def test_place_that_takes_no_such_file_is_told_with_the_remedy_and_leaves_nothing(tmp_path: Path) -> None:
    first = "resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))\n"
    done = subprocess.run(command(tmp_path, first, 1000, 1100), check=True, capture_output=True, text=True)
    assert f"cannot write {tmp_path / 'model' / 'model.safetensors'}: File too large" in done.stdout
    assert "allow larger files (ulimit -f), or choose another place" in done.stdout
    assert names(tmp_path / "model") == []


@pytest.mark.world
def test_memory_does_not_grow_with_the_tensor(tmp_path: Path) -> None:
    peaks = []
    for rows in (1 << 10, 1 << 16):
        done = subprocess.run(command(tmp_path, "", rows, 1024), check=True, capture_output=True, text=True)
        peaks.append(int(done.stdout))
    # Of 4 MiB and of 256 MiB a tensor.
    assert max(peaks) <= 200
    assert peaks[1] - peaks[0] <= 120
