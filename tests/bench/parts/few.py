"""podium as it is, on a board with few problems: only the counts of problems differ, everything else is the real thing.

As a program it is `podium`; the variable FEW_BOARD holds the number of problems of each task, as JSON.
"""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING

import msgspec

from podium.__main__ import main
from podium.protocol import BIGCODE_PROBLEMS
from podium.tasks.table import TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE = "FEW_BOARD"


def write_data(data_dir: Path, few_dir: Path, counts: Mapping[str, int]) -> None:
    """The first problems of each task's data, in the same layout."""
    for task, count in counts.items():
        path = TASKS[task].folder_path
        with gzip.open(data_dir / path, "rb") as stream:
            lines = stream.readlines()[:count]
        (few_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (few_dir / path).write_bytes(gzip.compress(b"".join(lines)))


def enter(counts: Mapping[str, int]) -> None:
    """Make this process one whose board has these tasks with so many problems. It is never left."""
    for task, count in counts.items():
        TASKS[task] = msgspec.structs.replace(TASKS[task], count=count)
    BIGCODE_PROBLEMS.clear()
    BIGCODE_PROBLEMS.update(counts)


if __name__ == "__main__":
    enter(json.loads(os.environ[VARIABLE]))
    main()
