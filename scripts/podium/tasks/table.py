"""The tasks: name, language, number of problems, format and place of the data."""

from __future__ import annotations

from podium.protocol import HUMANEVAL_STOP
from podium.tasks import TaskSource
from podium.tasks.rows import humaneval_problem, multiple_problem

# The revisions are commits of the Hub's data sets; the harness pins this MultiPL-E revision as of July 2025.
HUMANEVAL_HUB = (
    "openai/openai_humaneval",
    "7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544",
    "openai_humaneval/test-00000-of-00001.parquet",
)
MULTIPLE_HUB = ("nuprl/MultiPL-E", "28441b6024e71d4a1c1c0f6bf171c935cd5a43f2")

# Problems in the published data; MultiPL-E leaves out HumanEval 32, 38, 50 and what it could not translate.
MULTIPLE_COUNTS = {
    "cpp": 161,
    "cs": 158,
    "d": 156,
    "go": 154,
    "java": 158,
    "jl": 159,
    "js": 161,
    "lua": 161,
    "php": 161,
    "pl": 161,
    "py": 161,
    "r": 161,
    "rb": 161,
    "rkt": 161,
    "rs": 156,
    "scala": 160,
    "sh": 158,
    "swift": 158,
    "ts": 159,
}


def _multiple(language: str, count: int) -> TaskSource:
    repository, revision = MULTIPLE_HUB
    return TaskSource(
        language=language,
        count=count,
        read=multiple_problem,
        folder_path=f"multipl-e/humaneval-{language}.jsonl.gz",
        hub=(repository, revision, f"humaneval-{language}/test-00000-of-00001.parquet"),
    )


TASKS: dict[str, TaskSource] = {
    "humaneval": TaskSource(
        language="py",
        count=164,
        read=humaneval_problem,
        stop=HUMANEVAL_STOP,
        folder_path="humaneval/HumanEval.jsonl.gz",
        hub=HUMANEVAL_HUB,
    ),
    **{f"multiple-{language}": _multiple(language, count) for language, count in MULTIPLE_COUNTS.items()},
    "demo-python": TaskSource(
        language="py", count=16, read=humaneval_problem, stop=HUMANEVAL_STOP, bundled="python.jsonl"
    ),
    "demo-sh": TaskSource(language="sh", count=8, read=multiple_problem, bundled="sh.jsonl", provisions="demo-sh"),
    "demo-pl": TaskSource(language="pl", count=8, read=multiple_problem, bundled="pl.jsonl", provisions="demo-pl"),
}
