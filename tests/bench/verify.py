"""What validating and verifying a submission of full size costs: `python tests/bench/verify.py DATA_DIR [--quick]`.

A made-up submission (12 tasks, 50 samples per problem, about 70 MB) is validated whole; some of its tasks are verified
at 5 %, and the seconds of all are those of these by their share of programs. Prints a table and, last, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from podium.protocol import BIGCODE_PROBLEMS, PASS_AT, generations_name, metrics_name, pass_at_k
from podium.tasks import load_task

MODEL, SAMPLES = "Big-1", 50
FOLDER = f"acme_{MODEL}_ann"
LINES = ("value = 1", "for item in items:", "if x > 3:", "return total", "lst.append(x)", "count += 1", "y = x * 2")


def write_submission(folder: Path, data_dir: Path) -> None:
    """Random texts behind the real prompts, and scores that no part of them fits."""
    chance, results = random.Random(1), []
    for name in BIGCODE_PROBLEMS:
        task = load_task(name, data_dir)
        rows = [[_text(problem.prompt, chance) for _ in range(SAMPLES)] for problem in task.problems]
        counts = [chance.randrange(SAMPLES + 1) for _ in rows]
        scores = {
            f"pass@{k}": sum(pass_at_k(SAMPLES, c, k) for c in counts) / len(rows) for k in PASS_AT if k <= SAMPLES
        }
        config = {"model": f"acme/{MODEL}", "n_samples": SAMPLES, "temperature": 0.2}
        results.append({"task": name, "pass@1": scores["pass@1"]})
        for relative, value in (
            (generations_name(name, MODEL), rows), (metrics_name(name, MODEL), {name: scores, "config": config}),
        ):  # fmt: skip
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            (folder / relative).write_text(json.dumps(value))
    grouped = {"results": sorted(results, key=lambda result: str(result["task"])), "meta": {"model": f"acme/{MODEL}"}}
    (folder / f"{FOLDER}.json").write_text(json.dumps(grouped))


def _text(prompt: str, chance: random.Random) -> str:
    return prompt + "".join(f"\n    {chance.choice(LINES)}" for _ in range(chance.randrange(5, 24)))


def timed(*words: str | Path) -> tuple[float, float]:
    """Wall seconds of a command and the largest memory of any so far, in MiB."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "podium", *map(str, words)], stdout=subprocess.DEVNULL, check=False)
    return time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--tasks", default="humaneval,multiple-lua,multiple-js")
    parser.add_argument("--quick", action="store_true", help="HumanEval alone")
    given = parser.parse_args()
    tasks = "humaneval" if given.quick else given.tasks
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "community_results" / FOLDER
        write_submission(folder, given.data_dir)
        validating, peak = timed("validate", folder)
        print(f"validate: {validating:.1f} s, {peak:.0f} MiB")
        work = Path(place) / "work"
        verifying, peak = timed("verify", folder, "--tasks", tasks, "--data-dir", given.data_dir, "--work", work)
    share = sum(BIGCODE_PROBLEMS[task] for task in tasks.split(",")) / sum(BIGCODE_PROBLEMS.values())
    print(f"verify 5 % of {tasks}: {verifying:.1f} s, {peak:.0f} MiB; {share:.1%} of all programs")
    whole = {"seconds_5_percent": round(verifying / share, 1), "seconds_validate": round(validating, 1)}
    print(json.dumps({"verify": {**whole, "peak_mib": round(peak)}}))


if __name__ == "__main__":
    main()
