"""The stage: equal programs once, timeouts twice, resume, files of other work, missing samples, the self-test."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.errors import IncompleteError, RecordError, SandboxError, UsageError
from podium.execute import ExecuteOptions, execute
from podium.execute.jobs import Completed
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.execute.selftest import GUARDS, Guard, guards_of, try_guard
from podium.progress import SilentProgress
from podium.records import SandboxFacts, Verdict, VerdictsHeader, encode, read_rows
from podium.tasks import Problem, Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.execute.jobs import Job
    from podium.execute.sandbox import Runner

TASK = Task(
    name="demo-sh",
    language="sh",
    problems=[Problem(id=f"P/{i}", prompt="", tests=f"# test {i}") for i in range(3)],
    stop=[],
    data_sha256="d" * 64,
    problems_in_task=3,
    provisions="demo-sh",
)
SHA256 = "a" * 64
GENERATIONS = [["right", "wrong"], ["right", "right"], ["hang", "slow"]]
ENDED = Completed(
    exit_code=0, signal=None, stdout=b"tool 1.0\n", stderr=b"", result=None, timed_out=False, output_exceeded=False,
    memory_exceeded=False, wall_seconds=0.1, cpu_seconds=0.1,
)  # fmt: skip
FAILED = msgspec.structs.replace(ENDED, exit_code=1)
HUNG = msgspec.structs.replace(ENDED, exit_code=None, signal=9, timed_out=True)


class FakeRunner:
    """Runs nothing: looks for words in the program. `slow` hangs the first time only; `watch` sees every run."""

    def __init__(self, watch: Callable[[str], None] = lambda _: None) -> None:
        self.runs: Counter[str] = Counter()
        self.active = 0
        self.together_with_rerun: list[int] = []
        self.floods = True
        self.provided = msgspec.structs.replace(ENDED, stdout=b"version bash GNU bash 5\nzone UTC\nend\n")
        self.probe_breaks, self.guard_result = "", "\npassed"
        self._watch, self._lock = watch, threading.Lock()

    def facts(self) -> SandboxFacts:
        """Claim isolation."""
        return SandboxFacts(isolated=True, layers=["fake"], missing=[])

    def close(self) -> None:
        """Nothing to end."""

    def root_of(self, provisions: str) -> Path | None:
        """This machine's own."""
        return None

    def run(self, job: Job) -> Completed:
        """Answer by what the program says."""
        text = b"".join(job.files.values()).decode()
        command = job.steps[0].command
        with self._lock:
            self.active += 1
            self.runs[text] += 1
            if self.runs[text] > 1:
                self.together_with_rerun.append(self.active)
        try:
            self._watch(text)
            if text.startswith("# provisions"):
                return self.provided
            if "-nv" in command:
                return msgspec.structs.replace(ENDED, stderr=b"" if "b ]]" in text else text.encode())
            return self._answer(text or " ".join(command), driver=job.driver)
        finally:
            with self._lock:
                self.active -= 1

    def _answer(self, text: str, *, driver: str) -> Completed:
        if driver:
            return msgspec.structs.replace(ENDED, result=self.guard_result)
        if "flood" in text:
            return msgspec.structs.replace(ENDED, output_exceeded=self.floods)
        if "printf" in text:
            return msgspec.structs.replace(ENDED, stdout=b"\xff\xfe\x00x" if self.floods else b"x")
        if "answer()" in text:
            return self._probe(text)
        if "hang" in text or ("slow" in text and self.runs[text] == 1):
            return HUNG
        return FAILED if "wrong" in text else ENDED

    def _probe(self, text: str) -> Completed:
        if "while" in text:
            return HUNG
        if "\nfi\n" in text:
            return msgspec.structs.replace(FAILED, stderr=b"syntax error")
        return FAILED if "echo 41" in text or self.probe_breaks in text.split() else ENDED


def run_stage(
    output: Path,
    runner: Runner,
    *,
    generations: list[list[str]] = GENERATIONS,
    sha256: str = SHA256,
    report: SilentProgress | None = None,
    task: Task = TASK,
) -> VerdictsHeader:
    return execute(ExecuteOptions(workers=2), task, generations, sha256, runner, output, report or SilentProgress())


def outcomes(path: Path) -> list[tuple[str, int, str]]:
    _, rows = read_rows(path, VerdictsHeader, Verdict)
    return [(row.problem, row.index, row.outcome) for row in rows]


