"""console: in a log, long work is a line when it begins, now and then, and when it ends."""

from __future__ import annotations

import pytest

from podium.cli.console import BarProgress, PlainProgress


class Clock:
    """A clock that tests turn by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_tell_progress_rate_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    report = PlainProgress(clock)
    report.start("generate humaneval", 100, "samples")
    for _ in range(40):
        clock.now += 1
        report.advance(1, "812 tokens")
    report.finish("all drawn")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "generate humaneval: 100 samples"
    assert lines[1] == "generate humaneval: 10/100 samples, 1.0 samples/s, 812 tokens, 90 s left"
    assert lines[-1] == "generate humaneval: done in 40.0 s: all drawn"
    assert len(lines) == 6


def test_work_found_done_does_not_count_into_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    report = PlainProgress(clock)
    report.start("generate", 100, "samples", 80)
    clock.now = 10
    report.advance(10)
    assert "90/100 samples, 1.0 samples/s, 10 s left" in capsys.readouterr().err


def test_a_bar_leaves_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = BarProgress()
    report.start("execute", 2, "programs")
    report.advance(2)
    report.finish("2 passed")
    assert "execute: done in" in capsys.readouterr().err
