"""The demo's own tasks and board: our own problems, in the formats of the real ones."""

from __future__ import annotations

import msgspec

from podium.profiles import Profile
from podium.protocol import BOARD_SAMPLING, HUMANEVAL_STOP
from podium.tasks.rows import humaneval_problem, multiple_problem
from podium.tasks.source import TaskSource

PACKAGE = "podium.demo"
# No Hub but the stand-in's has these.
DATA_SET = "podium-upstream/problems"


def _script(language: str) -> TaskSource:
    return TaskSource(
        language=language,
        count=8,
        read=multiple_problem,
        bundled=(PACKAGE, f"problems/{language}.jsonl"),
        benchmark=(DATA_SET, language),
        harness_task=f"multiple-{language}",
        provisions=f"demo-{language}",
    )


TASKS = {
    "demo-python": TaskSource(
        language="py",
        count=16,
        read=humaneval_problem,
        stop=HUMANEVAL_STOP,
        bundled=(PACKAGE, "problems/python.jsonl"),
        benchmark=(DATA_SET, "python"),
        harness_task="humaneval",
    ),
    "demo-sh": _script("sh"),
    "demo-pl": _script("pl"),
}
PROFILE = Profile(
    name="demo",
    problems={name: source.count for name, source in TASKS.items()},
    sampling=msgspec.structs.replace(BOARD_SAMPLING, n_samples=20),
    for_standin=True,
)
