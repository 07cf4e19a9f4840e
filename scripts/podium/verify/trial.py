"""One task on trial: what no execution is needed for, then a random part of its programs, and more where that is due.

Writes a verdict log into the work folder; killed at any moment, the same seed continues there.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from podium.errors import RecordError, SandboxError, UnknownNameError
from podium.execute import ExecuteOptions, execute_programs
from podium.execute.programs import build_programs
from podium.protocol import pass_at_bounds, pass_at_k
from podium.records import LIMIT_OUTCOMES, Verdict, VerdictsHeader, VerifiedTask, read_rows
from podium.validate.rules.texts import INSTRUCT_TASKS
from podium.verify import chances
from podium.verify.draw import in_drawn_order

if TYPE_CHECKING:
    from pathlib import Path

    from podium.execute.programs import Program
    from podium.execute.sandbox import Runner
    from podium.progress import Progress
    from podium.records import Conclusion
    from podium.tasks import Task
    from podium.verify.submitted import Claim

# A part that fits its score so badly or worse is doubted, and a larger part executed.
DOUBTED = 0.25
# One that fits it so badly is refuted: a true score would be so in one of a million verifications.
REFUTED = 1e-6
# Fewer programs than this say next to nothing of a task, however small a part they are.
LEAST = 64
WHOLE_TOLERANCE = 1e-6
SCORE_TOLERANCE = 1e-9
UNSURE = {*LIMIT_OUTCOMES, "unavailable"}
SHOWN = 3


class TrialOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a task is executed first, which part, and where its verdicts are kept."""

    fraction: float
    seed: int
    work: Path
    n_samples: int
    workers: int | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Executed programs of a task, and how many of all are known by that: equal programs share their verdict."""

    executed: int = 0
    passed: int = 0
    unsure: int = 0
    known_passed: int = 0
    known_failed: int = 0
    passed_of: dict[str, int] = {}
    toolchain: dict[str, str] = {}


class Trial:
    """One task's claim, and the programs that prove it or not."""

    def __init__(self, claim: Claim, task: Task, options: TrialOptions) -> None:
        self._claim, self._task, self._options = claim, task, options
        self.refuted: list[str] = []
        self.undecided: list[str] = list(claim.faults)
        self.seen = Seen()
        self._is_stopped = False
        self._order: list[Program] = []
        self._check_scores()
        if claim.generations is not None and self._check_shape(claim.generations):
            self._check_prompts(claim.generations)
            programs = build_programs(task, claim.generations)
            self._order = in_drawn_order(programs, options.seed, task.name)

    @property
    def score(self) -> float | None:
        """The claim that the board would show."""
        return self._claim.grouped if self._claim.grouped is not None else self._claim.metrics.get("pass@1")

    @property
    def is_whole(self) -> bool:
        """Whether every program was executed."""
        return bool(self._order) and self.seen.executed == len(self._order)

    @property
    def probability(self) -> float | None:
        """The chance of a part that fits the claim no better; the unsure programs are counted in its favour."""
        seen, score = self.seen, self.score
        if score is None or not seen.executed:
            return None
        claimed = round(score * len(self._order))
        if not seen.known_passed <= claimed <= len(self._order) - seen.known_failed:
            return 0.0
        if self.is_whole:
            return 1.0
        favoured = min(max(round(score * seen.executed), seen.passed), seen.passed + seen.unsure)
        return chances.no_better(favoured, seen.executed, score)

    def _check_scores(self) -> None:
        """What the numbers alone refute: two files that differ, scores that no count of programs gives."""
        claim, programs = self._claim, len(self._task.problems) * self._options.n_samples
        metrics = claim.metrics.get("pass@1")
        if claim.grouped is None and not claim.metrics:
            self.undecided.append("no file claims a score for it")
        elif claim.grouped is None:
            self.undecided.append("the grouped file does not list it")
        elif metrics is not None and not math.isclose(claim.grouped, metrics, abs_tol=SCORE_TOLERANCE):
            self.refuted.append(f"the grouped file says {claim.grouped}, its metrics say {metrics}")
        for score in dict.fromkeys(score for score in (claim.grouped, metrics) if score is not None):
            if abs(score * programs - round(score * programs)) > WHOLE_TOLERANCE:
                self.refuted.append(f"{score} of {programs} programs is no whole number of them")
        self.refuted += impossible(claim.metrics, self._options.n_samples)

    def _check_shape(self, generations: list[list[str]]) -> bool:
        problems, n_samples = len(self._task.problems), self._options.n_samples
        wrong = [number for number, row in enumerate(generations) if len(row) != n_samples]
        if len(generations) != problems:
            self.refuted.append(f"there are generations for {len(generations)} problems, it has {problems}")
        elif wrong:
            row = generations[wrong[0]]
            more = f" (and {len(wrong) - 1} problems more)" if len(wrong) > 1 else ""
            name = self._task.problems[wrong[0]].id
            self.refuted.append(f"{name} has {len(row)} samples, the protocol asks for {n_samples}{more}")
        return len(generations) == problems and not wrong

    def _check_prompts(self, generations: list[list[str]]) -> None:
        """Every generation begins with the prompt of its problem, as the harness stores it."""
        foreign = [
            f"{problem.id}#{index}"
            for problem, row in zip(self._task.problems, generations, strict=True)
            for index, text in enumerate(row)
            if not text.lstrip().startswith(problem.prompt)
        ]
        if not foreign:
            return
        total = sum(map(len, generations))
        message = f"{len(foreign)} of {total} generations do not begin with their problem's prompt"
        if len(foreign) == total and self._task.name in INSTRUCT_TASKS:
            self.undecided.append(f"{message}: they may answer an instruct prompt, which the board allows there")
        else:
            self.refuted.append(f"{message}: {', '.join(foreign[:SHOWN])}")

    @property
    def can_go_on(self) -> bool:
        """Whether more of its programs can be executed."""
        return bool(self.seen.executed) and not self.is_whole and not self._is_stopped

    @property
    def wants_more(self) -> bool:
        """Whether what was executed leaves a doubt that more programs can end."""
        probability = self.probability
        return self.can_go_on and probability is not None and REFUTED <= probability < DOUBTED

    def begin(self, sandbox: Runner, report: Progress) -> None:
        """Execute the part that was asked for, or `LEAST`; a language that cannot run here leaves it undecided."""
        if self._order:
            part = math.ceil(len(self._order) * self._options.fraction)
            self._execute(max(part, LEAST), sandbox, report)

    def go_on(self, sandbox: Runner, report: Progress) -> None:
        """Execute twice as much."""
        self._execute(2 * self.seen.executed, sandbox, report)

    def _execute(self, count: int, sandbox: Runner, report: Progress) -> None:
        options, path = self._options, self._options.work / f"{self._task.name}.{self._options.seed}.jsonl"
        count = min(max(count, self._known(path)), len(self._order))
        try:
            header = execute_programs(
                ExecuteOptions(workers=options.workers),
                self._task,
                self._order[:count],
                options.n_samples,
                self._claim.generations_sha256,
                sandbox,
                path,
                report,
            )
        except (SandboxError, UnknownNameError) as err:
            self.undecided.append(f"its programs cannot be executed here: {err}; {err.hint}")
            self._is_stopped = True
            return
        self.seen = _seen(path, header, self._order)

    def _known(self, path: Path) -> int:
        """How long a beginning of the order an earlier, perhaps interrupted, verification had begun to execute."""
        if not path.exists():
            return 0
        places = {(program.problem, program.index): place for place, program in enumerate(self._order, 1)}
        try:
            header, rows = read_rows(path, VerdictsHeader, Verdict)
        except RecordError:  # it is moved aside, with a note, when execution begins
            return 0
        if header.generations_sha256 != self._claim.generations_sha256:
            return 0
        return max((places.get((row.problem, row.index), 0) for row in rows), default=0)

    def conclude(self) -> VerifiedTask:
        """What the trial came to."""
        self._judge()
        seen = self.seen
        found = seen.passed / seen.executed if seen.executed else None
        conclusion: Conclusion = "refuted" if self.refuted else "undecided" if self.undecided else "verified"
        return VerifiedTask(
            task=self._task.name,
            programs=len(self._order),
            executed=seen.executed,
            passed=seen.passed,
            unsure=seen.unsure,
            grouped=self._claim.grouped,
            metrics=self._claim.metrics,
            found=found,
            difference=self._difference(found),
            probability=self.probability,
            hidden=self._hidden(),
            conclusion=conclusion,
            reasons=[*self.refuted, *self.undecided],
            toolchain=seen.toolchain,
        )

    def _difference(self, found: float | None) -> float | None:
        if found is None or self.score is None:
            return None
        difference = found - self.score
        return 0.0 if abs(difference) < SCORE_TOLERANCE else difference

    def _judge(self) -> None:
        seen, probability = self.seen, self.probability
        if probability is None:
            return
        if probability < REFUTED:
            part = "all" if self.is_whole else f"{seen.executed} of {len(self._order)}"
            self.refuted.append(f"of {part} programs {seen.passed} passed; a score of {self.score} does not fit that")
        elif self.is_whole:
            self._compare_whole()
        elif probability < DOUBTED:
            self.undecided.append("the part that was executed fits the score badly, and no larger part could be")
        elif seen.unsure and chances.no_better(seen.passed, seen.executed, self.score or 0.0) < DOUBTED:
            self.undecided.append(f"{seen.unsure} programs met a limit of this machine, and the score depends on them")

    def _compare_whole(self) -> None:
        """Every program was executed: the scores are the found ones to the last digit."""
        seen, n_samples = self.seen, self._options.n_samples
        if seen.unsure:
            if round((self.score or 0.0) * len(self._order)) != seen.passed:
                message = f"{seen.unsure} programs met a limit of this machine, and the score depends on them"
                self.undecided.append(message)
            return
        for name, said in self._claim.metrics.items():
            counts = [seen.passed_of.get(problem.id, 0) for problem in self._task.problems]
            k = int(name.partition("@")[2])
            found = math.fsum(pass_at_k(n_samples, count, k) for count in counts) / len(counts)
            if not math.isclose(said, found, abs_tol=SCORE_TOLERANCE):
                self.refuted.append(f"{name} is said to be {said}, all programs give {found}")

    def _hidden(self) -> float:
        """How much of the claimed pass@1 may be untrue without what was seen being unlikely (95 %)."""
        seen, score, programs = self.seen, self.score, len(self._order)
        if score is None:
            return 0.0
        if not seen.executed:
            return score
        lowest = seen.known_passed / programs
        if not self.is_whole:
            lowest = max(lowest, chances.least(seen.passed, seen.executed))
        return max(0.0, score - lowest)


