"""A real harness process judges programs: `python record.py CHECKOUT PROGRAMS.json ANSWERS.json`, in its environment.

The checkout's own main.py runs, as the leaderboard's recipe for evaluating saved generations starts it, over problems
that are given instead of downloaded. PROGRAMS is a list of [generation, tests], ANSWERS a list of the harness's texts.
"""

import importlib
import json
import os
import runpy
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Serve the problems, keep the verdicts."""
    checkout, programs, answers = (Path(argument).resolve() for argument in sys.argv[1:4])
    rows = json.loads(programs.read_text())
    problems = [
        {"task_id": f"P/{number}", "prompt": "", "test": tests, "entry_point": "print", "canonical_solution": ""}
        for number, (_, tests) in enumerate(rows)
    ]
    import datasets  # type: ignore[import-not-found]

    datasets.load_dataset = lambda *_, **__: datasets.DatasetDict(test=datasets.Dataset.from_list(problems))
    sys.path[0] = str(checkout)
    metric = importlib.import_module("bigcode_eval.tasks.humaneval")
    compute = metric.compute_code_eval

    def keep(**arguments: object) -> object:
        arguments["references"] = [tests for _, tests in rows]
        scores, results = compute(**arguments)
        answers.write_text(json.dumps([results[number][0][1]["result"] for number in range(len(rows))]))
        return scores, results

    metric.compute_code_eval = keep
    with tempfile.NamedTemporaryFile("w", suffix=".json") as generations:
        json.dump([[generation] for generation, _ in rows], generations)
        generations.flush()
        options = {
            "--model": "org/model",
            "--tasks": "humaneval",
            "--load_generations_path": generations.name,
            "--metric_output_path": f"{answers}.metrics",
            "--temperature": "0.2",
            "--n_samples": "1",
        }
        sys.argv[:] = ["main.py", *(word for option in options.items() for word in option), "--allow_code_execution"]
        sys.orig_argv[:] = [sys.executable, *sys.argv]
        os.chdir(checkout)
        runpy.run_path("main.py", run_name="__main__")


if __name__ == "__main__":
    main()
