"""A checkout of bigcode-evaluation-harness and an interpreter that can run its metrics, inside the sandbox."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.errors import SandboxError, UsageError
from podium.files import parse_json, read_bytes, sha256_bytes, sha256_json
from podium.records import Limits

if TYPE_CHECKING:
    from podium.execute.sandbox import Runner

DRIVER = Path(__file__).with_name("driver.py")
METRICS = Path("bigcode_eval") / "tasks" / "custom_metrics"
# The harness bounds nothing but time. These protect the machine from its programs; time is counted by their number.
PATIENCE_SECONDS, SECONDS_A_PROGRAM = 120.0, 15.0
MEMORY_BYTES, OUTPUT_BYTES, FILE_BYTES, PROCESSES = 8 << 30, 64 << 20, 256 << 20, 256
ASK = "import sys, platform; print(sys.prefix, sys.base_prefix, sys.executable, platform.python_version(), sep='\\n')"


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
    if not (checkout / METRICS / "code_eval.py").is_file():
        message = f"{checkout} is no checkout of bigcode-evaluation-harness: it has no {METRICS}/code_eval.py"
        raise UsageError(message, hint="git clone https://github.com/bigcode-project/bigcode-evaluation-harness")
    try:
        asked = subprocess.run([interpreter, "-c", ASK], capture_output=True, text=True, check=True, timeout=30)
        prefix, base, executable, version = asked.stdout.split("\n")[:4]
    except (OSError, subprocess.SubprocessError, ValueError) as err:
        message = f"{interpreter} does not run as a Python interpreter: {err}"
        raise UsageError(message, hint="--python names the interpreter of an environment with numpy") from err
    sources = sorted((checkout / METRICS).rglob("*.py"))
    return Harness(
        checkout=checkout.resolve(),
        interpreter=executable,
        python=version,
        folders=(checkout.resolve(), Path(prefix), Path(base)),
        sha256=sha256_json(
            [[path.relative_to(checkout).as_posix(), sha256_bytes(read_bytes(path))] for path in sources]
        ),
        commit=_commit(checkout),
    )


def _commit(checkout: Path) -> str:
    """The commit of a checkout with git's own folder, else nothing."""
    try:
        head = (checkout / ".git" / "HEAD").read_text().strip()
        if head.startswith("ref: "):
            head = (checkout / ".git" / head.removeprefix("ref: ")).read_text().strip()
    except OSError:
        return ""
    return head if re.fullmatch(r"[0-9a-f]{40}", head) else ""


def judge(
    harness: Harness, language: str, rows: list[tuple[str, str]], workers: int, sandbox: Runner
) -> list[tuple[bool, str]]:
    """The harness's (is correct, text) for each (generation, tests), in a fresh working directory.

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
        [harness.interpreter, "driver.py", str(harness.checkout), language, str(workers)],
        files={"driver.py": read_bytes(DRIVER), "request.json": json.dumps(rows).encode()},
        limits=limits,
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
