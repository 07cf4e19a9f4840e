"""ledger: what is finished is skipped, what is missing, changed or flipped is redone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.ledger import Ledger, forget_steps
from podium.progress import SilentProgress
from podium.step import Step

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
    Ledger(tmp_path, SilentProgress()).step("score", {"a": 1}, work)
    again = Ledger(tmp_path, SilentProgress())
    again.step("score", {"a": 1}, work)
    assert (work.times, again.done) == (1, 0)


def test_changed_input_is_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    for value in (1, 2):
        Ledger(tmp_path, SilentProgress()).step("score", {"a": value}, work)
    assert work.times == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_output_is_found_and_made_again(tmp_path: Path, damage: str) -> None:
    work, path = Work(tmp_path), tmp_path / "out.json"
    Ledger(tmp_path, SilentProgress()).step("score", {}, work)
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(b"resulT" if damage == "flip" else b"resul")
    Ledger(tmp_path, SilentProgress()).step("score", {}, work)
    assert work.times == 2
    assert path.read_bytes() == b"result"


def test_an_interrupted_step_is_not_recorded(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Path]:
        raise KeyboardInterrupt
        yield tmp_path

    with pytest.raises(KeyboardInterrupt):
        Ledger(tmp_path, SilentProgress()).step("score", {}, interrupted)
    work = Work(tmp_path)
    Ledger(tmp_path, SilentProgress()).step("score", {}, work)
    assert work.times == 1


@pytest.mark.parametrize("junk", [b"", b"{", b'{"record": "ledger", "entries": 5}', b"\xff\xfe"])
def test_a_broken_ledger_costs_work_and_nothing_else(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "ledger.json").write_bytes(junk)
    report, work = SilentProgress(), Work(tmp_path)
    Ledger(tmp_path, report).step("score", {}, work)
    assert work.times == 1
    assert "starting a new one" in report.notes[0]


def test_a_forgotten_step_is_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    ledger = Ledger(tmp_path, SilentProgress())
    ledger.step("report", {}, work)
    ledger.forget("report")
    Ledger(tmp_path, SilentProgress()).step("report", {}, work)
    assert work.times == 2


def _step(work: Work, revision: int = 1) -> Step:
    output = work.run_dir / "out.json"
    return Step(name="execute x", revision=revision, inputs=lambda _: {"a": 1}, do=work, replaces=(output,))


def test_what_another_revision_or_podium_made_is_set_aside_for_good_and_done_anew(tmp_path: Path) -> None:
    work = Work(tmp_path)
    for revision, podium in ((1, "1"), (1, "1"), (2, "1"), (2, "2")):
        Ledger(tmp_path, SilentProgress()).do(_step(work, revision), podium)
    assert work.times == 3
    assert {path.name for path in tmp_path.iterdir()} == {
        "ledger.json", "out.json", "out.json.stale", "out.json.stale-2",
    }  # fmt: skip


def test_what_was_begun_anew_is_not_set_aside_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    Ledger(tmp_path, SilentProgress()).do(_step(work), "1")

    def killed() -> Iterator[Path]:
        (tmp_path / "out.json").write_bytes(b"begun")
        raise KeyboardInterrupt
        yield tmp_path

    with pytest.raises(KeyboardInterrupt):
        Ledger(tmp_path, SilentProgress()).do(msgspec.structs.replace(_step(work), do=killed, revision=2), "1")
    Ledger(tmp_path, SilentProgress()).do(_step(work, 2), "1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.json", "out.json", "out.json.stale"]


def test_a_damaged_output_of_the_same_inputs_is_not_set_aside(tmp_path: Path) -> None:
    work = Work(tmp_path)
    Ledger(tmp_path, SilentProgress()).do(_step(work), "1")
    (tmp_path / "out.json").write_bytes(b"cut")
    Ledger(tmp_path, SilentProgress()).do(_step(work), "1")
    assert work.times == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.json", "out.json"]


def test_a_step_makes_the_steps_that_it_outdates_be_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    Ledger(tmp_path, SilentProgress()).step("report", {}, work)
    score = Step(name="score", revision=1, inputs=lambda _: {}, do=lambda: iter(()), outdates=("report",))
    Ledger(tmp_path, SilentProgress()).do(score, "1")
    Ledger(tmp_path, SilentProgress()).step("report", {}, work)
    assert work.times == 2


@pytest.mark.parametrize("junk", [b"{", b"\xff"])
def test_steps_that_a_stages_own_command_did_are_forgotten(tmp_path: Path, junk: bytes) -> None:
    work = Work(tmp_path)
    forget_steps(tmp_path, "generate x")
    Ledger(tmp_path, SilentProgress()).step("generate x", {}, work)
    forget_steps(tmp_path, "generate y")
    Ledger(tmp_path, SilentProgress()).step("generate x", {}, work)
    forget_steps(tmp_path, "generate x")
    Ledger(tmp_path, SilentProgress()).step("generate x", {}, work)
    assert work.times == 2
    (tmp_path / "ledger.json").write_bytes(junk)
    forget_steps(tmp_path, "generate x")
