"""console: in a log, long work is a line when it begins, now and then, and when it ends."""

from __future__ import annotations

import pytest

from podium.cli.console import BarProgress, PlainProgress, duration


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


def test_time_left_is_known_by_what_is_drawn_before_anything_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    report = PlainProgress(clock)
    report.start("generate humaneval (2 of 3)", 8200, "samples", 820)
    clock.now = 60
    report.estimate(0.1 + 0.9 * 0.01)
    report.advance(0, "12,345 tokens, 206 tokens/s")
    line = capsys.readouterr().err.splitlines()[-1]
    said = "820/8200 samples, 0.0 samples/s, 12,345 tokens, 206 tokens/s, 99 min left"
    assert line == f"generate humaneval (2 of 3): {said}"


def test_an_estimate_of_earlier_work_is_not_one_of_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    report = PlainProgress(clock)
    report.start("generate", 10, "samples")
    report.estimate(0.9)
    report.start("execute", 10, "programs")
    clock.now = 10
    report.advance(0)
    assert "time left unknown" in capsys.readouterr().err


def test_lines_come_often_at_first_and_once_a_minute_later(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    report = PlainProgress(clock)
    report.start("generate", 100_000, "samples")
    for _ in range(2 * 3600):
        clock.now += 1
        report.advance(1)
    lines = len(capsys.readouterr().err.splitlines())
    assert 110 < lines < 150


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "2 h 0 min"), (9000, "2 h 30 min")]
)
def test_a_duration_is_told_as_people_say_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_bar_moves_by_the_estimate_and_counts_what_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    report = BarProgress()
    report.start("generate", 80, "samples")
    report.estimate(0.5)
    report.advance(1)
    assert report._progress is not None
    task = report._progress.tasks[0]
    assert (task.completed, task.fields["count"]) == (40.0, 1)
    report.finish()
