"""Programs judged as root or as an ordinary user, from a parent in any state. `python users.py` is the other end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from podium.execute.jobs import DEFAULT_PROVISIONS
from podium.execute.languages import language_named
from podium.execute.programs import encode_program
from podium.execute.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from podium.execute.jobs import Completed

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
SYSTEM_PYTHON = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
BECOME_ORDINARY = ("setpriv", "--reuid=65533", "--regid=65533", "--clear-groups")
USERS = ("as we are", "ordinary")


class Case(msgspec.Struct, frozen=True):
    """A program in a language; `limits` replaces some of the language's, `provisions` names its list."""

    language: str
    program: str
    limits: dict[str, int] = {}
    provisions: str = DEFAULT_PROVISIONS


class Judged(msgspec.Struct, frozen=True):
    """What came of a program, and what it said on its streams."""

    outcome: str
    message: str
    stdout: str
    stderr: str
    cpu_seconds: float


def judge(sandbox: Sandbox, case: Case) -> Judged:
    """Run a program and read it as the stage does."""
    language = language_named(case.language)
    job = language.prepare(encode_program(case.program), "parity")
    steps = [
        msgspec.structs.replace(step, limits=msgspec.structs.replace(step.limits, **case.limits)) for step in job.steps
    ]
    completed: Completed = sandbox.run(msgspec.structs.replace(job, steps=steps, provisions=case.provisions))
    outcome, message = language.read(completed, "parity")
    stdout, stderr = (stream.decode(errors="replace") for stream in (completed.stdout, completed.stderr))
    return Judged(outcome, message, stdout, stderr, completed.cpu_seconds)


def command_as(user: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """A command line and environment that run Python with podium as a user; skips where that is not possible."""
    if user == "as we are":
        return [sys.executable, *arguments], {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    if os.geteuid() != 0 or not SYSTEM_PYTHON.exists():
        pytest.skip(f"only root with {SYSTEM_PYTHON} can become an ordinary user")
    packages = Path(msgspec.__file__).parents[1]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{SCRIPTS}:{packages}"}
    return [*BECOME_ORDINARY, str(SYSTEM_PYTHON), *arguments], environment


def judge_as(
    user: str, cases: Sequence[Case], parent: Sequence[str] = (), roots: Mapping[str, str] | None = None
) -> list[Judged]:
    """Run programs in one sandbox as a user, started by the command `parent`; `roots` are those of lists."""
    command, environment = command_as(user, __file__)
    done = subprocess.run(
        [*parent, *command, *(f"{name}={root}" for name, root in (roots or {}).items())],
        input=msgspec.json.encode(cases),
        env=environment,
        cwd="/",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    judged: list[Judged] = msgspec.json.decode(done.stdout, type=list[Judged])
    return judged


def main() -> None:
    """Read cases, write what came of them."""
    cases = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Case])
    roots = {name: Path(root) for name, root in (text.split("=", 1) for text in sys.argv[1:])}
    with Sandbox(roots=roots) as sandbox:
        answers: list[Any] = [msgspec.to_builtins(judge(sandbox, case)) for case in cases]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
