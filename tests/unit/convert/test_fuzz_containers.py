"""No bytes make the readers of containers raise anything but CheckpointError, or allocate by a number in the file.

The long form, guided by coverage, is tests/bench/fuzz_containers.py.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bench.parts.damage import NUMBERS, check, damaged, sealed_again, seeds

from podium.convert.containers.safetensors import read_safetensors
from podium.errors import CheckpointError

ROOT = Path(__file__).resolve().parents[3]
SEEDS = seeds()
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_seeds_are_accepted_so_that_damage_reaches_every_check(tmp_path: Path) -> None:
    assert all(check(tmp_path / "seed", seed) for seed in SEEDS)


def test_many_damaged_files_are_refused_or_read_truly(tmp_path: Path) -> None:
    random = Random(7)
    accepted = sum(check(tmp_path / "damaged", damaged(random, random.choice(SEEDS))) for _ in range(1500))
    assert 0 < accepted < 1500


@QUICK
@given(st.sampled_from(SEEDS), st.data())
def test_every_field_may_hold_every_number(tmp_path: Path, seed: bytes, draw: st.DataObject) -> None:
    begin = draw.draw(st.integers(0, min(len(seed) - 8, 800)))
    number = draw.draw(st.sampled_from(NUMBERS) | st.integers(0, (1 << 64) - 1))
    width = draw.draw(st.sampled_from([1, 2, 4, 8]))
    bytes_ = (number % (1 << 8 * width)).to_bytes(width, "little")
    check(tmp_path / "edited", sealed_again(seed[:begin] + bytes_ + seed[begin + width :]))


@QUICK
@given(st.binary(max_size=300), st.sampled_from([b"", b"APR\0\2\0", b"APR2\2\0", b"\2\0\0\0\0\0\0\0{}"]))
def test_any_bytes_are_refused_or_read_truly(tmp_path: Path, data: bytes, begin: bytes) -> None:
    check(tmp_path / "any", sealed_again(begin + data))


def test_damage_costs_no_memory_beyond_the_file(tmp_path: Path) -> None:
    random = Random(11)
    files = [damaged(random, random.choice(SEEDS)) for _ in range(300)]
    tracemalloc.start()
    try:
        for data in files:
            check(tmp_path / "damaged", data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize(
    "header",
    [
        b'{"w":[' + b"[]," * 6_000_000 + b"[]]}",
        b"{" + b'"a":0,' * 3_000_000 + b'"a":0}',
        b'{"w":{"shape":[' + b"0," * 9_000_000 + b"0]}}",
        b'{"w":"' + b"x" * 18_000_000 + b'"}',
        b"[" * 18_000_000,
    ],
    ids=["lists", "keys", "dimensions", "text", "depth"],
)
def test_large_hostile_header_costs_little_more_than_its_text(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError):
            read_safetensors(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * len(header)


@pytest.mark.world
def test_readers_live_in_an_address_space_that_a_believed_number_would_burst(tmp_path: Path) -> None:
    for number, seed in enumerate(SEEDS):
        for begin in (0, 8, 12, 20, 24, 32):
            for value in (1 << 30, 1 << 40, (1 << 63) - 1):
                data = bytearray(seed)
                data[begin : begin + 8] = value.to_bytes(8, "little")
                (tmp_path / f"{number}-{begin}-{value}").write_bytes(sealed_again(bytes(data)))
    program = """
        import resource, sys
        from pathlib import Path
        from podium.convert.containers import open_container
        from podium.errors import CheckpointError
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (128 << 20),) * 2)
        for path in Path(sys.argv[1]).iterdir():
            try:
                open_container(path)
            except CheckpointError:
                print("refused")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) > 60
