"""Random sequences of commands on run directories: killed, doubled, with other inputs, by another podium, cut files.

A process of its own that forks one for each command, so that hundreds of them take seconds: they run the real command
line, stages, sandbox and files; only the conversion and the drawing are replaced by quick ones. Called with a seed, a
number of sequences and a folder; whatever does not hold is an AssertionError with the seed and the commands.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.acceptance.processes import (
    BROKEN,
    BUSY,
    KILLED,
    NOTHING_TO_DO,
    OTHER_WORK,
    begin,
    check_kept,
    do,
    drawn,
    end,
    goes_on,
    is_valid,
    remedies,
    rows_of,
)
from tests.acceptance.quick import World

from podium.files import sha256_bytes

if TYPE_CHECKING:
    pass

RUN_DIR = "runs/v1"


def random_run(draw: random.Random) -> list[str]:
    words = ["run", "--tag", "v1", "--tasks", draw.choice(["demo-sh", "demo-pl", "demo-sh,demo-pl"])]
    words += ["--limit", draw.choice(["1", "2", "2"])]
    if draw.random() < 0.3:
        words += ["--n-samples", draw.choice(["1", "3"])]
    if draw.random() < 0.15:
        words += ["--seed", "1"]
    if draw.random() < 0.2:
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


def tell_twice(path: Path) -> None:
    """Another process wrote a row a second time, with another text."""
    with path.open("ab") as stream:
        stream.write(path.read_bytes().splitlines(keepends=True)[-1].replace(b"#", b"%"))


def rewrite_plan(path: Path) -> None:
    """Somebody wrote into plan.json what a model over another base would have."""
    plan = path.parent.parent / "plan.json"
    read = json.loads(plan.read_bytes())
    base = {"base": "checkpoints/two", "base_sha256": sha256_bytes(b"two")}
    plan.write_text(json.dumps({**read, "conversion": {**read["conversion"], **base}}))


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
    "base": Change("no base", World(base="two"), spoil=rewrite_plan),
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
    "name": Change(world=World(model="Smaller")),
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
        ("convert", "checkpoints/one", "-o", f"{RUN_DIR}/model"),
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


def check_scored(folder: Path) -> None:
    """Scores of their own command leave nothing that could be sent; the run makes the same again."""
    folder.mkdir(parents=True)
    assert do(folder, World(), RUN).code == 0
    run_dir = folder / RUN_DIR
    before = (run_dir / "submission.json").read_bytes()
    assert do(folder, World(), ["submit", RUN_DIR, "--plan-only"]).code != BROKEN
    assert do(folder, World(), ["score", "--run-dir", RUN_DIR]).code == 0
    assert not any((run_dir / name).exists() for name in ("submission.json", "submission", "pr_body.md", "gates.json"))
    assert do(folder, World(), ["submit", RUN_DIR]).code == BROKEN
    is_valid(folder, World(), RUN_DIR)
    goes_on(folder, World(), RUN)
    assert (run_dir / "submission.json").read_bytes() == before


def check_try_out(folder: Path) -> None:
    """Tasks that are no column of the board are evaluated and reported, and never submitted."""
    folder.mkdir(parents=True)
    world = World(profile="bigcode")
    goes_on(folder, world, RUN)
    run_dir = folder / RUN_DIR
    assert (run_dir / "report" / "index.html").exists()
    assert not list(run_dir.glob("sub*"))
    assert do(folder, world, ["report", RUN_DIR]).said.strip() == f"{RUN_DIR}/report/index.html"
    for more in ([], ["--plan-only"]):
        said = do(folder, world, ["submit", RUN_DIR, *more])
        assert said.code == NOTHING_TO_DO, said.said
        assert "never submitted: none of its tasks is a column" in said.said
    assert "nothing to do" in do(folder, world, RUN).said


def check_cut(folder: Path) -> None:
    """Any one file of a finished run is cut short: the run goes on, and ends valid."""
    folder.mkdir(parents=True)
    assert do(folder, World(), RUN).code == 0
    whole = folder.with_name("whole")
    shutil.copytree(folder, whole)
    run_dir = folder / RUN_DIR
    paths = sorted(path for path in run_dir.rglob("*") if path.is_file() and path.parent.name != "samples")
    assert {"plan.json", "ledger.json", "scores.json", "findings.json"} <= {path.name for path in paths}
    for path in paths:
        path.write_bytes(path.read_bytes()[:-2])
        goes_on(folder, World(), RUN)
        shutil.rmtree(folder)
        shutil.copytree(whole, folder)


GENERATIONS = f"{RUN_DIR}/generations_Small/generations_demo-sh_Small.json"
STAGES: tuple[tuple[str, ...], ...] = (
    ("convert", "checkpoints/one", "-o", f"{RUN_DIR}/model", "--dtype", "float32"),
    ("generate", f"{RUN_DIR}/model", "--task", "demo-sh", "-o", RUN_DIR, "--name", "Small", "--limit", "2",
     "--n-samples", "2", "--dtype", "float32"),
    ("execute", GENERATIONS, "--task", "demo-sh", "-o", f"{RUN_DIR}/verdicts/demo-sh.jsonl", "--limit", "2"),
    ("report", RUN_DIR),
    ("score", "--run-dir", RUN_DIR),
)  # fmt: skip


def check_stages(folder: Path) -> None:
    """A stage's own command does the step that the run does: what it leaves as it was, the run need not do again."""
    folder.mkdir(parents=True)
    assert do(folder, World(), RUN).code == 0
    for words in STAGES:
        said = do(folder, World(), words)
        assert said.code == 0, (words, said.said)
        is_valid(folder, World(), RUN_DIR)
        assert ("nothing to do" in do(folder, World(), RUN).said) == (words[0] != "score"), words
    # What another podium made is told by the ledger alone, whoever executes again.
    said = do(folder, World(is_later=True), STAGES[2])
    assert "done anew; what was there is demo-sh.jsonl.stale" in said.said, said.said
    goes_on(folder, World(is_later=True), RUN)
    assert not (folder / RUN_DIR / "verdicts" / "demo-sh.jsonl.stale-2").exists()


ALONE = {"stages": check_stages, "cut": check_cut, "busy": check_busy, "scored": check_scored, "try-out": check_try_out}
CHECKS: dict[str, Callable[..., None]] = {"refused": check_refused, "kept": check_kept_on}

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["random", seed, count, steps, folder]:
            run_all(int(seed), int(count), int(steps), Path(folder))
        case [name, folder]:
            ALONE[name](Path(folder) / "home")
        case [kind, *names, folder]:
            for name in names:
                CHECKS[kind](name, Path(folder) / name / "home")
