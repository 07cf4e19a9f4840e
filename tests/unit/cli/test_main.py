"""__main__: every failure becomes one sentence, a remedy and the exit code of its class."""

from __future__ import annotations

import click
import pytest

import podium.__main__
from podium.errors import PodiumError, TaskDataError


def _fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(podium.__main__, "cli", failing)


def _run(capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as caught:
        podium.__main__.main([])
    return caught.value.code, capsys.readouterr().err


def test_a_podium_error_is_a_sentence_and_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fail_with(monkeypatch, TaskDataError("there is no x.gz", hint="pass --data-dir"))
    code, said = _run(capsys)
    assert code == 5
    assert said == "podium: error: there is no x.gz\n  what to do: pass --data-dir\n"


def test_a_bug_is_called_a_bug_with_code_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fail_with(monkeypatch, ZeroDivisionError("oops"))
    code, said = _run(capsys)
    assert code == PodiumError.exit_code
    assert "bug in podium: ZeroDivisionError: oops" in said
    assert "PODIUM_TRACEBACK" in said


def test_a_traceback_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, ZeroDivisionError("oops"))
    monkeypatch.setenv("PODIUM_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        podium.__main__.main([])


def test_an_interruption_says_how_to_continue(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fail_with(monkeypatch, KeyboardInterrupt())
    code, said = _run(capsys)
    assert code == 130
    assert "run the same command again" in said
