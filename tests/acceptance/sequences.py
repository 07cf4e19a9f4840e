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
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.figure  # noqa: F401  loaded once, before anything is forked
import msgspec

import podium.cli.generate
import podium.cli.merge
import podium.cli.report
import podium.cli.run
import podium.cli.score
import podium.cli.submit
import podium.cli.validate
import podium.report.plot
import podium.tasks
from podium import convert, execute, generate, pipeline
from podium.__main__ import main
from podium.files import atomic_writer, sha256_bytes, write_atomic
from podium.records import Model, Sample, read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from podium.generate.backend import Wanted
    from podium.records import Sampling
    from podium.tasks import Task

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests" / "examples" / "model" / "valid" / "example.json"
CHECKPOINT = ROOT / "scripts" / "podium" / "demo" / "checkpoint"
CONFIG = """
[model]
org = "Acme"
model = "Small"
user = "ada"
checkpoint = "{checkpoint}"
dtype = "{dtype}"

[evaluation]
profile = "demo"
n_samples = 2

[submit]
fork = "acme/leaderboard"
"""
BUSY, OTHER_WORK, KILLED = 23, 24, -signal.SIGKILL
RUN_DIR = "runs/v1"
# What a killed process can leave half done: every call that changes a folder or makes a file durable.
CALLS = ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir", "truncate")


class World(NamedTuple):
    """What a command finds: podium.toml, the checkpoint, and which podium it is."""

    dtype: str = "float32"
    checkpoint: str = "one"
    is_later: bool = False
    has_later_data: bool = False
    has_later_libraries: bool = False


class Ended(NamedTuple):
    """How a command ended, what it said, and how many changing calls it made."""

    code: int
    said: str
    calls: int


class QuickBackend:
    """Texts that follow from model and address, one sample a batch."""

    draws_single_samples = True

    def __init__(self, model_dir: Path, world: World) -> None:
        self._model, self._world = sha256_bytes((model_dir / "config.json").read_bytes())[:8], world

    def versions(self) -> dict[str, str]:
        return {"quick": "2" if self._world.has_later_libraries else "1"}

    def stop_words(self, task: Task) -> list[str]:
        return task.stop

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        return []

    def facts(self) -> str:
        return ""

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        for one in wanted:
            for index in one.indexes:
                text = f"{one.problem.prompt}\n# {self._model} {sampling.seed} {index}"
                yield [Sample(problem=one.problem.id, index=index, generation=text, tokens=1, finish="stop")]


def quick_convert(options: convert.ConvertOptions, report: object, prompts: object = ()) -> Model:
    """What conversion leaves on disk, in its order, without a model in it."""
    with convert._folder_in_the_making(options.output) as folder:
        content = [options.dtype, (options.checkpoint / "weights").read_text(), str(convert.REVISION)]
        write_atomic(folder / "config.json", "\n".join(content).encode())
        files = convert.digest_folder(folder)
    checkpoint = convert.digest_checkpoint(options.checkpoint)
    template = read_record(EXAMPLE, Model)
    record = msgspec.structs.replace(template, checkpoint=checkpoint, files=files, dtype=options.dtype)
    write_record(convert.record_path(options.output), record)
    return record


def enter(world: World, folder: Path) -> None:
    """Make this process one that lives in `world`. It is never left."""
    os.chdir(folder)
    config = CONFIG.format(checkpoint=folder / "checkpoints" / world.checkpoint, dtype=world.dtype)
    Path("podium.toml").write_text(config)
    pipeline.convert.convert = quick_convert  # type: ignore[assignment]
    podium.plan._check_checkpoint = lambda _: None  # type: ignore[attr-defined]
    podium.cli.run.build_backend = lambda _, model_dir, __, **___: QuickBackend(model_dir, world)  # type: ignore[assignment]
    if world.is_later:
        for stage in (convert, generate, execute):
            stage.REVISION += 1
            pipeline.REVISIONS[stage.__name__.rpartition(".")[2]] = stage.REVISION
        podium.plan.__version__ = "99.0.0"  # type: ignore[attr-defined]
    if world.has_later_data:
        podium.tasks.FILE_SEPARATOR = "<later>"


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


class Sequence_:
    """One sequence in a fresh folder."""

    def __init__(self, folder: Path, seed: int, steps: int) -> None:
        self.folder, self.draw, self.steps = folder / "home", random.Random(seed), steps
        self.story: list[str] = []
        for name in ("one", "two"):
            checkpoint = self.folder / "checkpoints" / name
            checkpoint.mkdir(parents=True)
            (checkpoint / "weights").write_text(name)

    def run(self) -> None:
        """All steps, and at last that the run can go on."""
        for _ in range(self.steps):
            self._step()
        self._goes_on(World(), ["run", "--tag", "v1", "--tasks", "demo-sh,demo-pl", "--limit", "2"])

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

    def _goes_on(self, world: World, words: list[str]) -> None:
        """The command succeeds, at once or after any one of the remedies that it prints."""
        ended = do(self.folder, world, words)
        if ended.code == OTHER_WORK:
            found = remedies(ended.said)
            assert len(found) == 2, ended.said
            for remedy in found:
                copy = self.folder.with_name("copy")
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(self.folder, copy)
                said = do(copy, world, remedy[1:])
                assert said.code == 0, (remedy, said.said)
                again = do(copy, world, words)
                assert again.code == 0, (remedy, again.said)
                check_kept(_moved(drawn(self.folder), self.folder, copy), drawn(copy), f"after {remedy}")
                self._is_valid(copy, world, again.said)
            return
        assert ended.code == 0, ended.said
        self._is_valid(self.folder, world, ended.said)

    def _is_valid(self, folder: Path, world: World, said: str) -> None:
        run_dir = said.rstrip().splitlines()[-1]
        checked = do(folder, world, ["validate", run_dir])
        assert checked.code in (0, 3), checked.said


def _moved(rows: Rows, source: Path, target: Path) -> Rows:
    return {target / run.relative_to(source): found for run, found in rows.items()}


def run_all(seed: int, count: int, steps: int, folder: Path) -> None:
    """`count` sequences from `seed` on."""
    for number in range(seed, seed + count):
        place = folder / str(number)
        sequence = Sequence_(place, number, steps)
        try:
            sequence.run()
        except AssertionError as err:
            story = "\n".join(sequence.story)
            message = f"seed {number}: {err}\n{story}"
            raise AssertionError(message) from err
        shutil.rmtree(place)


if __name__ == "__main__":
    run_all(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
