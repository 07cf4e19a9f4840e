"""Broken submissions as files: what to do to a true submission of the demo's board, and the rule that must say so."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from podium.tasks import load_task

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parents[2] / "examples" / "broken"
CASES = sorted(FOLDER.glob("*.json"))


def _target(value: Any, path: list[Any]) -> Any:
    for part in path[:-1]:
        value = value[part]
    return value


def _changed(root: Path, file: str, change: Callable[[Any], Any]) -> None:
    value = json.loads((root / file).read_text())
    made = change(value)
    (root / file).write_text(json.dumps(value if made is None else made))


def put(root: Path, file: str, path: list[Any], value: Any) -> None:
    """Put a value at a path in a JSON file."""
    _changed(root, file, lambda whole: _target(whole, path).__setitem__(path[-1], value))


def take(root: Path, file: str, path: list[Any]) -> None:
    """Take a value out of a JSON file."""
    _changed(root, file, lambda whole: _target(whole, path).__delitem__(path[-1]))


def texts(root: Path, file: str, old: str, new: str) -> None:
    """Replace a part in every text of a generations file; an empty `old` is put in front."""
    _changed(
        root,
        file,
        lambda rows: [[text.replace(old, new) if old else new + text for text in row] for row in rows],
    )


def reverse(root: Path, file: str, path: list[Any]) -> None:
    """Reverse a list in a JSON file."""
    _changed(root, file, lambda whole: _target([whole], [0, *path])[path[-1] if path else 0].reverse())


def same(root: Path, file: str) -> None:
    """Make all samples of each problem the same text."""
    _changed(root, file, lambda rows: [[row[0]] * len(row) for row in rows])


def halves(root: Path, file: str) -> None:
    """Make the second half of each problem's samples the first."""
    _changed(root, file, lambda rows: [row[: len(row) // 2] * 2 for row in rows])


def write(root: Path, file: str, text: str) -> None:
    """Write a file; `file` and text may hold half characters, which stand for single bytes."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def copy(root: Path, file: str, other: str) -> None:
    """Copy a file, making its folder."""
    (root / other).parent.mkdir(parents=True, exist_ok=True)
    (root / other).write_bytes((root / file).read_bytes())


def twin(root: Path, file: str, form: Literal["NFC", "NFD"]) -> None:
    """Write a file whose name is another Unicode form of a name."""
    write(root, unicodedata.normalize(form, file), "{}")


def move(root: Path, file: str, other: str) -> None:
    """Move a file, making its folder."""
    copy(root, file, other)
    (root / file).unlink()


def remove(root: Path, file: str) -> None:
    """Remove a file."""
    (root / file).unlink()


def link(root: Path, file: str, target: str) -> None:
    """Put a link in a file's place."""
    (root / file).unlink(missing_ok=True)
    (root / file).symlink_to(target)


def pipe(root: Path, file: str) -> None:
    """Make a named pipe."""
    os.mkfifo(root / file)


def grow(root: Path, file: str, size: int) -> None:
    """Make a file as large as that without writing it."""
    os.truncate(root / file, size)


def pad(root: Path, file: str, size: int) -> None:
    """Put blanks behind a JSON file, which change nothing of it."""
    with (root / file).open("ab") as stream:
        stream.write(b" " * size)


def repeat(root: Path, file: str, text: str, count: int) -> None:
    """Write a JSON list of the same thing very often."""
    write(root, file, f"[{','.join([text] * count)}]")


def mute(root: Path, task: str, file: str) -> None:
    """Leave nothing but the prompt of every other sample."""
    prompts = [problem.prompt for problem in load_task(task, None).problems]
    _changed(
        root,
        file,
        lambda rows: [
            [prompt if index % 2 else text for index, text in enumerate(row)]
            for prompt, row in zip(prompts, rows, strict=True)
        ],
    )


def folder(root: Path, name: str) -> None:
    """Rename the submission's folder."""
    root.rename(root.with_name(name))


def beside(root: Path, name: str) -> None:
    """Put a copy of the whole submission beside it, under the names of another."""
    for path in sorted(root.rglob("*.json")):
        write(root.parent / name, str(path.relative_to(root)).replace(root.name, name), path.read_text())


STEPS: dict[str, Callable[..., None]] = {
    step.__name__: step
    for step in (
        repeat, mute, pad, put, take, texts, reverse, same, halves, write, copy, twin, move, remove, link, pipe, grow,
        folder, beside,
    )
}  # fmt: skip


def spoil(root: Path, case: dict[str, Any]) -> None:
    """Do what a case says to a true submission."""
    for name, *arguments in case["steps"]:
        STEPS[name](root, *arguments)
