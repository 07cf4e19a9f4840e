"""Run the programs that have no verdict yet: equal ones once, as many at a time as cores allow, doubtful ones again.

A "timed out" of a program that was busy nearly all the time is believed: waiting was not what it lacked. The others
run once more where nothing can disturb them.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

import msgspec

from podium.execute.languages import judge, language_named
from podium.execute.slots import Slots
from podium.records import Verdict, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.execute.programs import Program
    from podium.execute.sandbox import Runner
    from podium.files import AppendLog
    from podium.progress import Progress
    from podium.records import Outcome
    from podium.tasks import Task

BATCH_ROWS = 200
BATCH_SECONDS = 2.0
# What load on the machine can cause: not believed before a run alone shows the same.
DOUBTED = ("timed_out", "out_of_memory", "crashed")
BUSY_SHARE = 0.9
# A program that used less of a core than this slept on its own account: many of them do not disturb each other.
ASLEEP_SHARE = 0.02
SLEEPERS_TOGETHER = 16


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """How many programs run at once: `least` always, up to `most` while `idle_cores()` says that cores are idle."""

    least: int
    most: int
    idle_cores: Callable[[], float]


class Summary(msgspec.Struct, kw_only=True):
    """What a run of the pool came to."""

    outcomes: Counter[str]
    samples: int = 0
    distinct: int = 0
    run_again: int = 0
    changed: int = 0

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        text = f"{counts}; {self.distinct} distinct programs run, {self.samples - self.distinct} runs saved"
        return text + (f"; {self.changed} of {self.run_again} doubtful verdicts changed" if self.run_again else "")


class Pool:
    """Gives programs their verdicts and writes them to the log in batches."""

    def __init__(self, task: Task, mode: Mode, sandbox: Runner, log: AppendLog, report: Progress) -> None:
        self._language, self._provisions = language_named(task.language), task.provisions_name
        self._mode, self._sandbox, self._log, self._report = mode, sandbox, log, report
        self._busy: dict[str, float] = {}
        self._lines: list[bytes] = []
        self._written = time.monotonic()
        self._summary = Summary(outcomes=Counter())

    def run(self, programs: list[Program], known: Mapping[tuple[str, int], Verdict], workers: Workers) -> Summary:
        """Run all programs but those equal to one with a known verdict."""
        samples: dict[str, list[Program]] = {}
        for program in programs:
            samples.setdefault(program.sha256, []).append(program)
        verdicts = {verdict.program_sha256: verdict for verdict in known.values()}
        self._summary.samples = len(programs)
        try:
            for sha256 in samples.keys() & verdicts.keys():
                self._record(samples.pop(sha256), verdicts[sha256])
            self._summary.distinct = len(samples)
            doubted = self._run_together(samples, Slots(workers.least, workers.most, workers.idle_cores))
            self._run_again(samples, doubted, workers.least)
        finally:
            self._flush()
        return self._summary

    def _run_together(self, samples: dict[str, list[Program]], slots: Slots) -> list[Verdict]:
        """Run distinct programs several at a time; returns the verdicts that are doubted."""
        doubted: list[Verdict] = []
        for verdict in self._judge_all([same[0] for same in samples.values()], slots):
            if self._is_doubted(verdict):
                doubted.append(verdict)
            else:
                self._record(samples[verdict.program_sha256], verdict)
        return doubted

    def _is_doubted(self, verdict: Verdict) -> bool:
        if verdict.outcome == "timed_out":
            return self._busy[verdict.program_sha256] < BUSY_SHARE
        return verdict.outcome in DOUBTED

    def _run_again(self, samples: dict[str, list[Program]], doubted: list[Verdict], cores: int) -> None:
        """Run programs with doubted verdicts once more: sleepers side by side, others on half the cores, then alone."""
        if not doubted:
            return
        self._report.note(f"{len(doubted)} programs hung or died: each runs once more, undisturbed, to be sure")
        self._summary.run_again = len(doubted)
        first = {verdict.program_sha256: verdict.outcome for verdict in doubted}
        asleep = [verdict for verdict in doubted if self._is_asleep(verdict)]
        others = [verdict for verdict in doubted if not self._is_asleep(verdict)]
        self._believe(samples, first, self._repeat(samples, asleep, SLEEPERS_TOGETHER))
        if cores > 2:
            several = list(self._repeat(samples, others, cores // 2))
            others = [verdict for verdict in several if self._is_doubted(verdict)]
            self._believe(samples, first, (verdict for verdict in several if not self._is_doubted(verdict)))
        self._believe(samples, first, self._repeat(samples, others, 1))

    def _repeat(self, samples: dict[str, list[Program]], verdicts: list[Verdict], together: int) -> Iterable[Verdict]:
        programs = [samples[verdict.program_sha256][0] for verdict in verdicts]
        return self._judge_all(programs, Slots(together, together, lambda: 0.0))

    def _believe(
        self, samples: dict[str, list[Program]], first: dict[str, Outcome], verdicts: Iterable[Verdict]
    ) -> None:
        for verdict in verdicts:
            self._summary.changed += verdict.outcome != first[verdict.program_sha256]
            self._record(samples[verdict.program_sha256], verdict)

    def _is_asleep(self, verdict: Verdict) -> bool:
        return verdict.outcome == "timed_out" and self._busy[verdict.program_sha256] < ASLEEP_SHARE

    def _judge_all(self, programs: list[Program], slots: Slots) -> Iterable[Verdict]:
        """Verdicts in the order in which programs end."""

        def judge(program: Program) -> Verdict:
            with slots:
                return self._judge(program)

        pool = ThreadPoolExecutor(max_workers=slots.most)
        try:
            for future in as_completed([pool.submit(judge, program) for program in programs]):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _judge(self, program: Program) -> Verdict:
        completed, outcome, message = judge(self._language, program.text, self._mode, self._run_once)
        self._busy[program.sha256] = completed.busy_share
        return Verdict(
            problem=program.problem,
            index=program.index,
            outcome=outcome,
            message=message,
            wall_seconds=round(completed.wall_seconds, 6),
            cpu_seconds=round(completed.cpu_seconds, 6),
            program_sha256=program.sha256,
        )

    def _run_once(self, job: Job) -> Completed:
        return self._sandbox.run(msgspec.structs.replace(job, provisions=self._provisions))

    def _record(self, programs: Iterable[Program], verdict: Verdict) -> None:
        """Note the verdict for every sample that is this program."""
        for program in programs:
            row = msgspec.structs.replace(verdict, problem=program.problem, index=program.index)
            self._lines.append(encode(row))
            self._summary.outcomes[verdict.outcome] += 1
            self._report.advance(1, f"{self._summary.outcomes['passed']} passed")
        if len(self._lines) >= BATCH_ROWS or time.monotonic() - self._written >= BATCH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        self._log.append(self._lines)
        self._lines.clear()
        self._written = time.monotonic()
