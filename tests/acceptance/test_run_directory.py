"""Nothing in a run directory is lost or doubled, whatever is run there, and every remedy of a refusal works."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.command import ROOT
from tests.acceptance.sequences import KEPT, REFUSED

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.world
SEED = 916_089


def _check(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "tests.acceptance.sequences", *arguments, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr[-6000:]


def test_random_sequences_of_commands_lose_no_sample_and_can_go_on(tmp_path: Path) -> None:
    _check(tmp_path, "random", str(SEED), "1", "4")


@pytest.mark.exhaustive
def test_many_random_sequences_of_commands_lose_no_sample_and_can_go_on(tmp_path: Path) -> None:
    _check(tmp_path, "random", str(SEED), "25", "8")


@pytest.mark.parametrize("name", ["n-samples"])
def test_a_run_that_would_cost_finished_samples_is_refused_with_remedies_that_work(tmp_path: Path, name: str) -> None:
    _check(tmp_path, "refused", name)


@pytest.mark.exhaustive
def test_every_refusal_keeps_what_is_there_and_each_of_its_remedies_works(tmp_path: Path) -> None:
    _check(tmp_path, "refused", *REFUSED)


@pytest.mark.slow
def test_what_costs_no_sample_goes_on_with_all_of_them(tmp_path: Path) -> None:
    _check(tmp_path, "kept", *KEPT)


def test_a_second_process_is_told_who_works_there_and_stopping_that_one_works(tmp_path: Path) -> None:
    _check(tmp_path, "busy")


@pytest.mark.slow
def test_scoring_alone_leaves_nothing_that_could_be_sent(tmp_path: Path) -> None:
    _check(tmp_path, "scored")


@pytest.mark.slow
def test_a_stages_own_command_does_the_step_that_the_run_does(tmp_path: Path) -> None:
    _check(tmp_path, "stages")


def test_any_file_of_a_finished_run_may_be_cut_short(tmp_path: Path) -> None:
    _check(tmp_path, "cut")


def test_tasks_that_no_board_knows_are_evaluated_reported_and_never_submitted(tmp_path: Path) -> None:
    _check(tmp_path, "try-out")
