"""A run that is killed anywhere and started again ends in the bytes of an undisturbed one."""

from __future__ import annotations

import json
import random
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.command import tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.command import Podium

pytestmark = [pytest.mark.world, pytest.mark.slow]
RUN = ("run", "--tag", "v1", "--tasks", "demo-sh,demo-pl", "--limit", "4")
STEPS = 8  # convert, two tasks of two steps, score, validate, report
SEED = time.time_ns()  # another boundary every time; a failure prints it


def _finished_steps(run: Path) -> int:
    path = run / "ledger.json"
    return len(json.loads(path.read_bytes())["entries"]) if path.exists() else 0


def _has_steps(run: Path, count: int) -> bool:
    return _finished_steps(run) >= count


def _is_past(deadline: float) -> bool:
    return time.monotonic() > deadline


@pytest.fixture
def undisturbed(podium: Podium) -> dict[str, bytes]:
    podium.write_config()
    said = podium(*RUN, "--run-dir", "whole")
    assert said.code == 0, said.err
    assert _finished_steps(podium.folder / "whole") == STEPS
    return tree(podium.folder / "whole" / "submission")


def test_killed_at_random_stage_boundaries_ends_in_the_same_submission(
    podium: Podium, undisturbed: dict[str, bytes]
) -> None:
    draw, run, deaths = random.Random(SEED), podium.folder / "cut", 0
    for boundary in sorted(draw.sample(range(1, STEPS), 3)):
        deaths += podium.kill_when(partial(_has_steps, run, boundary), *RUN, "--run-dir", "cut")
    assert deaths, SEED
    assert podium(*RUN, "--run-dir", "cut").code == 0
    assert tree(run / "submission") == undisturbed, SEED
    assert podium("validate", run).code == 0, SEED


def test_killed_at_random_moments_ends_in_the_same_submission(podium: Podium, undisturbed: dict[str, bytes]) -> None:
    draw, run = random.Random(SEED), podium.folder / "cut"
    for _ in range(4):
        deadline = time.monotonic() + draw.uniform(1.0, 8.0)
        podium.kill_when(partial(_is_past, deadline), *RUN, "--run-dir", "cut")
    assert podium(*RUN, "--run-dir", "cut").code == 0
    assert tree(run / "submission") == undisturbed, SEED
    assert podium("validate", run).code == 0, SEED


def test_a_flipped_byte_is_found_and_only_its_step_is_redone(podium: Podium, undisturbed: dict[str, bytes]) -> None:
    run = podium.folder / "whole"
    path = run / "generations_Small" / "generations_demo-sh_Small.json"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    other = run / "samples" / "demo-pl.1-of-1.jsonl"
    before = other.stat().st_mtime_ns
    assert podium("validate", run).code == 1
    said = podium(*RUN, "--run-dir", "whole")
    assert said.code == 0, said.err
    assert tree(run / "submission") == undisturbed
    assert other.stat().st_mtime_ns == before


def test_a_changed_number_of_samples_is_refused_and_given_up_only_when_asked(
    podium: Podium, undisturbed: dict[str, bytes]
) -> None:
    run = podium.folder / "whole"
    before = tree(run)
    said = podium(*RUN, "--run-dir", "whole", "--n-samples", "2")
    assert said.code == 24, said.err
    assert tree(run) == before
    assert podium(*RUN, "--run-dir", "whole", "--n-samples", "2", "--discard").code == 0
    assert tree(run / "submission") != undisturbed
    assert podium("validate", run).code == 0
    assert podium(*RUN, "--run-dir", "whole", "--discard").code == 0
    assert tree(run / "submission") == undisturbed
    stale = run / "samples" / "demo-sh.1-of-1.jsonl.stale"
    assert stale.read_bytes() == before["samples/demo-sh.1-of-1.jsonl"]
