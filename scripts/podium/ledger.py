"""ledger.json: finished work by name, keyed by the hash of all its inputs; a rerun does only what is missing.

An entry counts only while every output still has the recorded digest, so a flipped byte is found and redone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from podium import __version__
from podium.errors import RecordError
from podium.files import move_aside, sha256_file, sha256_json
from podium.records import FileDigest, LedgerEntry, LedgerFile, read_record, write_record
from podium.run_directory import LEDGER

if TYPE_CHECKING:
    from podium.progress import Progress
    from podium.step import Step


T = TypeVar("T")


class Ledger:
    """The finished work of one run directory."""

    def __init__(self, run_dir: Path, report: Progress) -> None:
        self._run_dir, self._report = run_dir, report
        self._entries = self._load()
        self.done = 0

    def _load(self) -> dict[str, LedgerEntry]:
        path = self._run_dir / LEDGER
        if not path.exists():
            return {}
        try:
            return dict(read_record(path, LedgerFile).entries)
        except RecordError as err:
            # The ledger only saves work: without it everything is checked and redone.
            self._report.note(f"{err}; starting a new one")
            return {}

    def do(self, step: Step[T], podium: str) -> None:
        """Do a step of this podium unless it was finished from the same inputs and its outputs are untouched."""
        key = self._key(step, podium)
        if self._is_finished(step, key):
            return
        self._set_aside(step, key)
        if step.outdates:
            self.forget(*step.outdates)
        step.do()
        # Digested once it has returned: what was interrupted is not recorded.
        outputs = [self._digest(path) for path in step.outputs()]
        self._entries[step.name] = LedgerEntry(key=key, outputs=outputs)
        self._save()
        self.done += 1

    def do_alone(self, step: Step[T], podium: str) -> T:
        """Do a step for a stage's own command, finished or not; what it changed is proven by the next run."""
        if step.replaces and self._is_known(step):
            self._set_aside(step, self._key(step, podium))
        if step.outdates:
            self.forget(*step.outdates)
        left = step.do()
        entry = self._entries.get(step.name)
        if entry is not None and not self._is_intact(entry):
            self.forget(step.name)
        return left

    def _key(self, step: Step[T], podium: str) -> str:
        return sha256_json([step.name, {**step.inputs(self), "revision": step.revision, "podium": podium}])

    def _is_finished(self, step: Step[T], key: str) -> bool:
        """Whether these very files were made from these inputs and are as they were."""
        entry = self._entries.get(step.name)
        if entry is None or entry.key != key:
            return False
        left = {file.path for file in entry.outputs}
        return {*map(self._relative, step.outputs())} <= left and self._is_intact(entry)

    def _is_known(self, step: Step[T]) -> bool:
        """Whether all that a step reads was left by finished steps and is as they left it."""
        before = [self._entries.get(name) for name in step.after]
        left = [file.path for entry in before if entry is not None and self._is_intact(entry) for file in entry.outputs]
        return {*map(self._relative, step.reads)} <= {*left}

    def _set_aside(self, step: Step[T], key: str) -> None:
        """Let nothing go on that was finished from other inputs, be it only by another podium."""
        entry = self._entries.get(step.name)
        if not step.replaces or entry is None or entry.key == key:
            return
        for path in step.replaces:
            if path.exists():
                aside = move_aside(path, "stale")
                self._report.note(f"{step.name}: done anew; what was there is {aside.name}")
        # Forgotten last: killed before, this is done again; killed later, what is begun anew is continued.
        self.forget(step.name)

    def forget(self, *names: str) -> None:
        """Drop entries whose outputs are about to be removed because what they were made from changes."""
        for name in names:
            self._entries.pop(name, None)
        self._save()

    def outputs_sha256(self, name: str) -> str:
        """One digest over what a finished step left: the input of the steps that follow."""
        return sha256_json([[output.path, output.sha256] for output in self._entries[name].outputs])

    def _save(self) -> None:
        write_record(self._run_dir / LEDGER, LedgerFile(entries=dict(sorted(self._entries.items()))))

    def _relative(self, path: Path) -> str:
        """A path as the ledger has it; one outside the run directory stays whole."""
        # Links are not followed, which `Path.resolve` would do.
        folder, path = (Path(os.path.abspath(one)) for one in (self._run_dir, path))  # noqa: PTH100
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()

    def _digest(self, path: Path) -> FileDigest:
        return FileDigest(path=self._relative(path), size_bytes=path.stat().st_size, sha256=sha256_file(path))

    def _is_intact(self, entry: LedgerEntry) -> bool:
        return all(self._is_as_left(output) for output in entry.outputs)

    def _is_as_left(self, output: FileDigest) -> bool:
        path = self._run_dir / output.path
        if not path.is_file() or path.stat().st_size != output.size_bytes:
            return False
        return sha256_file(path) == output.sha256


def do_alone(run_dir: Path, step: Step[T], report: Progress) -> T:
    """Do a step for a stage's own command, in a folder that may be a run directory with a ledger."""
    if not (run_dir / LEDGER).exists():
        return step.do()
    return Ledger(run_dir, report).do_alone(step, __version__)


def forget_steps(run_dir: Path, *names: str) -> None:
    """Drop entries of steps whose files another command made: they are proven and digested by the next run."""
    path = run_dir / LEDGER
    try:
        entries = read_record(path, LedgerFile).entries if path.exists() else {}
    except RecordError:
        return  # the next run starts a new one
    kept = {name: entry for name, entry in entries.items() if name not in names}
    if len(kept) != len(entries):
        write_record(path, LedgerFile(entries=kept))
