"""Damage for weight files: small valid files of each container, ways to break them, and what must hold of any bytes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import deserialize
from safetensors.numpy import save
from tests.unit.convert.apr_files import apr_bytes, optimizer_state, resealed

from podium.convert.containers import Container, open_container
from podium.convert.containers.storage import STORAGES, float32_of
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

NUMBERS = [0, 1, 2, 3, 7, 8, 63, 64, 65, 255, 256, 640, 65535, 100_000_000, 1 << 31, (1 << 32) - 1, 1 << 40]
NUMBERS += [(1 << 63) - 1, 1 << 63, (1 << 64) - 1]
TEXTS = [b"-1", b"1e400", b"NaN", b"null", b"true", b"{}", b"[]", b'"F64"', b'"\\ud800"', b"1.0", b"9" * 5000]


SHARD = "shard.safetensors"
INDEX_BEGIN = b'{"'


def seeds() -> list[bytes]:
    """Small valid files, between them with every kind of weight and of metadata."""
    rng = np.random.default_rng(0)
    values = {dtype: rng.normal(size=256).astype(np.float32) for dtype in STORAGES}
    metadata = {"format": "entrenar-checkpoint", "model_config": json.dumps({"hidden_size": 4}), "loss": 0.5}
    mixed: dict[str, np.ndarray[Any, Any]] = {"b": values["F32"].reshape(16, 16), "a": np.arange(3), "c": np.zeros(0)}
    return [
        apr_bytes(values, metadata, dtypes={dtype: dtype for dtype in STORAGES}),
        apr_bytes(mixed | optimizer_state(mixed), {"tokenizer.merges": ["a b", "c d"], "x": {"y": None}}),
        save(mixed, metadata={"format": "pt", "name": "entrenar-model"}),
        save({"w": values["F16"].astype(np.float16)}),
        json.dumps({"metadata": {"total_size": 8}, "weight_map": dict.fromkeys("ab", SHARD)}).encode(),
    ]


def _flip(random: Random, data: bytearray) -> None:
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _byte(random: Random, data: bytearray) -> None:
    data[random.randrange(len(data))] = random.randrange(256)


def _cut(random: Random, data: bytearray) -> None:
    del data[random.randrange(len(data)) :]


def _remove(random: Random, data: bytearray) -> None:
    begin = random.randrange(len(data))
    del data[begin : begin + random.choice([1, 2, 8, 64])]


def _insert(random: Random, data: bytearray) -> None:
    begin = random.randrange(len(data))
    data[begin:begin] = random.choice([*TEXTS, b"\0" * 64, random.randbytes(8), b"[" * 5000, b'{"a":' * 5000, b","])


def _repeat(random: Random, data: bytearray) -> None:
    begin = random.randrange(len(data))
    data[begin:begin] = data[begin : begin + random.choice([4, 16, 64, 128])]


def _number(random: Random, data: bytearray) -> None:
    """A number of the header, 2, 4 or 8 bytes wide, becomes one that is at an edge."""
    width = random.choice([2, 4, 8])
    begin = random.choice([0, 8, 12, 20, 24, 32, random.randrange(len(data))])
    data[begin : begin + width] = (random.choice(NUMBERS) % (1 << 8 * width)).to_bytes(width, "little")


def _json_number(random: Random, data: bytearray) -> None:
    """A number or a word in JSON text becomes another value; the length of a SafeTensors header follows."""
    places = list(re.finditer(rb'-?[0-9]+|"[^"]*"', bytes(data[:2000])))
    if not places:
        return
    place = random.choice(places)
    before = len(data)
    data[place.start() : place.end()] = random.choice([*TEXTS, str(random.choice(NUMBERS)).encode()])
    if not data.startswith(b"APR"):
        data[:8] = ((int.from_bytes(data[:8], "little") + len(data) - before) % (1 << 64)).to_bytes(8, "little")


MUTATIONS = [_flip, _byte, _cut, _remove, _insert, _repeat, _number, _json_number]


def damaged(random: Random, seed: bytes) -> bytes:
    """A seed after one to four mutations; an APR file mostly with checksums that are right again."""
    data = bytearray(seed)
    for _ in range(random.choice([1, 1, 2, 3, 4])):
        if data:
            random.choice(MUTATIONS)(random, data)
    return sealed_again(bytes(data)) if random.random() < 0.8 else bytes(data)


def sealed_again(data: bytes) -> bytes:
    """With right checksums if it could be an APR file; otherwise a checksum would hide every other check."""
    return resealed(data) if data.startswith(b"APR") and len(data) >= 68 else data


def check(path: Path, data: bytes) -> bool:
    """Open any bytes: they are refused with CheckpointError, or what is said of them is true. Says whether accepted."""
    if data.startswith(INDEX_BEGIN):
        (path.parent / SHARD).write_bytes(save({name: np.zeros(1, np.float32) for name in "ab"}))
        path = path.with_suffix(".index.json")
    path.write_bytes(data)
    try:
        container = open_container(path)
    except CheckpointError as error:
        if not error.hint or not str(error).isprintable():
            message = f"refused without a remedy or unprintable: {error!r}"
            raise AssertionError(message) from error
        return False
    _check_truth(container)
    return True


def _check_truth(container: Container) -> None:
    for tensor in container.tensors.values():
        if not 0 <= tensor.begin <= tensor.end <= tensor.path.stat().st_size:
            message = f"{tensor} leaves the file"
            raise AssertionError(message)
        if tensor.dtype in STORAGES and float32_of(tensor).size != tensor.elements:
            message = f"{tensor} has another number of values"
            raise AssertionError(message)
    if container.kind == "safetensors":
        read = [pair for path in container.paths for pair in deserialize(path.read_bytes())]  # type: ignore[no-untyped-call]
        theirs = {name: (tensor["dtype"], tuple(tensor["shape"])) for name, tensor in read}
        ours = {name: (tensor.dtype, tensor.shape) for name, tensor in container.tensors.items()}
        if ours != theirs:
            message = f"the reference reads {theirs}, not {ours}"
            raise AssertionError(message)
