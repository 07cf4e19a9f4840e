"""Our texts for programs: `python judge.py PROGRAMS.json` prints them, as a list; [generation, tests] a program."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from podium.execute.languages import language_named
from podium.execute.programs import encode_program
from podium.execute.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

TOGETHER = 6  # most of those that take long only sleep


def judge(rows: Sequence[Sequence[str]]) -> list[str]:
    """Run each program as `podium execute` does."""
    python = language_named("py")

    def text(row: Sequence[str]) -> str:
        run = python.prepare(encode_program(f"{row[0]}\n{row[1]}"))
        completed = sandbox.run(
            run.command,
            files=run.files,
            limits=python.limits("parity"),
            grace_seconds=run.grace_seconds,
            resident=run.resident,
        )
        return python.read(completed, "parity")[1]

    with Sandbox() as sandbox, ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(text, rows))


if __name__ == "__main__":
    print(json.dumps(judge(json.loads(Path(sys.argv[1]).read_text()))))
