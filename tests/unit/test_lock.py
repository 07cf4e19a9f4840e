"""lock: one process at a time, named to whoever comes second; what a dead process left is no lock."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import podium.lock
from podium.errors import BusyError, StorageError
from podium.lock import Holder, folder_lock, held, neighbour_lock, this_process

if TYPE_CHECKING:
    from pathlib import Path

US = Holder(pid=4242, host="here", since="2026-01-01 00:00:00 UTC", command="podium run --tag v1")
THEM = Holder(pid=4343, host="there", since="2026-01-02 00:00:00 UTC", command="podium score")


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(podium.lock, "PATIENCE", 0)


def test_the_second_is_told_process_host_time_and_command_of_the_first(tmp_path: Path) -> None:
    lock = folder_lock(tmp_path)
    with (
        held([lock], US),
        pytest.raises(BusyError, match=r"in use by process 4242 on here since 2026-01-01 .*: podium run") as caught,
        held([lock], THEM),
    ):
        pytest.fail("two have it")
    assert caught.value.exit_code == 23
    assert "stop it on here: `kill 4242`" in caught.value.hint
    assert str(tmp_path) in str(caught.value)


def test_a_lock_is_free_again_afterwards_and_leaves_nothing(tmp_path: Path) -> None:
    for holder in (US, THEM):
        with held([folder_lock(tmp_path), neighbour_lock(tmp_path / "model")], holder):
            assert {path.name for path in tmp_path.iterdir()} == {".podium.lock", ".model.lock"}
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_free_again_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), held([folder_lock(tmp_path)], US):
        raise KeyboardInterrupt
    with held([folder_lock(tmp_path)], THEM):
        pass


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with held([folder_lock(tmp_path / "new")], US):
        pass
    assert not (tmp_path / "new").exists()
    with held([folder_lock(tmp_path / "new")], US):
        (tmp_path / "new" / "file").write_text("")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b"\xff", json.dumps({"pid": "x"}).encode()])
def test_what_a_dead_process_left_is_taken_over_whatever_it_says(tmp_path: Path, left: bytes) -> None:
    folder_lock(tmp_path).write_bytes(left)
    with held([folder_lock(tmp_path)], US):
        assert json.loads(folder_lock(tmp_path).read_bytes())["pid"] == US.pid


def test_a_holder_that_has_not_said_who_it_is_holds_all_the_same(tmp_path: Path) -> None:
    with held([folder_lock(tmp_path)], US):
        folder_lock(tmp_path).write_bytes(b"")
        with pytest.raises(BusyError, match="another process works in"), held([folder_lock(tmp_path)], THEM):
            pytest.fail("two have it")


def test_models_in_one_folder_are_held_apart(tmp_path: Path) -> None:
    one, other = neighbour_lock(tmp_path / "a"), neighbour_lock(tmp_path / "b")
    with held([one], US), held([other], THEM), pytest.raises(BusyError, match=r"/a is in use"), held([one], THEM):
        pytest.fail("two have it")


def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    folder_lock(tmp_path).symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError, match="cannot lock"), held([folder_lock(tmp_path)], US):
        pytest.fail("it was locked")
    assert (tmp_path / "precious").read_text() == "kept"


HOLD = """
import sys, time
from pathlib import Path
from podium.lock import folder_lock, held, this_process
with held([folder_lock(Path(sys.argv[1]))], this_process("podium hold", "now")):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.world
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_ends_with_its_process_however_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"process {process.pid} "), held([folder_lock(tmp_path)], US):
            pytest.fail("two have it")
        os.kill(process.pid, number)
    assert folder_lock(tmp_path).exists()
    with held([folder_lock(tmp_path)], this_process("podium next", "later")):
        pass
    assert not folder_lock(tmp_path).exists()


def test_a_lock_file_that_its_last_holder_removes_meanwhile_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, real = folder_lock(tmp_path), fcntl.flock
    calls: list[int] = []

    def late(descriptor: int, operation: int) -> None:
        real(descriptor, operation)
        if not calls:
            lock.unlink()
        calls.append(operation)

    monkeypatch.setattr(podium.lock, "PATIENCE", 1)
    monkeypatch.setattr(podium.lock, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(fcntl, "flock", late)
    with held([lock], US), pytest.raises(BusyError), held([lock], THEM):
        pytest.fail("two have it")