WANTED = [
    ("P/0", 0, "passed"),
    ("P/0", 1, "failed"),
    ("P/1", 0, "passed"),
    ("P/1", 1, "passed"),
    ("P/2", 0, "timed_out"),
    ("P/2", 1, "passed"),
]


def test_every_sample_has_a_verdict_in_order(tmp_path: Path) -> None:
    header = run_stage(tmp_path / "v.jsonl", FakeRunner())
    assert outcomes(tmp_path / "v.jsonl") == WANTED
    assert (header.task, header.n_samples, header.problems) == ("demo-sh", 2, ["P/0", "P/1", "P/2"])
    assert header.toolchain == {"bash": "tool 1.0", "time zone": "UTC"}
    assert (header.packages, header.root, header.differences) == ({}, "", [])
    assert [check.ok for check in header.self_test] == [True] * 24
    assert [check.name.endswith(", afterwards") for check in header.self_test] == [False] * 12 + [True] * 12
    assert header.sandbox.layers == ["fake"]


def test_equal_programs_run_once_and_hung_ones_once_more_alone(tmp_path: Path) -> None:
    runner = FakeRunner()
    run_stage(tmp_path / "v.jsonl", runner)
    assert runner.runs["right\n# test 1"] == 1
    assert runner.runs["hang\n# test 2"] == 2
    assert runner.runs["slow\n# test 2"] == 2


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run_stage(tmp_path / name, FakeRunner())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_complete_file_is_left_alone_and_nothing_runs(tmp_path: Path) -> None:
    path, runner, report = tmp_path / "v.jsonl", FakeRunner(), SilentProgress()
    first = run_stage(path, FakeRunner())
    before = path.stat()
    assert run_stage(path, runner, report=report) == first
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert sum(runner.runs.values()) == 2  # the tool's version, and what programs may use
    assert "nothing to do" in report.notes[0]


@pytest.mark.parametrize("cut", range(0, 2200, 37))
def test_file_cut_anywhere_is_continued_to_the_same_bytes(tmp_path: Path, cut: int) -> None:
    whole, path = tmp_path / "whole", tmp_path / "v.jsonl"
    run_stage(whole, FakeRunner())
    path.write_bytes(whole.read_bytes()[:cut])
    run_stage(path, FakeRunner())
    assert path.read_bytes() == whole.read_bytes()


def test_finished_verdicts_are_not_run_again(tmp_path: Path) -> None:
    path, runner = tmp_path / "v.jsonl", FakeRunner()
    run_stage(path, FakeRunner())
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:20])
    run_stage(path, runner)
    assert runner.runs["right\n# test 0"] == 0
    assert runner.runs["right\n# test 1"] == 1
    assert outcomes(path) == WANTED


def test_file_of_other_generations_is_moved_aside(tmp_path: Path) -> None:
    path, report = tmp_path / "v.jsonl", SilentProgress()
    run_stage(path, FakeRunner())
    old = path.read_bytes()
    run_stage(path, FakeRunner(), sha256="b" * 64, report=report)
    assert (tmp_path / "v.jsonl.stale").read_bytes() == old
    assert any("generations_sha256" in note for note in report.notes)
    assert outcomes(path) == WANTED


def test_verdict_with_another_digest_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    run_stage(path, FakeRunner())
    with pytest.raises(RecordError, match=r":2 is no verdict of these generations: P/0 sample 0") as caught:
        run_stage(path, FakeRunner(), generations=[["other", "wrong"], *GENERATIONS[1:]])
    assert "delete" in caught.value.hint


@pytest.mark.parametrize(
    ("generations", "named"),
    [
        (GENERATIONS[:2], "P/2 from sample 0"),
        ([["a", "b"], ["a"], ["a", "b"]], "P/1 from sample 1"),
        ([[], [], []], "P/0 from sample 0"),
    ],
)
def test_missing_generations_are_named(tmp_path: Path, generations: list[list[str]], named: str) -> None:
    with pytest.raises(IncompleteError, match=named) as caught:
        run_stage(tmp_path / "v.jsonl", FakeRunner(), generations=generations)
    assert "podium generate" in caught.value.hint
    assert not (tmp_path / "v.jsonl").exists()


