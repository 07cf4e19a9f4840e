"""ledger: what is finished is skipped, what is missing, changed or flipped is redone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from podium import __version__
from podium.ledger import Ledger, do_alone, forget_steps
from podium.progress import SilentProgress
from podium.records import LedgerFile, read_record
from podium.step import Step

if TYPE_CHECKING:
    from pathlib import Path


class Work:
    """A step that counts how often it was really done."""

    def __init__(self, run_dir: Path, name: str = "score") -> None:
        self.run_dir, self.name, self.times = run_dir, name, 0
        self.output = run_dir / "out.json"

    def __call__(self) -> int:
        self.times += 1
        self.output.write_bytes(b"result")
        return self.times

    def step(self, revision: int = 1, value: int = 1, **fields: Any) -> Step[int]:
        """The step; it has the output that it leaves."""
        given: dict[str, Any] = {"inputs": lambda _: {"a": value}, "do": self, "outputs": lambda: (self.output,)}
        return Step(name=self.name, revision=revision, **{**given, **fields})

    def be_done(self, podium: str = "1", **fields: Any) -> int:
        """What a run does; how many steps that were."""
        ledger = Ledger(self.run_dir, SilentProgress())
        ledger.do(self.step(**fields), podium)
        return ledger.done


def test_finished_work_is_not_done_twice(tmp_path: Path) -> None:
    work = Work(tmp_path)
    assert [work.be_done(), work.be_done()] == [1, 0]
    assert work.times == 1


def test_changed_input_is_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    for value in (1, 2):
        work.be_done(value=value)
    assert work.times == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_output_is_found_and_made_again(tmp_path: Path, damage: str) -> None:
    work = Work(tmp_path)
    work.be_done()
    if damage == "remove":
        work.output.unlink()
    else:
        work.output.write_bytes(b"resulT" if damage == "flip" else b"resul")
    work.be_done()
    assert work.times == 2
    assert work.output.read_bytes() == b"result"


def test_a_step_that_has_to_leave_another_file_is_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    work.be_done()
    work.output = tmp_path / "named-otherwise.json"
    work.be_done()
    assert work.times == 2


def _interrupted() -> int:
    raise KeyboardInterrupt


def test_an_interrupted_step_is_not_recorded(tmp_path: Path) -> None:
    work = Work(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        work.be_done(do=_interrupted)
    work.be_done()
    assert work.times == 1


@pytest.mark.parametrize("junk", [b"", b"{", b'{"record": "ledger", "entries": 5}', b"\xff\xfe"])
def test_a_broken_ledger_costs_work_and_nothing_else(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "ledger.json").write_bytes(junk)
    report, work = SilentProgress(), Work(tmp_path)
    Ledger(tmp_path, report).do(work.step(), "1")
    assert work.times == 1
    assert "starting a new one" in report.notes[0]


def test_a_forgotten_step_is_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    work.be_done()
    Ledger(tmp_path, SilentProgress()).forget("score")
    work.be_done()
    assert work.times == 2


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_another_revision_or_podium_made_is_set_aside_for_good_and_done_anew(tmp_path: Path) -> None:
    work = Work(tmp_path)
    for revision, podium in ((1, "1"), (1, "1"), (2, "1"), (2, "2")):
        work.be_done(podium, revision=revision, replaces=(work.output,))
    assert work.times == 3
    assert _names(tmp_path) == {"ledger.json", "out.json", "out.json.stale", "out.json.stale-2"}


def test_what_was_begun_anew_is_not_set_aside_again(tmp_path: Path) -> None:
    work = Work(tmp_path)
    work.be_done(replaces=(work.output,))

    def killed() -> int:
        work.output.write_bytes(b"begun")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work.be_done(do=killed, revision=2, replaces=(work.output,))
    work.be_done(revision=2, replaces=(work.output,))
    assert _names(tmp_path) == {"ledger.json", "out.json", "out.json.stale"}


def test_a_damaged_output_of_the_same_inputs_is_not_set_aside(tmp_path: Path) -> None:
    work = Work(tmp_path)
    work.be_done(replaces=(work.output,))
    work.output.write_bytes(b"cut")
    work.be_done(replaces=(work.output,))
    assert work.times == 2
    assert _names(tmp_path) == {"ledger.json", "out.json"}


def test_a_step_makes_the_steps_that_it_outdates_be_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path, "report")
    work.be_done()
    Work(tmp_path).be_done(do=lambda: 0, outputs=tuple, outdates=("report",))
    work.be_done()
    assert work.times == 2


def _alone(work: Work, **fields: Any) -> int:
    """What a stage's own command does."""
    return do_alone(work.run_dir, work.step(**fields), SilentProgress())


def test_a_stages_own_command_always_works_and_begins_no_ledger(tmp_path: Path) -> None:
    work = Work(tmp_path)
    assert [_alone(work), _alone(work)] == [1, 2]
    assert _names(tmp_path) == {"out.json"}


def test_what_a_stages_own_command_leaves_as_it_was_stays_finished(tmp_path: Path) -> None:
    work = Work(tmp_path)
    work.be_done()
    _alone(work)
    assert work.be_done() == 0


def test_what_a_stages_own_command_changes_is_forgotten_and_proven_by_the_next_run(tmp_path: Path) -> None:
    work = Work(tmp_path)
    work.be_done()
    _alone(work, do=lambda: work.output.write_bytes(b"otherwise"))
    assert read_record(tmp_path / "ledger.json", LedgerFile).entries == {}
    assert work.be_done() == 1


def test_a_stages_own_command_outdates_what_a_run_would(tmp_path: Path) -> None:
    later = Work(tmp_path, "report")
    later.be_done()
    _alone(Work(tmp_path), do=lambda: 0, outdates=("report",))
    assert later.be_done() == 1


@pytest.mark.parametrize(
    ("made", "stale"), [("as it was", True), ("as it was, by this podium", False), ("changed since", False)]
)
def test_a_stages_own_command_sets_aside_what_another_podium_made_where_it_can_tell(
    tmp_path: Path, made: str, stale: bool
) -> None:
    earlier, work = Work(tmp_path, "generate x"), Work(tmp_path, "execute x")
    earlier.output = tmp_path / "made.json"
    earlier.be_done()
    fields = {"after": ("generate x",), "reads": (earlier.output,), "replaces": (work.output,)}
    work.be_done(__version__ if "this podium" in made else "another", **fields)
    if made == "changed since":
        earlier.output.write_bytes(b"otherwise")
    _alone(work, **fields)
    assert (tmp_path / "out.json.stale").exists() == stale


@pytest.mark.parametrize("junk", [b"{", b"\xff"])
def test_a_broken_ledger_does_not_stop_a_stages_own_command(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "ledger.json").write_bytes(junk)
    assert _alone(Work(tmp_path)) == 1


def test_steps_whose_files_were_merged_are_forgotten(tmp_path: Path) -> None:
    work = Work(tmp_path, "generate x")
    forget_steps(tmp_path, "generate x")
    for name, times in (("generate y", 1), ("generate x", 2)):
        work.be_done()
        forget_steps(tmp_path, name)
        work.be_done()
        assert work.times == times
    (tmp_path / "ledger.json").write_bytes(b"{")
    forget_steps(tmp_path, "generate x")
