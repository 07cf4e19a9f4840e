"""`podium execute` from a parent in an odd state gives the verdicts that it gives from an ordinary one."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.unit.execute import odd_parent
from tests.unit.execute.users import SYSTEM_PYTHON, USERS, command_as

from podium.records import Verdict, VerdictsHeader, read_rows

pytestmark = pytest.mark.world
RIGHT = "    echo $((3 + 2 * $1))"
GENERATIONS = [
    RIGHT,
    "    echo 0",
    "    echo ((",
    "    kill -9 0",
    f"    yes | head -1 > /dev/null; [[ ${{PIPESTATUS[0]}} = 141 ]] &&\n{RIGHT}",
    f"    sleep 0.01 & wait $! && [[ $(umask) = 0022 ]] && ls / > /dev/stderr &&\n{RIGHT}",
    f"    head -c 100000 /dev/zero > f && (ulimit -n 1000) && for i in {{1..50}}; do sleep 1 >&2 & done &&\n{RIGHT}",
    "    head -c 600000000 /dev/zero > f",
]
WANTED = ["passed", "failed", "syntax_error", "crashed", "passed", "passed", "passed", "file_limit"]
ALL = ",".join(name for name in odd_parent.STATES if name != "closed_streams")
VARIANTS = ("closed_streams", "ignored_signals,odd_folders", "tight_limits,blocked_signals", ALL)


def execute(user: str, folder: Path, parent: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """The verdicts of one run, as (sample, outcome, message)."""
    generations, output = folder / "g.json", folder / "v.jsonl"
    generations.write_text(json.dumps([[f"tea_minutes() {{\n{body}" for body in GENERATIONS]]))
    if user != "as we are":
        os.chown(folder, 65533, 65533)
    arguments = ["-m", "podium", "execute", str(generations), "--task", "demo-sh", "--limit", "1"]
    command, environment = command_as(user, *arguments, "-o", str(output))
    done = subprocess.run([*parent, *command], env=environment, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _, rows = read_rows(output, VerdictsHeader, Verdict)
    return [(row.index, row.outcome, row.message) for row in rows]


@functools.cache
def ordinarily(user: str) -> list[tuple[int, str, str]]:
    with tempfile.TemporaryDirectory() as name:
        return execute(user, Path(name), ())


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("states", VARIANTS)
def test_verdicts_do_not_depend_on_who_started_podium(user: str, states: str) -> None:
    wanted = ordinarily(user)
    assert [outcome for _, outcome, _ in wanted] == WANTED
    python = sys.executable if user == "as we are" else str(SYSTEM_PYTHON)
    with tempfile.TemporaryDirectory() as name:  # one below tmp_path would be closed to another user
        assert execute(user, Path(name), (python, odd_parent.__file__, states)) == wanted
