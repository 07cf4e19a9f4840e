"""Native draws through logs: sharded, stopped anywhere, torn and merged, the run holds a naive sampler's samples."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.generate.tiny import MAX_LENGTH, naive, tiny_task, write_tiny

from podium.generate import GenerateOptions, collect_samples, generate, samples_path
from podium.generate.backends.native.backend import NativeBackend
from podium.generate.merge import merge
from podium.generate.shards import part_of
from podium.progress import SilentProgress
from podium.records import Sample, SamplesHeader, Sampling, encode

if TYPE_CHECKING:
    from pathlib import Path

SAMPLING = Sampling(n_samples=6, temperature=1.0, top_p=0.95, max_length=MAX_LENGTH, seed=1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


def _leave_a_log(path: Path, header: SamplesHeader, samples: list[Sample], generator: random.Random) -> None:
    """What a killed run leaves: some samples in the order in which they ended, the last line torn."""
    rows = [sample for sample in samples if sample.problem in header.problems]
    generator.shuffle(rows)
    data = b"".join(encode(record) + b"\n" for record in [header, *rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data[: generator.randrange(len(data))])


def _options(run: Path, shard: str = "1/1") -> GenerateOptions:
    return GenerateOptions(
        run_dir=run,
        model_name="M",
        model_sha256="1" * 64,
        sampling=SAMPLING,
        backend="native",
        dtype="float32",
        shard=shard,
    )


@pytest.mark.parametrize("cases", [6, pytest.param(40, marks=pytest.mark.exhaustive)])
def test_any_sharding_and_any_interruption_end_in_a_naive_samplers_samples(
    tiny: Path, tmp_path: Path, cases: int
) -> None:
    task, report, generator = tiny_task(), SilentProgress(), random.Random(cases)
    expected, backend = naive(tiny, task, SAMPLING), NativeBackend(tiny)
    whole = generate(_options(tmp_path / "whole"), task, backend, report)
    for case in range(cases):
        count, run = generator.randint(1, 4), tmp_path / str(case)
        for number in generator.sample(range(1, count + 1), count):
            shard = f"{number}/{count}"
            problems = part_of(whole.problems, shard)
            header = msgspec.structs.replace(whole, shard=shard, problems=problems)
            _leave_a_log(samples_path(run, task.name, shard), header, list(expected.values()), generator)
            backend._slots = generator.randint(1, 30)
            generate(_options(run, shard), task, backend, report)
        merge([run], run, "M")
        _, rows = collect_samples(run, task.name)
        assert {(sample.problem, sample.index): sample for row in rows for sample in row} == expected, case
    assert not [note for note in report.notes if "other inputs" in note], "a log was taken for another run's"
