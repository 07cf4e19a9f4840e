"""The pool: how many programs run at once, and which timeouts are believed."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.execute.jobs import Completed
from podium.execute.pool import SLEEPERS_TOGETHER, Pool, Workers
from podium.execute.programs import Program
from podium.execute.slots import IdleCores, Slots
from podium.files import AppendLog, sha256_bytes
from podium.progress import SilentProgress
from podium.records import SandboxFacts, Verdict, decode
from podium.tasks import Task

if TYPE_CHECKING:
    from pathlib import Path

    from podium.execute.jobs import Job
    from podium.execute.pool import Summary

WALL = 15.0
TASK = Task(name="t", language="pl", problems=[], stop=[], data_sha256="d" * 64, problems_in_task=0)
HUNG = Completed(
    exit_code=None, signal=9, stdout=b"", stderr=b"", result=None, timed_out=True, output_exceeded=False,
    memory_exceeded=False, wall_seconds=WALL, cpu_seconds=0.0,
)  # fmt: skip
PASSED = msgspec.structs.replace(HUNG, exit_code=0, signal=None, timed_out=False)


class Scripted:
    """Answers a program by the share of a core in its text, the second time by what follows; counts who runs beside."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.active, self.most = seconds, 0, 0
        self.beside: dict[str, list[int]] = {}
        self._lock = threading.Lock()

    def facts(self) -> SandboxFacts:
        return SandboxFacts(isolated=True, layers=[], missing=[])

    def close(self) -> None:
        pass

    def root_of(self, provisions: str) -> Path | None:
        return None

    def run(self, job: Job) -> Completed:
        share, again, _ = next(iter(job.files.values())).decode().split()
        with self._lock:
            self.active += 1
            self.most = max(self.most, self.active)
        time.sleep(self.seconds)
        with self._lock:
            key = f"{share} {again}"
            seen = self.beside.setdefault(key, [])
            seen.append(self.active)
            self.active -= 1
            if again == "pass" and len(seen) > 1:
                return PASSED
        return msgspec.structs.replace(HUNG, cpu_seconds=float(share) * WALL, busy_share=float(share))


def run(tmp_path: Path, texts: list[str], sandbox: Scripted, workers: Workers) -> tuple[Summary, list[str]]:
    programs = [
        Program(problem="P", index=index, text=text.encode(), sha256=sha256_bytes(text.encode()))
        for index, text in enumerate(texts)
    ]
    log = AppendLog(tmp_path / "log")
    with log:
        summary = Pool(TASK, "parity", sandbox, log, SilentProgress()).run(programs, {}, workers)
    rows = [decode(line, Verdict, "log") for line in (tmp_path / "log").read_bytes().splitlines()]
    return summary, [row.outcome for row in sorted(rows, key=lambda row: row.index)]


TWO = Workers(least=2, most=2, idle_cores=lambda: 0.0)


def test_timeout_of_a_program_that_was_busy_all_the_time_is_believed(tmp_path: Path) -> None:
    sandbox = Scripted()
    summary, outcomes = run(tmp_path, ["0.97 pass 1"], sandbox, TWO)
    assert outcomes == ["timed_out"]
    assert len(sandbox.beside["0.97 pass"]) == 1
    assert summary.run_again == 0


def test_timeout_of_a_starved_program_is_not_believed_and_the_change_is_counted(tmp_path: Path) -> None:
    sandbox = Scripted()
    summary, outcomes = run(tmp_path, ["0.6 pass 1", "0.5 hang 2"], sandbox, TWO)
    assert outcomes == ["passed", "timed_out"]
    assert (summary.run_again, summary.changed) == (2, 1)
    assert "1 of 2 doubtful verdicts changed" in str(summary)


def test_starved_programs_run_again_alone_on_two_cores(tmp_path: Path) -> None:
    sandbox = Scripted(seconds=0.02)
    run(tmp_path, [f"0.5 hang {i}" for i in range(4)], sandbox, TWO)
    assert sandbox.beside["0.5 hang"][4:] == [1, 1, 1, 1]


def test_starved_programs_run_again_on_half_of_many_cores_and_alone_if_still_in_doubt(tmp_path: Path) -> None:
    sandbox = Scripted(seconds=0.02)
    run(tmp_path, [f"0.5 hang {i}" for i in range(8)], sandbox, Workers(least=8, most=8, idle_cores=lambda: 0.0))
    assert max(sandbox.beside["0.5 hang"][8:16]) <= 4
    assert sandbox.beside["0.5 hang"][16:] == [1] * 8


def test_sleepers_run_again_side_by_side(tmp_path: Path) -> None:
    sandbox = Scripted(seconds=0.05)
    _, outcomes = run(tmp_path, [f"0.001 hang {i}" for i in range(20)], sandbox, TWO)
    assert outcomes == ["timed_out"] * 20
    assert 2 < sandbox.most <= SLEEPERS_TOGETHER


def test_idle_cores_admit_more_programs_and_busy_ones_do_not(tmp_path: Path) -> None:
    texts = [f"0.95 hang {i}" for i in range(40)]
    idle, busy = Scripted(seconds=0.2), Scripted(seconds=0.05)
    run(tmp_path, texts, idle, Workers(least=2, most=32, idle_cores=lambda: 4.0))
    (tmp_path / "log").unlink()
    run(tmp_path, texts[:10], busy, Workers(least=2, most=32, idle_cores=lambda: 0.1))
    assert idle.most > 8
    assert busy.most == 2


def test_saved_runs_are_reported(tmp_path: Path) -> None:
    summary, outcomes = run(tmp_path, ["0.95 hang 1"] * 5, Scripted(), TWO)
    assert outcomes == ["timed_out"] * 5
    assert "1 distinct programs run, 4 runs saved" in str(summary)


def test_idle_cores_are_counted_from_what_the_kernel_says(tmp_path: Path) -> None:
    stat, times = tmp_path / "stat", iter([10.0, 10.001, 12.0])
    stat.write_text("cpu  1 2 3 1000 50 0 0\ncpu0 1 1 1 1 1\n")
    idle = IdleCores(stat, lambda: next(times))
    stat.write_text("cpu  1 2 3 1280 70 0 0\n")
    assert idle() == 0.0
    assert idle() == pytest.approx(1.5)


def test_machine_that_says_nothing_counts_as_busy(tmp_path: Path) -> None:
    assert IdleCores(tmp_path / "absent")() == 0.0


def test_slots_never_exceed_their_most() -> None:
    slots, running, most = Slots(1, 3, lambda: 100.0), 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with slots:
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.12)
            with lock:
                running -= 1

    threads = [threading.Thread(target=work) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
