"""Programs from the templates in tests/examples/programs/python: the same 500 wherever they are made.

A template is a file: `# key: value | value` lines, then the program, in which `$key` is one of the values. Four keys
are no values: `breaks` names changes of the driver that turn the template's verdicts red, `wrap: no` keeps the program
as it is, `times` says how often it is used at most, `limit` what we say where a limit of ours decides.
"""

from __future__ import annotations

import json
import random
import re
import string
import textwrap
from pathlib import Path
from typing import NamedTuple

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "programs"
FOLDER = EXAMPLES / "python"
# The harness's texts, made by real.py: a program's name, and the digest of its text, to its answer.
RECORDED = EXAMPLES / "python.json"
COUNT = 500
SEED = 20_240_521
WRAPPERS = {
    "plain": ("", 0, ""),
    "function": ("def wrapped():\n", 1, "\nwrapped()"),
    "called twice": ("def wrapped():\n", 1, "\ntry:\n    wrapped()\nfinally:\n    wrapped = None"),
    "method": ("class Wrapped:\n    def run(self):\n", 2, "\nWrapped().run()"),
    "condition": ("if True:\n", 1, ""),
    "guarded": ("try:\n", 1, "\nexcept ZeroDivisionError:\n    raise"),
    "context": ("import contextlib\nwith contextlib.suppress(ZeroDivisionError):\n", 1, ""),
}


class Template(NamedTuple):
    """One file."""

    name: str
    text: str
    values: dict[str, list[str]]
    breaks: list[str]
    is_wrapped: bool
    times: int
    limit: str


class Program(NamedTuple):
    """One program, as a generation and its tests."""

    name: str
    template: str
    text: str
    tests: str


def templates() -> list[Template]:
    """All files, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.txt"))]


def _read(path: Path) -> Template:
    keys: dict[str, list[str]] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    while lines and (match := re.fullmatch(r"# (\w+): (.*)", lines[0])):
        keys[match[1]] = [value.strip() for value in re.split(r" \|(?: |$)", match[2])]
        lines.pop(0)
    return Template(
        name=path.stem,
        text="\n".join(lines),
        breaks=keys.pop("breaks"),
        is_wrapped=keys.pop("wrap", []) != ["no"],
        times=int(keys.pop("times", ["1000"])[0]),
        limit=" | ".join(keys.pop("limit", [])),
        values=keys,
    )


def programs() -> list[Program]:
    """The 500."""
    chance, found = random.Random(SEED), []
    known = templates()
    used: dict[str, int] = {}
    number = 0
    while len(found) < COUNT:
        template = known[number % len(known)]
        number += 1
        if (turn := used.get(template.name, 0)) < template.times:
            used[template.name] = turn + 1
            found.append(_fill(template, turn, chance))
    return found


def _fill(template: Template, turn: int, chance: random.Random) -> Program:
    values = {key: some[turn % len(some)] for key, some in template.values.items()}
    text = string.Template(template.text).substitute(values)
    wrapper = chance.choice(list(WRAPPERS)) if template.is_wrapped and turn else "plain"
    before, levels, after = WRAPPERS[wrapper]
    text = before + textwrap.indent(text, "    " * levels)
    name = f"{template.name} {turn}, {wrapper}"
    return Program(name, template.name, text, after) if chance.random() < 0.5 else Program(
        name, template.name, text + after, ""
    )


def normal(text: str) -> str:
    """A text without addresses, process numbers and chance names; what is compared of it."""
    text = re.sub(r"0x[0-9a-f]{6,}", "0x", text)
    return re.sub(r"(?:/tmp|/box/tmp)/\w+", "/tmp/x", text)[:400]


def recorded() -> dict[str, str]:
    """The harness's text for each program's name."""
    saved: dict[str, str] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return saved
