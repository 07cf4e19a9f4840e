"""What a program of each language costs in the sandbox, and whether verdicts equal the official harness's.

Prints a table and, as its last line, {"cpu_ms_sum_plain", "cpu_ms_sum_fast", "languages", "agreement"} as JSON. Plain
are the harness's own commands; the second sum is the same as long as no language has a quicker way. `agreement` is the
share of equal passes with the harness's evaluators (`--harness CHECKOUT`), without it with what the case files say.
Programs are the case files of tests/examples/programs, and mutations of their right solutions.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from podium.cli.roots import roots_of
from podium.errors import SandboxError
from podium.execute.languages import LANGUAGES, judge, language_named
from podium.execute.languages.safe_subprocess import READ_BYTES, READS_A_SECOND
from podium.execute.programs import encode_program
from podium.execute.provisions import provisions_named
from podium.execute.provisions.checks import look
from podium.execute.sandbox import Sandbox
from podium.protocol import BOARD_SAMPLING
from podium.tasks.table import TASKS

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.bench.parts.evaluators import Answer, ask, evaluator
from tests.bench.parts.mutations import mutations, sample
from tests.bench.parts.programs import canonical
from tests.unit.execute.languages.cases import DATA, EXAMPLES, generation_of, program_of, read_cases, task_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed, Job
    from podium.records import Limits, Outcome

ROOT = Path(__file__).resolve().parents[2]
COSTS = ROOT / "scripts" / "podium" / "plan" / "costs.toml"
HOUR = 3600.0
CORES = 2
QUICK_CASES, MUTATIONS = 6, 3
TOLD_EVERY = 25


class Program(NamedTuple):
    """A program, where it comes from, and the outcome that its case file gives."""

    text: bytes
    origin: str
    wanted: Outcome | None


class Verdict(NamedTuple):
    """What we say of a program."""

    outcome: Outcome
    status: str

    @property
    def passed(self) -> bool:
        """As it is counted."""
        return self.outcome == "passed"


@dataclass
class Result:
    """One language: CPU milliseconds a right program, and what came of comparing."""

    cpu_ms: float
    compared: int = 0
    harness_passes: int = 0
    our_passes: int = 0
    differing: list[str] = field(default_factory=list)
    other_status: Counter[str] = field(default_factory=Counter)

    def note(self, program: Program, mine: Verdict, theirs: Answer, *, has_status: bool) -> None:
        """Count one program."""
        self.compared += 1
        self.our_passes += mine.passed
        self.harness_passes += theirs.passed
        if mine.passed != theirs.passed:
            self.differing.append(f"{program.origin}: ours {mine.outcome} ({mine.status}), theirs {theirs.status}")
        elif has_status and mine.status != theirs.status:
            self.other_status[f"{theirs.status} there, {mine.status} here ({mine.outcome})"] += 1


def cpu_seconds() -> float:
    """CPU of this process and all it has waited for."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def right_cases(language: str) -> list[Case]:
    """Those whose verdicts cost what a right program costs."""
    return [case for case in read_cases(language) if case.variant == "right"]


def right_programs(language: str, quick: bool) -> list[bytes]:
    """Right solutions: ours, for Python the published ones."""
    if language == "py":
        return [encode_program(f"{row[0]}\n{row[1]}") for row in canonical(DATA, 1)][: 20 if quick else None]
    cases = right_cases(language)
    return [program_of(case) for case in cases][: QUICK_CASES if quick else None]


def programs(language: str, quick: bool) -> list[Program]:
    """Every case, and mutations of the right ones; distinct."""
    found: dict[bytes, Program] = {}
    cases = read_cases(language) if language != "py" else []
    few = [case for case in cases if case.variant != "right"] + right_cases(language)[:QUICK_CASES] if cases else []
    chosen = few if quick else cases
    for case in chosen:
        found.setdefault(program_of(case), Program(program_of(case), str(case), case.wanted["parity"]))
    for seed, case in enumerate([case for case in chosen if case.variant == "right"]):
        for program in _mutated(case, seed, 1 if quick else MUTATIONS):
            found.setdefault(program.text, program)
    return list(found.values())


def _mutated(case: Case, seed: int, count: int) -> Iterator[Program]:
    prompt = generation_of(case).removesuffix(case.completion)
    tests = next(problem.tests for problem in task_of(case.language).problems if problem.id == case.problem)
    for mutation in sample(mutations(case.completion, case.language), count, seed):
        text = encode_program(f"{prompt}{mutation.completion}\n{tests}")
        yield Program(text, f"{case}, {mutation.kind}", None)


def ours(sandbox: Sandbox, language: str, program: bytes, patience: int = 1) -> Verdict:
    """What the stage would say, with so many times the harness's time."""

    def run(job: Job) -> Completed:
        steps = [msgspec.structs.replace(step, limits=_extended(step.limits, patience)) for step in job.steps]
        return sandbox.run(msgspec.structs.replace(job, steps=steps, provisions=language))

    _, outcome, status = judge(language_named(language), program, "parity", run)
    return Verdict(outcome, status)


def _extended(limits: Limits, patience: int) -> Limits:
    """Longer time, and the output that the harness reads more in it."""
    more = limits.wall_seconds * (patience - 1)
    return msgspec.structs.replace(
        limits,
        wall_seconds=limits.wall_seconds + more,
        cpu_seconds=limits.cpu_seconds + more,
        output_bytes=limits.output_bytes + int(more * READS_A_SECOND) * READ_BYTES,
    )


