"""A checkout of bigcode-evaluation-harness and an interpreter that can run its metrics, inside the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.errors import SandboxError
from podium.files import parse_json, read_bytes
from podium.harness_checkout import ask_interpreter, check_checkout, commit_of, digest_of_sources
from podium.records import Limits

if TYPE_CHECKING:
    from podium.execute.sandbox import Runner
    from podium.tasks import Task

DRIVER = Path(__file__).with_name("driver.py")
METRICS = Path("bigcode_eval") / "tasks" / "custom_metrics"
# The harness bounds nothing but time. These protect the machine from its programs; time is counted by their number.
PATIENCE_SECONDS, SECONDS_A_PROGRAM = 120.0, 15.0
MEMORY_BYTES, OUTPUT_BYTES, FILE_BYTES, PROCESSES = 8 << 30, 64 << 20, 256 << 20, 256


class Harness(msgspec.Struct, frozen=True, kw_only=True):
    """Where the official harness lies, and the interpreter it runs in."""

    checkout: Path
    interpreter: str
    python: str
    folders: tuple[Path, ...]
    sha256: str
    commit: str


def find_harness(checkout: Path, interpreter: str) -> Harness:
    """Look at a checkout and an interpreter. Raises UsageError where either is none."""
    folder = check_checkout(checkout, [f"{METRICS}/code_eval.py"])
    asked = ask_interpreter(interpreter, hint="--python names the interpreter of an environment with numpy")
    return Harness(
        checkout=folder,
        interpreter=asked.executable,
        python=asked.python,
        folders=(folder, *map(Path, asked.folders)),
        sha256=digest_of_sources(folder, (folder / METRICS).rglob("*.py")),
        commit=commit_of(folder),
    )


def judge(
    harness: Harness, task: Task, rows: list[tuple[str, str]], workers: int, sandbox: Runner
) -> list[tuple[bool, str]]:
    """The harness's (is correct, text) for each (generation, tests) of a task, in a fresh working directory.

    Raises SandboxError when the harness gives no whole answer.
    """
    seconds = PATIENCE_SECONDS + SECONDS_A_PROGRAM * len(rows) / workers
    limits = Limits(
        wall_seconds=seconds,
        cpu_seconds=seconds,
        memory_bytes=MEMORY_BYTES,
        output_bytes=OUTPUT_BYTES,
        file_bytes=FILE_BYTES,
        processes=PROCESSES,
    )
    completed = sandbox.run(
        [harness.interpreter, "driver.py", str(harness.checkout), task.language, str(workers)],
        files={"driver.py": read_bytes(DRIVER), "request.json": json.dumps(rows).encode()},
        limits=limits,
        provisions=task.provisions_name,
    )
    if completed.exit_code != 0:
        said = completed.stderr.decode(errors="replace").strip().splitlines()
        message = f"the harness in {harness.checkout} gave no answer: {said[-1] if said else completed}"
        raise SandboxError(message, hint=f"{harness.interpreter} -m pip install numpy, or pass another --python")
    answer = parse_json(completed.stdout, f"what {harness.checkout} answered")
    try:
        judged = msgspec.convert(answer, list[tuple[bool, str]])
    except msgspec.ValidationError as err:
        message = f"the harness in {harness.checkout} gave an answer of another shape: {err}"
        raise SandboxError(message, hint="use the pinned commit of the harness") from err
    if len(judged) != len(rows):
        message = f"the harness judged {len(judged)} of {len(rows)} programs"
        raise SandboxError(message, hint="use the pinned commit of the harness")
    return judged
