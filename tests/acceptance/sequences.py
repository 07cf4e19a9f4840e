"""Random sequences of commands on run directories: killed, doubled, with other inputs, by another podium, cut files.

A process of its own that forks one for each command, so that hundreds of them take seconds: they run the real command
line, stages, sandbox and files; only the conversion and the drawing are replaced by quick ones. Called with a seed, a
number of sequences and a folder; whatever does not hold is an AssertionError with the seed and the commands.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.acceptance.quick import World, enter

from podium.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Sequence

BROKEN, BUSY, OTHER_WORK, KILLED = 8, 23, 24, -signal.SIGKILL
RUN_DIR = "runs/v1"
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


Rows = dict[Path, set[tuple[bytes, bytes]]]


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


def random_run(draw: random.Random) -> list[str]:
    words = ["run", "--tag", "v1", "--tasks", draw.choice(["demo-sh", "demo-pl", "demo-sh,demo-pl"])]
    words += ["--limit", draw.choice(["1", "2", "2"])]
    if draw.random() < 0.3:
        words += ["--n-samples", draw.choice(["1", "3"])]
    if draw.random() < 0.15:
        words += ["--seed", "1"]
    if draw.random() < 0.1:
        words += ["--discard"]
    return words


def random_world(draw: random.Random) -> World:
    return World(
        dtype="bfloat16" if draw.random() < 0.15 else "float32",
        checkpoint="two" if draw.random() < 0.15 else "one",
        is_later=draw.random() < 0.2,
        has_later_data=draw.random() < 0.1,
        has_later_libraries=draw.random() < 0.15,
    )


def damage(folder: Path, draw: random.Random) -> str:
    """Cut a file at any byte; of a sample log only what a torn write leaves, since samples cannot be made again."""
    paths = sorted(path for path in folder.glob("runs/**/*") if path.is_file() and "stale" not in path.name)
    if not paths:
        return "nothing to damage"
    path = draw.choice(paths)
    data = path.read_bytes()
    if path.parent.name == "samples":
        path.write_bytes(data + data.splitlines()[-1][:10])
    else:
        path.write_bytes(data[: draw.randrange(len(data) + 1)])
    return f"cut {path}"


class Story:
    """One sequence in a fresh folder."""

    def __init__(self, folder: Path, seed: int, steps: int) -> None:
        self.folder, self.draw, self.steps = folder / "home", random.Random(seed), steps
        self.story: list[str] = []
        self.folder.mkdir(parents=True)

    def run(self) -> None:
        """All steps, and at last that the run can go on."""
        for _ in range(self.steps):
            self._step()
        goes_on(self.folder, World(), ["run", "--tag", "v1", "--tasks", "demo-sh,demo-pl", "--limit", "2"])

    def _step(self) -> None:
        kind = self.draw.choice(["run", "run", "kill", "kill", "second", "damage"])
        if kind == "damage":
            self.story.append(damage(self.folder, self.draw))
            return
        world, words, before = random_world(self.draw), random_run(self.draw), rows_of(self.folder, "")
        ever = drawn(self.folder)
        at = self.draw.randrange(1, 120)
        self.story.append(f"{kind} at {at}: {shlex.join(words)} in {world}")
        if kind == "second":
            self._doubled(world, words, at)
        else:
            ended = do(self.folder, world, words, at if kind == "kill" else 0)
            self.story.append(f"  {ended.code}: {ended.said[-300:]}")
            assert ended.code in (0, OTHER_WORK, KILLED), ended.said
        check_kept(ever, drawn(self.folder), "for ever")
        if "--discard" not in words:
            check_kept(before, rows_of(self.folder, ""), "without being asked")

    def _doubled(self, world: World, words: list[str], at: int) -> None:
        """A second process while the first stands still before any of its changing calls."""
        first = begin(self.folder, world, words, at, stop=True)
        _, status = os.waitpid(first, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return
        others = [["run", "--tag", "v1", "--tasks", "demo-sh", "--limit", "2"], ["score", "--run-dir", RUN_DIR]]
        second = do(self.folder, world, self.draw.choice(others))
        self.story.append(f"  second {second.code}: {second.said[-300:]}")
        assert second.code in (0, 8, BUSY, OTHER_WORK), second.said
        os.kill(first, signal.SIGCONT)
        ended = end(self.folder, first)
        self.story.append(f"  first {ended.code}: {ended.said[-300:]}")
        assert ended.code in (0, BUSY, OTHER_WORK), ended.said


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
        check_kept(_moved(drawn(folder), folder, copy), drawn(copy), f"after {remedy}")
        if "--discard" not in remedy:
            check_kept(_moved(rows_of(folder, ""), folder, copy), rows_of(copy, ""), f"after {remedy}")
        is_valid(copy, world, again.said)


def is_valid(folder: Path, world: World, said: str) -> None:
    """`validate` finds no error in the directory that a run named last."""
    checked = do(folder, world, ["validate", said.rstrip().splitlines()[-1]])
    assert checked.code in (0, 3), checked.said


def _moved(rows: Rows, source: Path, target: Path) -> Rows:
    return {target / run.relative_to(source): found for run, found in rows.items()}


def tell_twice(path: Path) -> None:
    """Another process wrote a row a second time, with another text."""
    with path.open("ab") as stream:
        stream.write(path.read_bytes().splitlines(keepends=True)[-1].replace(b"#", b"%"))


def double(path: Path) -> None:
    """Another process wrote the same row a second time."""
    with path.open("ab") as stream:
        stream.write(path.read_bytes().splitlines(keepends=True)[-1])


class Change(NamedTuple):
    """What is other than when everything was finished, what is said of it, and whether a log was begun only."""

    says: str = ""
    world: World = World()
    words: tuple[str, ...] = ()
    spoil: Callable[[Path], None] | None = None
    spoiled: str = "samples/demo-sh.1-of-1.jsonl"
    is_unfinished: bool = False


LATER_LIBRARIES = World(has_later_libraries=True)
RUN = ("run", "--tag", "v1", "--tasks", "demo-sh,demo-pl", "--limit", "2")
REFUSED = {
    "limit": Change("2 problems instead of 1", words=("--limit", "1")),
    "whole": Change("2 problems instead of 8", words=("--limit", "8")),
    "n-samples": Change("n_samples 2 instead of 1", words=("--n-samples", "1")),
    "seed": Change("seed 0 instead of 1", words=("--seed", "1")),
    "run-dir": Change("seed 0 instead of 1", words=("--run-dir", RUN_DIR, "--seed", "1")),
    "dtype": Change("dtype float32 instead of bfloat16", World(dtype="bfloat16")),
    "checkpoint": Change("another checkpoint (weights)", World(checkpoint="two")),
    "data": Change("other task data", World(has_later_data=True)),
    "libraries": Change("quick 1 instead of 2", LATER_LIBRARIES, is_unfinished=True),
    "contradiction": Change("a second time, with another text", spoil=tell_twice),
    "verdicts": Change("is no verdict of these generations", spoil=double, spoiled="verdicts/demo-sh.jsonl"),
}
KEPT = {
    "nothing": Change(),
    "podium": Change(world=World(is_later=True)),
    "libraries": Change(
        "are kept, though drawn by quick 1 instead of 2",
        World(has_later_libraries=True),
        (),
        Path.unlink,
        "ledger.json",
    ),
    "ledger": Change("the model is kept", World(is_later=True), (), Path.unlink, "ledger.json"),
    "task": Change(words=("--tasks", "demo-sh")),
    "doubled": Change("samples came twice and are written once", spoil=double),
}


def finish(folder: Path, change: Change) -> None:
    """A finished run, or one that is killed while it draws, and what happens to its files."""
    folder.mkdir(parents=True)
    assert do(folder, World(), RUN).code == 0
    log = folder / RUN_DIR / change.spoiled
    if change.is_unfinished:
        log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    if change.spoil is not None:
        change.spoil(log)


def check_refused(name: str, folder: Path) -> None:
    """A finished run stays as it is; the refusal says why, and each of its remedies works."""
    change = REFUSED[name]
    finish(folder, change)
    before = rows_of(folder, "")
    words = [*RUN, *change.words]
    refused = do(folder, change.world, words)
    assert refused.code == (BROKEN if name == "verdicts" else OTHER_WORK), refused.said
    assert change.says in refused.said, refused.said
    check_kept(before, rows_of(folder, ""), "by a refusal")
    goes_on(folder, change.world, words)


def check_kept_on(name: str, folder: Path) -> None:
    """A finished run goes on with every sample where it was."""
    change = KEPT[name]
    finish(folder, change)
    before = {path: set(path.read_bytes().splitlines()) for path in folder.glob("runs/*/samples/*")}
    ended = do(folder, change.world, [*RUN, *change.words])
    assert ended.code == 0, ended.said
    assert change.says in ended.said, ended.said
    assert {path: set(path.read_bytes().splitlines()) for path in folder.glob("runs/*/samples/*")} == before
    goes_on(folder, change.world, RUN)


def check_busy(folder: Path) -> None:
    """Whoever comes second is told who works there; told to stop, that process leaves a directory that goes on."""
    folder.mkdir(parents=True)
    first = begin(folder, World(), RUN, 60, stop=True)
    _, status = os.waitpid(first, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    for words in (
        RUN,
        ("score", "--run-dir", RUN_DIR),
        ("report", RUN_DIR),
        ("convert", "x", "-o", f"{RUN_DIR}/model"),
    ):
        second = do(folder, World(), words)
        assert second.code == BUSY, second.said
        assert f"process {first} " in second.said
        assert "podium run --tag v1" in second.said
    assert do(folder, World(), ["validate", RUN_DIR]).code != BUSY
    (remedy,) = remedies(second.said)
    assert remedy == ["kill", str(first)]
    os.kill(int(remedy[1]), signal.SIGTERM)
    os.kill(first, signal.SIGCONT)
    end(folder, first)
    goes_on(folder, World(), RUN)


def run_all(seed: int, count: int, steps: int, folder: Path) -> None:
    """`count` sequences from `seed` on."""
    for number in range(seed, seed + count):
        place = folder / str(number)
        sequence = Story(place, number, steps)
        try:
            sequence.run()
        except AssertionError as err:
            story = "\n".join(sequence.story)
            message = f"seed {number}: {err}\n{story}"
            raise AssertionError(message) from err
        shutil.rmtree(place)


CHECKS: dict[str, Callable[..., None]] = {"refused": check_refused, "kept": check_kept_on}

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["random", seed, count, steps, folder]:
            run_all(int(seed), int(count), int(steps), Path(folder))
        case ["busy", folder]:
            check_busy(Path(folder) / "home")
        case [kind, *names, folder]:
            for name in names:
                CHECKS[kind](name, Path(folder) / name / "home")