def cost(language: str, roots: Mapping[str, Path], quick: bool, patience: int) -> float:
    """CPU milliseconds a right program: commands, isolation and our own work, one program after another."""
    texts = right_programs(language, quick)
    with Sandbox(roots=roots) as sandbox:  # caches of the system, not of programs
        ours(sandbox, language, texts[0], patience)
    began = cpu_seconds()
    with Sandbox(roots=roots) as sandbox:
        wrong = [number for number, text in enumerate(texts) if not ours(sandbox, language, text, patience).passed]
    if wrong:
        print(f"  {language}: {len(wrong)} of {len(texts)} right solutions do not pass", flush=True)
    return 1000 * (cpu_seconds() - began) / len(texts)


def expected(program: Program) -> Answer | None:
    """What the case file says, in the harness's form."""
    if program.wanted is None:
        return None
    return Answer("OK", 0) if program.wanted == "passed" else Answer(program.wanted, 1)


def compare(language: str, roots: Mapping[str, Path], harness: Path | None, quick: bool, patience: int) -> Result:
    """Judge programs of a language by both; again where they differ, since time on a busy machine is no verdict."""
    result = Result(cpu_ms=cost(language, roots, quick, patience))
    with Sandbox(roots=roots) as sandbox, ExitStack() as stack:
        process = stack.enter_context(evaluator(harness, language, roots, patience)) if harness else None
        for program in programs(language, quick):
            theirs = ask(process, program.text) if process else expected(program)
            if theirs is None:
                continue
            mine = ours(sandbox, language, program.text, patience)
            if mine.passed != theirs.passed or (process and mine.status != theirs.status):
                theirs = ask(process, program.text) if process else theirs
                mine = ours(sandbox, language, program.text, patience)
            result.note(program, mine, theirs, has_status=process is not None)
            if result.compared % TOLD_EVERY == 0:
                print(f"{language}: {result.compared} programs, {len(result.differing)} differ", file=sys.stderr)
    return result


def show(language: str, result: Result) -> None:
    """One line of the table, then what differs."""
    print(
        f"{language:<8} {result.cpu_ms:8.1f} {result.compared:9} {result.harness_passes:8} {result.our_passes:8} "
        f"{len(result.differing):8} {sum(result.other_status.values()):8} {full_hours(language, result.cpu_ms):8.2f}",
        flush=True,
    )
    for line in result.differing:
        print(f"  differs: {line}")
    for line, count in result.other_status.most_common():
        print(f"  {count} times the status {line}")


def full_hours(language: str, cpu_ms: float) -> float:
    """CPU hours of the board's task in a language, were all its programs distinct."""
    task = TASKS["humaneval" if language == "py" else f"multiple-{language}"]
    return task.count * BOARD_SAMPLING.n_samples * cpu_ms / 1000 / HOUR


def missing(language: str, roots: Mapping[str, Path]) -> str:
    """Why a language cannot be measured here; empty if it can."""
    if language != "py" and not (EXAMPLES / language).is_dir():
        return f"no programs in {EXAMPLES / language}"
    with Sandbox(roots=roots) as sandbox:
        try:
            look(provisions_named(language), sandbox)
        except SandboxError as err:
            return str(err)
    return ""


def record_costs(results: Mapping[str, Result]) -> None:
    """Write the measured times into the table that `podium plan` reads."""
    text = COSTS.read_text(encoding="utf-8")
    for language, result in results.items():
        line = f"{language} = {result.cpu_ms / 1000:.3g}"
        text, count = re.subn(rf"^{language} = .*$", line, text, count=1, flags=re.MULTILINE)
        if not count:
            text = text.replace("[execute]\n", f"[execute]\n{line}\n")
    COSTS.write_text(text, encoding="utf-8")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few programs a language")
    parser.add_argument("--lang", default="", help="only these languages, comma-separated")
    parser.add_argument("--harness", type=Path, help="a checkout of bigcode-evaluation-harness")
    parser.add_argument("--root", action="append", default=[], help="LANGUAGE=FOLDER, as for podium")
    parser.add_argument("--patience", type=int, default=1, help="so many times the harness's limits, on both sides")
    parser.add_argument("--record", action="store_true", help="write the times into the table of podium plan")
    arguments = parser.parse_args()
    roots = roots_of(tuple(arguments.root), None, Path())
    results: dict[str, Result] = {}
    print("language   CPU ms  compared  harness     ours  differ   status  full run, CPU hours", flush=True)
    for language in arguments.lang.split(",") if arguments.lang else LANGUAGES:
        if why := missing(language, roots):
            print(f"{language:<8} skipped: {why}", flush=True)
            continue
        results[language] = compare(language, roots, arguments.harness, arguments.quick, arguments.patience)
        show(language, results[language])
    if arguments.record:
        record_costs(results)
    hours = sum(full_hours(language, result.cpu_ms) for language, result in results.items())
    print(f"{len(results)} languages, {hours:.1f} CPU hours, {hours / CORES:.1f} hours on {CORES} cores")
    compared = sum(result.compared for result in results.values())
    total = round(sum(result.cpu_ms for result in results.values()), 1)
    summary = {
        "cpu_ms_sum_plain": total,
        "cpu_ms_sum_fast": total,
        "languages": sorted(results),
        "agreement": sum(result.compared - len(result.differing) for result in results.values()) / max(compared, 1),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
