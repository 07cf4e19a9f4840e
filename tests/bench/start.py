"""How long the command line takes to start, beside a bare interpreter: medians of pairs in one run.

Prints a table and, as its last line, {"help_seconds", "validate_seconds", "rerun_seconds", "bare_seconds"} as JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PODIUM = [sys.executable, "-m", "podium"]


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of one process."""
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 rounds instead of 21")
    rounds = 5 if parser.parse_args().quick else 21
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = ROOT / "scripts" / "podium" / "demo" / "podium.toml"
        rerun = [*PODIUM, "run", "--tag", "v1", "--config", str(config)]
        seconds(rerun, folder)
        commands = {
            "bare": [sys.executable, "-c", "pass"],
            "help": [*PODIUM, "--help"],
            "validate": [*PODIUM, "validate", "runs/v1/plan.json"],
            "rerun": rerun,
        }
        times: dict[str, list[float]] = {key: [] for key in commands}
        for _ in range(rounds):
            for key, command in commands.items():
                times[key].append(seconds(command, folder))
    medians = {key: statistics.median(values) for key, values in times.items()}
    for key, value in medians.items():
        print(f"{key:<10} {value * 1000:7.0f} ms  {value / medians['bare']:5.1f} x bare interpreter")
    print(json.dumps({f"{key}_seconds": round(value, 4) for key, value in medians.items()}))


if __name__ == "__main__":
    main()
