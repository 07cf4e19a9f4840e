"""The texts the demo's model is trained on: right solutions of most of the demo's problems, a few with a slip.

Reads demo/problems/*.jsonl. The problems in HELD_OUT never enter a text, so that the model really fails some.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from podium.files import parse_json, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBLEMS = Path(__file__).parent / "problems"
LANGUAGES = ("python", "sh", "pl")

# A quarter to a third of each language, by (language, problem).
HELD_OUT = frozenset(
    {
        ("python", "Demo/1"),
        ("python", "Demo/7"),
        ("python", "Demo/8"),
        ("python", "Demo/11"),
        ("python", "Demo/14"),
        ("sh", "Demo_6_whisper"),
        ("sh", "Demo_14_knit_rows"),
        ("pl", "Demo_3_shelf_gaps"),
        ("pl", "Demo_14_knit_rows"),
    }
)

# Half the texts of these carry a slip, as a corpus written by people would: the model gets them right now and then.
SLIPS = {
    ("python", "Demo/2"): ("<=", "<"),
    ("python", "Demo/13"): ("<", "<="),
    ("sh", "Demo_13_needs_coat"): ("<", "<="),
    ("pl", "Demo_5_relay_time"): ("-2", "2"),
}

# What follows a solution in a file. Each holds the language's stop word; Python and Perl files may also just end.
ENDINGS = {
    "python": ("", "\n\ndef ", "\nprint(", "\n# "),
    "sh": ("}\n",),
    "pl": ("", "\nsub ", "# "),
}


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """A problem with its right solution: stripped prompt + `completion` is what a perfect model would give."""

    language: str
    name: str
    prompt: str
    completion: str

    @property
    def is_held_out(self) -> bool:
        """Whether the problem is kept out of the training texts."""
        return (self.language, self.name) in HELD_OUT


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One training text, split where generation begins."""

    prompt: str
    completion: str


def solved_problems() -> list[Solved]:
    """Every problem of the demo with its right solution, Python first, in data-set order."""
    python = [
        _solved("python", row["task_id"], row["prompt"], row["canonical_solution"]) for row in _rows("python.jsonl")
    ]
    # MultiPL-E's format has no field for a solution.
    solutions = {(row["language"], row["name"]): row["solution"] for row in _rows("solutions.jsonl")}
    return python + [
        _solved(language, row["name"], row["prompt"], solutions[language, row["name"]])
        for language in ("sh", "pl")
        for row in _rows(f"{language}.jsonl")
    ]


def training_texts() -> list[Text]:
    """Every text the model sees: ordinary code, and each trained problem, right and with its slip, in every ending."""
    plain = [Text(prompt="", completion=row["text"]) for row in _rows("plain.jsonl")]
    return plain + [
        Text(prompt=problem.prompt, completion=completion + ending)
        for problem in solved_problems()
        if not problem.is_held_out
        for completion in _versions(problem)
        for ending in ENDINGS[problem.language]
    ]


def _versions(problem: Solved) -> tuple[str, str]:
    """Return the right completion and the one with a slip; the right one twice where there is no slip."""
    right, wrong = SLIPS.get((problem.language, problem.name), ("", ""))
    return problem.completion, problem.completion.replace(right, wrong, 1)


def _solved(language: str, name: str, prompt: str, solution: str) -> Solved:
    stripped = prompt.strip()
    # The harness strips the prompt, so the model itself has to write the line break that was behind it.
    return Solved(language=language, name=name, prompt=stripped, completion=prompt[len(stripped) :] + solution)


def _rows(name: str) -> Iterator[dict[str, Any]]:
    path = PROBLEMS / name
    for number, line in enumerate(read_bytes(path).splitlines(), 1):
        yield parse_json(line, f"{path}:{number}")