def impossible(metrics: dict[str, float], n_samples: int) -> list[str]:
    """Pairs of pass@1 and pass@k that no verdicts give."""
    said = []
    single = metrics.get("pass@1")
    for name, score in metrics.items():
        k = int(name.partition("@")[2])
        if k > n_samples:
            said.append(f"{name} is claimed over {n_samples} samples")
        elif single is not None and k > 1:
            low, high = pass_at_bounds(n_samples, single, k)
            if not low - SCORE_TOLERANCE <= score <= high + SCORE_TOLERANCE:
                said.append(f"{name} {score} does not go with pass@1 {single}: it would lie between that and {high}")
    return said


def _seen(path: Path, header: VerdictsHeader, order: list[Program]) -> Seen:
    _, rows = read_rows(path, VerdictsHeader, Verdict)
    passed = {row.program_sha256 for row in rows if row.outcome == "passed"}
    unsure = {row.program_sha256 for row in rows if row.outcome in UNSURE}
    failed = {row.program_sha256 for row in rows} - passed - unsure
    return Seen(
        executed=len(rows),
        passed=sum(row.outcome == "passed" for row in rows),
        unsure=sum(row.outcome in UNSURE for row in rows),
        known_passed=sum(program.sha256 in passed for program in order),
        known_failed=sum(program.sha256 in failed for program in order),
        passed_of=dict(Counter(row.problem for row in rows if row.outcome == "passed")),
        toolchain=header.packages | header.toolchain,
    )