def test_generations_of_more_problems_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="4 problems, but demo-sh has 3") as caught:
        run_stage(tmp_path / "v.jsonl", FakeRunner(), generations=[*GENERATIONS, ["a", "b"]])
    assert "--task" in caught.value.hint


def test_no_workers_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        ExecuteOptions(workers=0)
    assert "--workers" in caught.value.hint


def test_failed_self_test_stops_before_any_verdict(tmp_path: Path) -> None:
    runner = FakeRunner()
    runner.probe_breaks = "42"
    with pytest.raises(SandboxError, match=r"right answer was failed \(Exception\), not passed") as caught:
        run_stage(tmp_path / "v.jsonl", runner)
    assert "bash" in caught.value.hint
    assert not (tmp_path / "v.jsonl").exists()


def test_fault_of_the_sandbox_keeps_finished_verdicts_and_gives_none_itself(tmp_path: Path) -> None:
    def break_down(text: str) -> None:
        if text.startswith("wrong"):
            message = "a warden died"
            raise SandboxError(message)

    path = tmp_path / "v.jsonl"
    with pytest.raises(SandboxError, match="died"):
        run_stage(path, FakeRunner(break_down))
    assert ("P/0", 1) not in [row[:2] for row in outcomes(path)]
    run_stage(path, FakeRunner())
    assert outcomes(path) == WANTED


class BreaksLater(FakeRunner):
    """A sandbox that stops withstanding attacks once it has run a program."""

    def _answer(self, text: str, *, driver: str) -> Completed:
        if "# test" in text:
            self.guard_result = "SystemExit\nfailed: open('/etc/shadow')"
        return super()._answer(text, driver=driver)


def test_machine_that_breaks_during_the_batch_gives_no_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    with pytest.raises(SandboxError, match=r"afterwards.*files outside was not contained.*suspect") as caught:
        run_stage(path, BreaksLater())
    assert "bash" in caught.value.hint
    assert not path.exists()
    run_stage(path, FakeRunner())
    assert outcomes(path) == WANTED


def test_complete_rows_without_the_later_self_test_are_tested_before_they_count(tmp_path: Path) -> None:
    path, runner = tmp_path / "v.jsonl", FakeRunner()
    run_stage(path, FakeRunner())
    whole = path.read_bytes()
    header, rows = read_rows(path, VerdictsHeader, Verdict)
    before = msgspec.structs.replace(header, self_test=header.self_test[:12])
    path.write_bytes(b"".join(encode(line) + b"\n" for line in (before, *rows)))
    run_stage(path, runner)
    assert path.read_bytes() == whole
    assert not any("# test" in text for text in runner.runs)


def test_sandbox_without_isolation_is_not_asked_for_what_it_cannot_hold() -> None:
    names = [guard.name for guard in guards_of(UnsafeSandbox())]
    assert names == ["memory bomb", "output flood", "output that is not UTF-8"]


@pytest.mark.world
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_notices_a_sandbox_that_does_not_hold(guard: Guard) -> None:
    with Sandbox() as sandbox:
        assert try_guard(guard, sandbox).ok
    broken = FakeRunner()
    broken.guard_result = "SystemExit\nfailed: done"
    broken.floods = False
    assert not try_guard(guard, broken).ok


@pytest.mark.world
@pytest.mark.parametrize(
    ("language", "provisions", "right", "wrong", "tests"),
    [
        ("py", "py", "def f():\n    return 1", "def f():\n    return 2", "\nassert f() == 1"),
        ("sh", "demo-sh", "f() { echo 1; }", "f() { echo 2; }", "set -e\n[[ $(f) = 1 ]]"),
        ("pl", "demo-pl", "sub f { return 1; }", "sub f { return 2; }", "exit 1 unless f() == 1;"),
    ],
)
def test_each_language_end_to_end(
    tmp_path: Path, language: str, provisions: str, right: str, wrong: str, tests: str
) -> None:
    problems = [Problem(id="P/0", prompt="", tests=tests)]
    task = msgspec.structs.replace(TASK, name="t", language=language, provisions=provisions, problems=problems)
    with Sandbox() as sandbox:
        header = run_stage(tmp_path / "v.jsonl", sandbox, generations=[[right, wrong]], task=task)
    assert outcomes(tmp_path / "v.jsonl") == [("P/0", 0, "passed"), ("P/0", 1, "failed")]
    assert header.sandbox.isolated
    assert all(header.toolchain.values())
