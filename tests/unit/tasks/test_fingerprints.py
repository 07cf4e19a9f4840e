"""The committed fingerprints are those of the data, and know a text for its problem's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podium.demo.tasks import TASKS as DEMO
from podium.tasks import known_tasks, load_task
from podium.tasks.fingerprints import begins_with, fingerprints, made_from, solution_digest, solutions_of

if TYPE_CHECKING:
    from pathlib import Path

WRITE = "`python -m podium.tasks.fingerprints DATA_DIR` writes them"


def test_every_known_task_has_fingerprints() -> None:
    assert fingerprints().keys() == known_tasks().keys(), WRITE


@pytest.mark.parametrize("name", list(DEMO))
def test_fingerprints_of_the_demo_are_of_its_problems_in_order(name: str) -> None:
    made = made_from(load_task(name, None), solutions_of(name, None))
    assert list(fingerprints()[name].prompts.items()) == list(made.prompts.items()), WRITE
    assert fingerprints()[name].data_sha256 == made.data_sha256, WRITE


@pytest.mark.parametrize("name", ["humaneval", "multiple-java", "multiple-rkt", "multiple-swift"])
def test_fingerprints_are_of_the_data(name: str, data_dir: Path) -> None:
    made = made_from(load_task(name, data_dir), solutions_of(name, data_dir))
    assert list(fingerprints()[name].prompts.items()) == list(made.prompts.items()), WRITE


def test_a_text_begins_with_its_own_prompt_and_no_other() -> None:
    prompts = fingerprints()["demo-python"].prompts
    for problem in load_task("demo-python", None).problems:
        text = f"{problem.prompt}\n    return 1\n"
        assert [name for name, prompt in prompts.items() if begins_with(text, prompt)] == [problem.id]
        assert not begins_with(problem.prompt[:-1], prompts[problem.id])
    assert not begins_with("\ud800", prompts["Demo/0"])


def test_a_right_solution_is_known_whatever_its_blanks() -> None:
    solutions = solutions_of("demo-python", None)
    for problem in load_task("demo-python", None).problems:
        wanted = fingerprints()["demo-python"].prompts[problem.id].solution
        assert solution_digest(f"{problem.prompt}\n{solutions[problem.id]}\n\n") == wanted
