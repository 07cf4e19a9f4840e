"""A release with every task of the board, from texts in all its languages to the pull request on the stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.bench.parts.completions import own
from tests.bench.parts.release import TAG, board_tasks, release
from tests.unit.execute.languages.cases import untried

from podium.protocol import BIGCODE_PROBLEMS, BOARD_SAMPLING
from podium.records import Verdict, VerdictsHeader, read_rows
from podium.run_directory import verdicts_path
from podium.tasks import source_of

if TYPE_CHECKING:
    from tests.bench.parts.release import Release

pytestmark = [pytest.mark.world, pytest.mark.slow]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PROBLEMS, DISTINCT = 2, 3
TASKS = board_tasks({})


class Made:
    """The release, made once for all tests of this file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        counts = {task: PROBLEMS for task, why in TASKS.items() if not why}
        self.release: Release = release(folder, DATA, counts, DISTINCT, {})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    if not DATA.is_dir():
        pytest.skip(f"no evaluation data at {DATA}")
    if why := untried():
        pytest.skip(why)
    return Made(tmp_path_factory.mktemp("release"))


@pytest.mark.parametrize("task", BIGCODE_PROBLEMS)
def test_every_program_of_a_task_has_a_verdict_and_equal_ones_ran_once(made: Made, task: str) -> None:
    if TASKS[task]:
        pytest.skip(f"{task}: {TASKS[task]}")
    header, verdicts = read_rows(verdicts_path(made.folder / "runs" / TAG, task), VerdictsHeader, Verdict)
    assert len(verdicts) == PROBLEMS * BOARD_SAMPLING.n_samples
    assert len({verdict.program_sha256 for verdict in verdicts}) == PROBLEMS * DISTINCT
    assert all(check.ok for check in header.self_test)
    outcomes = {verdict.outcome for verdict in verdicts}
    assert outcomes - {"passed"} <= {"failed", "syntax_error", "crashed", "timed_out"}
    has_right = task == "humaneval" or own(source_of(task).language).keys() & set(header.problems)
    assert ("passed" in outcomes) == bool(has_right)


def test_the_scores_count_every_verdict(made: Made) -> None:
    scores = made.release.scores
    assert [score.task for score in scores.tasks] == sorted(task for task, why in TASKS.items() if not why)
    for score in scores.tasks:
        assert sum(score.outcomes.values()) == PROBLEMS * BOARD_SAMPLING.n_samples
        assert score.pass_at["pass@1"] == pytest.approx(score.correct / (PROBLEMS * BOARD_SAMPLING.n_samples))


def test_it_ends_as_a_pull_request(made: Made) -> None:
    assert made.release.receipt.outcome == "created"
    assert made.release.receipt.release == TAG
    assert "not a submission" not in made.release.said
