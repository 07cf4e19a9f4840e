"""Commands of the quick podium, each in a process of its own that can be killed or stopped; and what must hold then."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.acceptance.quick import World, enter

from podium.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NOTHING_TO_DO, BROKEN, BUSY, OTHER_WORK, KILLED = 3, 8, 23, 24, -signal.SIGKILL
# What a killed process can leave half done: every call that changes a folder or makes a file durable.
CALLS = ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir", "truncate")


class Ended(NamedTuple):
    """How a command ended, what it said, and how many changing calls it made."""

    code: int
    said: str
    calls: int


def count_calls(at: int, action: Callable[[], None], counter: Path) -> None:
    """Count the changing calls of this process; before the one with number `at`, do `action`."""
    done = 0

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done == at:
                action()
            result = real(*arguments, **options)
            with suppress(OSError):
                counter.write_text(str(done))
            return result

        return call

    for name in CALLS:
        setattr(os, name, counted(name))


def begin(folder: Path, world: World, words: Sequence[str], at: int = 0, stop: bool = False) -> int:
    """Start a command in a process of its own; it is killed, or stopped, before its changing call number `at`."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        log = os.open(folder.parent / f"said-{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        enter(world, folder)
        signal_number = signal.SIGSTOP if stop else signal.SIGKILL
        count_calls(at, lambda: os.kill(os.getpid(), signal_number), folder.parent / f"calls-{os.getpid()}")
        main(list(words))
        code = 0
    except SystemExit as err:
        code = err.code if isinstance(err.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def end(folder: Path, child: int) -> Ended:
    """Wait for a command."""
    _, status = os.waitpid(child, 0)
    said, calls = folder.parent / f"said-{child}", folder.parent / f"calls-{child}"
    count = int(calls.read_text() or 0) if calls.exists() else 0
    ended = Ended(os.waitstatus_to_exitcode(status), said.read_text(), count)
    calls.unlink(missing_ok=True)
    said.unlink()
    return ended


def do(folder: Path, world: World, words: Sequence[str], at: int = 0) -> Ended:
    """One command from beginning to end."""
    return end(folder, begin(folder, world, words, at))


Rows = dict["Path", set[tuple[bytes, bytes]]]


def rows_of(folder: Path, suffix: str) -> Rows:
    """Every whole row of the sample logs with its header, by run directory; `suffix` is a pattern."""
    found: Rows = {}
    for path in folder.glob(f"runs/*/samples/*.jsonl{suffix}"):
        lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        rows = found.setdefault(path.parent.parent, set())
        rows |= {(lines[0], line) for line in lines[1:]}
        assert len(set(lines)) == len(lines), f"{path} holds a row twice"
    return found


def drawn(folder: Path) -> Rows:
    """Every sample that was ever drawn here, moved aside or not."""
    current, aside = rows_of(folder, ""), rows_of(folder, ".stale*")
    return {run: current.get(run, set()) | aside.get(run, set()) for run in {*current, *aside}}


def check_kept(before: Rows, after: Rows, what: str) -> None:
    """Nothing that was there is gone."""
    for run, rows in before.items():
        lost = rows - after.get(run, set())
        assert not lost, f"{len(lost)} samples of {run} are lost {what}: {sorted(lost)[:2]}"


def remedies(said: str) -> list[list[str]]:
    """The commands that a refusal prints."""
    hint = said.partition("what to do: ")[2]
    return [shlex.split(command) for command in re.findall(r"`([^`]+)`", hint)]


def goes_on(folder: Path, world: World, words: Sequence[str]) -> None:
    """The command succeeds, at once or after any one of the remedies that it prints; nothing is lost by them."""
    ended = do(folder, world, words)
    if not ended.code:
        is_valid(folder, world, ended.said)
        return
    assert ended.code in (BROKEN, OTHER_WORK), ended.said
    found = remedies(ended.said)
    assert found, ended.said
    for remedy in found:
        copy = folder.with_name("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        if remedy[0] == "rm":
            assert (copy / remedy[1]).parent.name == "verdicts"
            (copy / remedy[1]).unlink()
        else:
            said = do(copy, world, remedy[1:])
            assert said.code == 0, (remedy, said.said)
        again = do(copy, world, words)
        assert again.code == 0, (remedy, again.said)
        check_kept(moved(drawn(folder), folder, copy), drawn(copy), f"after {remedy}")
        if "--discard" not in remedy:
            check_kept(moved(rows_of(folder, ""), folder, copy), rows_of(copy, ""), f"after {remedy}")
        is_valid(copy, world, again.said)


def is_valid(folder: Path, world: World, said: str) -> None:
    """`validate` finds no error in the directory that a run named last."""
    checked = do(folder, world, ["validate", said.rstrip().splitlines()[-1]])
    assert checked.code in (0, 3), checked.said


def moved(rows: Rows, source: Path, target: Path) -> Rows:
    return {target / run.relative_to(source): found for run, found in rows.items()}
