"""Runs inside the sandbox, in the harness's own interpreter: `python driver.py CHECKOUT LANGUAGE WORKERS`.

Reads request.json from the working directory, a list of [generation, tests]. Writes one line on standard output: a
JSON list of [is correct, the harness's text]. The harness's own functions do all of the judging; only a pass that a
defect of this machine's Bash gave is no pass, as in `execute/languages/shell.py`.
"""

import json
import os
import subprocess
import sys
import tempfile
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PACKAGES = ("bigcode_eval", "bigcode_eval/tasks", "bigcode_eval/tasks/custom_metrics")


def show_packages(checkout: Path) -> None:
    """Make the metrics importable without their packages' own imports (datasets, transformers and 40 tasks)."""
    for folder in PACKAGES:
        module = types.ModuleType(folder.replace("/", "."))
        module.__path__ = [str(checkout / folder)]
        sys.modules[module.__name__] = module


def judge_python(rows: list[list[str]], workers: int) -> list[list[object]]:
    """HumanEval: one call of `compute_code_eval`, each program a problem of its own."""
    from bigcode_eval.tasks.custom_metrics.code_eval import compute_code_eval  # type: ignore[import-not-found]

    os.environ["HF_ALLOW_CODE_EVAL"] = "1"
    predictions, references = [[row[0]] for row in rows], [row[1] for row in rows]
    _, results = compute_code_eval(predictions, references, k=[1], num_workers=workers, timeout=3.0)
    # Results lie in a dictionary in the order in which programs ended.
    found = [results[number][0][1] for number in range(len(rows))]
    return [[bool(result["passed"]), str(result["result"])] for result in found]


def judge_other(language: str, rows: list[list[str]], workers: int) -> list[list[object]]:
    """MultiPL-E: the harness's evaluation of one program, guarded: there one exception ends the whole task."""
    from bigcode_eval.tasks.custom_metrics.multiple_metrics import evaluation  # type: ignore[import-not-found]

    def judge(row: list[str]) -> list[object]:
        try:
            result = evaluation.eval_string_script(language, f"{row[0]}\n{row[1]}")
        except Exception as err:  # noqa: BLE001  whatever the harness raises is its answer for this program only
            return [False, f"the harness raised {type(err).__name__}: {err}"[:400]]
        passed = result["status"] == "OK" and result["exit_code"] == 0
        if passed and language == "sh" and not is_read_to_its_end(f"{row[0]}\n{row[1]}"):
            return [False, "SyntaxError"]
        return [passed, str(result["status"])]

    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(judge, rows))


def is_read_to_its_end(script: str) -> bool:
    """Whether Bash can parse a script; 5.2.15 ends with 0 also where it cannot, so its last line must be shown."""
    last = b"\n: read to its end\n"
    with tempfile.NamedTemporaryFile(suffix=".sh") as file:
        file.write(script.encode("utf-8", "surrogatepass") + last)
        file.flush()
        done = subprocess.run(["bash", "-nv", file.name], capture_output=True, check=False)
    return done.returncode != 0 or done.stderr.endswith(last)


def main() -> None:
    """Judge everything in the request; nothing else may write on standard output."""
    checkout, language, workers = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    answer = os.dup(1)
    os.dup2(2, 1)
    show_packages(checkout)
    rows = json.loads(Path("request.json").read_text(encoding="utf-8"))
    judged = judge_python(rows, workers) if language == "py" else judge_other(language, rows, workers)
    with os.fdopen(answer, "w", encoding="utf-8") as stream:
        json.dump(judged, stream)


if __name__ == "__main__":
    main()
