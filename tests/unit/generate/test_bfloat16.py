"""What holds in bfloat16, and what does not.

In float32 a sample's tokens are those of a naive one-row sampler, whatever is drawn beside it (`test_native.py`).
In bfloat16 a logit has eight bits of mantissa, so the way in which a matrix product is summed decides near ties.

Guaranteed, on one machine with one version of everything and one number of threads:
- the same command draws the same samples, on any device;
- with packed weights (`versions()["linear"]` begins with `avx2` or `onednn-prepacked`; summed in float32 where the
  processor has no bfloat16 units) a row's logits do not depend on the rows computed with it, so order, shards, slots
  and resuming change nothing.
Not guaranteed: the same samples on another kind of CPU, on a GPU, by transformers, or in float32; and where `linear` is
`plain`, the same samples after a kill or in shards. They are then other draws from the same distribution, and the
generations file that was written is what is submitted, whatever a second run would have drawn.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from tests.unit.generate.tiny import MAX_LENGTH, tiny_task, write_tiny

from podium.generate import GenerateOptions, generate, samples_path
from podium.generate.backends.native.backend import NativeBackend
from podium.generate.backends.seam import Wanted
from podium.generate.shards import part_of
from podium.progress import SilentProgress
from podium.records import Sampling

if TYPE_CHECKING:
    from pathlib import Path

CASES = 100
SAMPLING = Sampling(n_samples=8, temperature=1.0, top_p=0.95, max_length=MAX_LENGTH, seed=1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"), dtype="bfloat16")


def _draw(backend: NativeBackend, wanted: list[Wanted]) -> dict[tuple[str, int], str]:
    drawn = [sample for batch in backend.draw(tiny_task(), wanted, SAMPLING) for sample in batch]
    return {(sample.problem, sample.index): sample.generation for sample in drawn}


def test_the_same_command_draws_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    for run in ("one", "other"):
        options = GenerateOptions(
            run_dir=tmp_path / run,
            model_name="M",
            model_sha256="1" * 64,
            sampling=SAMPLING,
            backend="native",
            dtype="auto",
        )
        generate(options, tiny_task(), NativeBackend(tiny), SilentProgress())
    one, other = (samples_path(tmp_path / run, "tiny").read_bytes() for run in ("one", "other"))
    assert one == other


def test_with_packed_weights_order_shards_slots_and_resuming_change_nothing(tiny: Path) -> None:
    backend, generator = NativeBackend(tiny), random.Random(CASES)
    if backend.versions()["linear"] == "plain":
        pytest.skip("this machine cannot pack weights of this type")
    whole = _draw(backend, [Wanted(problem, list(range(8))) for problem in tiny_task().problems])
    for case in range(CASES):
        count = generator.randint(1, 4)
        problems = part_of(tiny_task().problems, f"{generator.randint(1, count)}/{count}")
        generator.shuffle(problems)
        backend._slots = generator.randint(1, 40)
        wanted = [Wanted(problem, sorted(generator.sample(range(8), generator.randint(1, 8)))) for problem in problems]
        drawn = _draw(backend, wanted)
        assert drawn == {key: whole[key] for key in drawn}, case


def test_the_header_tells_which_of_the_two_holds(tiny: Path) -> None:
    backend = NativeBackend(tiny)
    packed = {"avx2 bfloat16", "onednn-prepacked bfloat16", "onednn-prepacked float32"}
    is_packed = backend.versions()["linear"] in packed
    warnings = [text for text in backend.preflight(tiny_task(), SAMPLING) if "beside it" in text]
    assert is_packed or backend.versions()["linear"] == "plain"
    assert len(warnings) == (0 if is_packed else 1)
