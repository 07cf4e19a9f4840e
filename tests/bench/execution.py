"""What running HumanEval programs costs: ours, fully isolated; one plain process a program; the harness's function.

Prints a table and, as its last line, {"cpu_ms_per_program", "programs_per_second", "agreement"} as JSON. `agreement` is
the share of equal verdicts with the harness (`--harness CHECKOUT`), without it with the plain processes.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from podium.crosscheck.harness import find_harness, judge
from podium.execute import ExecuteOptions, execute
from podium.execute.sandbox import Sandbox
from podium.progress import SilentProgress
from podium.records import Verdict, VerdictsHeader, read_rows
from podium.tasks import Problem, Task

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.bench.parts.programs import canonical, mix, odd

if TYPE_CHECKING:
    from podium.crosscheck.harness import Harness

ROOT = Path(__file__).resolve().parents[2]
CORES = 2


class Cost(NamedTuple):
    """CPU milliseconds a program, programs a second, CPU and wall seconds in all, and whether each passed."""

    cpu_ms: float
    rate: float
    cpu_seconds: float
    wall_seconds: float
    passed: list[bool]
    said: list[str]


def cpu_seconds() -> float:
    """CPU of this process and all it has waited for."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def cost(count: int, cpu: float, wall: float, passed: list[bool], said: list[str]) -> Cost:
    """Per program."""
    return Cost(1000 * cpu / count, count / wall, cpu, wall, passed, said)


def ours(rows: list[tuple[str, str]], folder: Path) -> Cost:
    """The whole stage: self-tests, wardens, journal and all."""
    problems = [Problem(id=f"P/{number}", prompt="", tests=tests) for number, (_, tests) in enumerate(rows)]
    task = Task(name="b", language="py", problems=problems, stop=[], data_sha256="0" * 64, problems_in_task=len(rows))
    output = Path(tempfile.mkdtemp(dir=folder)) / "verdicts.jsonl"
    cpu, wall = cpu_seconds(), time.perf_counter()
    with Sandbox() as sandbox:
        generations = [[generation] for generation, _ in rows]
        execute(ExecuteOptions(), task, generations, "0" * 64, sandbox, output, SilentProgress())
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    _, verdicts = read_rows(output, VerdictsHeader, Verdict)
    return cost(len(rows), cpu, wall, [row.outcome == "passed" for row in verdicts], [row.message for row in verdicts])


def plain(rows: list[tuple[str, str]], folder: Path) -> Cost:
    """One bare interpreter a program, no isolation."""

    def run(row: tuple[str, str]) -> bool:
        program = f"{row[0]}\n{row[1]}".encode("utf-8", "surrogatepass")
        try:
            command = [sys.executable, "-I", "-S", "-"]
            return not subprocess.run(command, input=program, cwd=folder, capture_output=True, timeout=3).returncode
        except subprocess.TimeoutExpired:
            return False

    cpu, wall = cpu_seconds(), time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        passed = list(pool.map(run, rows))
    return cost(len(rows), cpu_seconds() - cpu, time.perf_counter() - wall, passed, [])


def official(rows: list[tuple[str, str]], harness: Harness) -> Cost:
    """The harness's own compute_code_eval."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    with Sandbox(harness.folders) as sandbox:
        judged = judge(harness, "py", rows, CORES, sandbox, "py")
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    return cost(len(rows), cpu, wall, [passed for passed, _ in judged], [said for _, said in judged])


def show(name: str, result: Cost) -> None:
    """One line of the table."""
    print(
        f"{name:<28} {len(result.passed):6} {result.cpu_ms:8.2f} {result.rate:8.1f} {result.cpu_seconds:7.1f} "
        f"{result.wall_seconds:7.1f} {sum(result.passed):6}"
    )


def compare(name: str, mine: Cost, theirs: Cost) -> tuple[int, int]:
    """Equal verdicts and how many there are; prints what differs."""
    equal = [ours == official for ours, official in zip(mine.passed, theirs.passed, strict=True)]
    for number, same in enumerate(equal):
        if not same:
            print(f"  {name} {number}: ours {mine.passed[number]} ({mine.said[number]!r:.100})")
    if theirs.said:
        same_text = sum(a[:400] == b[:400] for a, b in zip(mine.said, theirs.said, strict=True))
        print(f"  {name}: {sum(equal)} of {len(equal)} verdicts equal, {same_text} texts equal")
        for mine_said, their_said in zip(mine.said, theirs.said, strict=True):
            if mine_said[:400] != their_said[:400]:
                print(f"    text: ours {mine_said!r:.90}  theirs {their_said!r:.90}")
    return sum(equal), len(equal)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of few programs")
    parser.add_argument("--data-dir", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--harness", type=Path, help="a checkout of bigcode-evaluation-harness")
    parser.add_argument("--python", default=sys.executable, help="the harness's interpreter")
    arguments = parser.parse_args()
    repeats, rounds, mixed = (2, 1, 100) if arguments.quick else (10, 3, 328)
    harness = find_harness(arguments.harness, arguments.python) if arguments.harness else None
    sets = {"canonical": canonical(arguments.data_dir, repeats), "weak mix": mix(arguments.data_dir, mixed)}
    sets["odd"] = odd()
    print(f"{'':<28} programs   CPU ms  per sec   CPU s  wall s passed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fixed = ours(sets["canonical"][:1], folder).cpu_seconds
        measured = [ours(sets["canonical"], folder) for _ in range(rounds)]
        results = {"canonical": measured[0], **{key: ours(sets[key], folder) for key in ("weak mix", "odd")}}
        equal = [0, 0]
        for key, rows in sets.items():
            show(f"{key}, podium", results[key])
            reference = official(rows, harness) if harness else plain(rows, folder)
            show(f"{key}, {'harness' if harness else 'plain processes'}", reference)
            if harness or key != "odd":  # a plain process has other semantics there
                counts = compare(key, results[key], reference)
                equal = [total + more for total, more in zip(equal, counts, strict=True)]
    bound = results["weak mix"].cpu_seconds / CORES + 4.0
    print(f"weak mix: {results['weak mix'].wall_seconds:.1f} s, {results['weak mix'].wall_seconds / bound:.2f} x bound")
    count = len(sets["canonical"])
    marginal = [1000 * (result.cpu_seconds - fixed) / count for result in measured]
    print(f"a run of one program, self-tests included: {fixed:.1f} CPU s, left out of cpu_ms_per_program below")
    print(
        json.dumps(
            {
                "cpu_ms_per_program": round(statistics.median(marginal), 2),
                "programs_per_second": round(statistics.median(result.rate for result in measured), 1),
                "agreement": equal[0] / equal[1],
            }
        )
    )


if __name__ == "__main__":
    main()
