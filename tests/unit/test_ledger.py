"""ledger: what is finished is skipped, what is missing, changed or flipped is redone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podium.ledger import Ledger
from podium.progress import SilentReport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Work:
    """A step that counts how often it was really done."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir, self.times = run_dir, 0

    def __call__(self) -> Iterator[Path]:
        self.times += 1
        path = self.run_dir / "out.json"
        path.write_bytes(b"result")
        yield path


def test_finished_work_is_not_done_twice(tmp_path: Path) -> None:
    work = Work(tmp_path)
    Ledger(tmp_path, SilentReport()).step("score", {"a": 1}, work)
    again = Ledger(tmp_path, SilentReport())
    again.step("score", {"a": 1}, work)
    assert (work.times, again.done) == (1, 0)


def test_changed_input_is_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    for value in (1, 2):
        Ledger(tmp_path, SilentReport()).step("score", {"a": value}, work)
    assert work.times == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_output_is_found_and_made_again(tmp_path: Path, damage: str) -> None:
    work, path = Work(tmp_path), tmp_path / "out.json"
    Ledger(tmp_path, SilentReport()).step("score", {}, work)
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(b"resulT" if damage == "flip" else b"resul")
    Ledger(tmp_path, SilentReport()).step("score", {}, work)
    assert work.times == 2
    assert path.read_bytes() == b"result"


def test_an_interrupted_step_is_not_recorded(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Path]:
        raise KeyboardInterrupt
        yield tmp_path

    with pytest.raises(KeyboardInterrupt):
        Ledger(tmp_path, SilentReport()).step("score", {}, interrupted)
    work = Work(tmp_path)
    Ledger(tmp_path, SilentReport()).step("score", {}, work)
    assert work.times == 1


@pytest.mark.parametrize("junk", [b"", b"{", b'{"record": "ledger", "entries": 5}', b"\xff\xfe"])
def test_a_broken_ledger_costs_work_and_nothing_else(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "ledger.json").write_bytes(junk)
    report, work = SilentReport(), Work(tmp_path)
    Ledger(tmp_path, report).step("score", {}, work)
    assert work.times == 1
    assert "starting a new one" in report.notes[0]


def test_a_forgotten_step_is_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    ledger = Ledger(tmp_path, SilentReport())
    ledger.step("report", {}, work)
    ledger.forget("report")
    Ledger(tmp_path, SilentReport()).step("report", {}, work)
    assert work.times == 2
