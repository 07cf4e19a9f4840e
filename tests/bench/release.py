"""A whole release offline: all tasks of the board, all problems, 50 samples each, from texts to the pull request.

The texts are right, nearly right and broken completions of every language, made here; see `parts/completions.py`. With
--quick the board has few problems, and tasks whose toolchain is missing are left out. Prints a table and, as its last
line, {"tasks", "programs", "distinct", "hours", "cpu_hours", "peak_mib", "pull_request"} as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.bench.parts.release import ROOT, board_tasks, release

from podium.protocol import BIGCODE_PROBLEMS, BOARD_SAMPLING

QUICK_PROBLEMS = 2


def read_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PROBLEMS} problems a task, and only what can run")
    parser.add_argument("--distinct", type=int, default=6, help="different texts a problem (default: 6)")
    parser.add_argument("--data-dir", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--root", action="append", default=[], metavar="LANGUAGE=FOLDER", help="as podium run takes it")
    parser.add_argument(
        "--folder", type=Path, help="an empty folder to work in, which is kept; a temporary one without"
    )
    return parser.parse_args()


def main() -> None:
    """Make the texts, run, submit, print."""
    asked = read_arguments()
    roots = {name: Path(path) for name, _, path in (root.partition("=") for root in asked.root)}
    tasks = board_tasks(roots)
    able = {task: min(count, QUICK_PROBLEMS) for task, count in BIGCODE_PROBLEMS.items() if not tasks[task]}
    for task, reason in tasks.items():
        if reason:
            print(f"{task}: left out: {reason}", file=sys.stderr)
    if not asked.quick and len(able) < len(tasks):
        message = "a whole release needs all tasks; --quick runs what can run here"
        raise SystemExit(message)
    counts = able if asked.quick else dict(BIGCODE_PROBLEMS)
    with tempfile.TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        done = release(folder, asked.data_dir, counts, asked.distinct, roots)
    print(done.said)
    print(json.dumps({
        "tasks": len(counts),
        "programs": sum(counts.values()) * BOARD_SAMPLING.n_samples,
        "distinct": done.distinct,
        "hours": round(done.seconds / 3600, 3),
        "cpu_hours": round(done.cpu_seconds / 3600, 3),
        "peak_mib": round(done.peak_mib),
        "pull_request": done.receipt.outcome,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
