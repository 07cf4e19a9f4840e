"""Run the programs that have no verdict yet: equal ones once, several at a time, timeouts once more alone."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

import msgspec

from podium.records import Verdict, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from podium.execute.languages import Language, Mode
    from podium.execute.programs import Program
    from podium.execute.sandbox import Runner
    from podium.files import AppendLog
    from podium.progress import Report

BATCH_ROWS = 200
BATCH_SECONDS = 2.0
# What load on the machine can cause: not believed before a run alone shows the same.
DOUBTED = ("timed_out", "out_of_memory", "crashed")


class Pool:
    """Gives programs their verdicts and writes them to the log in batches."""

    def __init__(self, language: Language, mode: Mode, sandbox: Runner, log: AppendLog, report: Report) -> None:
        self._language, self._mode, self._sandbox, self._log, self._report = language, mode, sandbox, log, report
        self._limits = language.limits(mode)
        self._lines: list[bytes] = []
        self._written = time.monotonic()
        self._outcomes: Counter[str] = Counter()

    def run(self, programs: list[Program], known: Mapping[tuple[str, int], Verdict], workers: int) -> str:
        """Run all programs but those equal to one with a known verdict; returns a line about the outcomes."""
        samples: dict[str, list[Program]] = {}
        for program in programs:
            samples.setdefault(program.sha256, []).append(program)
        verdicts = {verdict.program_sha256: verdict for verdict in known.values()}
        try:
            for sha256 in samples.keys() & verdicts.keys():
                self._record(samples.pop(sha256), verdicts[sha256])
            doubted = self._run_together(samples, workers)
            if doubted:
                self._report.note(f"{len(doubted)} programs hung or died: each runs once more, alone, to be sure")
            for sha256 in doubted:
                self._record(samples[sha256], self._judge(samples[sha256][0]))
        finally:
            self._flush()
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self._outcomes.most_common())
        return f"{counts}; {len(samples)} distinct programs run"

    def _run_together(self, samples: dict[str, list[Program]], workers: int) -> list[str]:
        """Run distinct programs several at a time; returns the digests of those whose verdict is doubted."""
        doubted: list[str] = []
        pool = ThreadPoolExecutor(max_workers=workers)
        try:
            futures = [pool.submit(self._judge, same[0]) for same in samples.values()]
            for future in as_completed(futures):
                verdict = future.result()
                if verdict.outcome in DOUBTED:
                    doubted.append(verdict.program_sha256)
                else:
                    self._record(samples[verdict.program_sha256], verdict)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return doubted

    def _judge(self, program: Program) -> Verdict:
        run = self._language.prepare(program.text)
        completed = self._sandbox.run(
            run.command,
            files=run.files,
            limits=self._limits,
            grace_seconds=run.grace_seconds,
            resident=run.resident,
        )
        outcome, message = self._language.read(completed, self._mode)
        return Verdict(
            problem=program.problem,
            index=program.index,
            outcome=outcome,
            message=message,
            wall_seconds=round(completed.wall_seconds, 6),
            cpu_seconds=round(completed.cpu_seconds, 6),
            program_sha256=program.sha256,
        )

    def _record(self, programs: Iterable[Program], verdict: Verdict) -> None:
        """Note the verdict for every sample that is this program."""
        for program in programs:
            row = msgspec.structs.replace(verdict, problem=program.problem, index=program.index)
            self._lines.append(encode(row))
            self._outcomes[verdict.outcome] += 1
            self._report.advance(1, f"{self._outcomes['passed']} passed")
        if len(self._lines) >= BATCH_ROWS or time.monotonic() - self._written >= BATCH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        self._log.append(self._lines)
        self._lines.clear()
        self._written = time.monotonic()
