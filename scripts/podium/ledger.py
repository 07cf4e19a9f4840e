"""ledger.json: finished work by name, keyed by the hash of all its inputs; a rerun does only what is missing.

An entry counts only while every output still has the recorded digest, so a flipped byte is found and redone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.errors import RecordError
from podium.files import move_aside, sha256_file, sha256_json
from podium.records import FileDigest, LedgerEntry, LedgerFile, read_record, write_record
from podium.run_directory import LEDGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from podium.progress import Progress
    from podium.step import Step


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

    def step(self, name: str, inputs: dict[str, Any], action: Callable[[], Iterable[Path]]) -> None:
        """Do `action` unless it was finished with these inputs and its outputs are untouched.

        `action` returns the files it left; they are digested and recorded once it has returned.
        """
        key = sha256_json([name, inputs])
        entry = self._entries.get(name)
        if entry is not None and entry.key == key and all(self._is_intact(output) for output in entry.outputs):
            return
        outputs = [self._digest(path) for path in action()]
        self._entries[name] = LedgerEntry(key=key, outputs=outputs)
        self._save()
        self.done += 1

    def do(self, step: Step, podium: str) -> None:
        """Do a step of this podium unless it was finished from the same inputs and its outputs are untouched."""
        inputs = {**step.inputs(self), "revision": step.revision, "podium": podium}
        key = sha256_json([step.name, inputs])

        def action() -> Iterable[Path]:
            self._set_aside(step, key)
            if step.outdates:
                self.forget(*step.outdates)
            return step.do()

        self.step(step.name, inputs, action)

    def _set_aside(self, step: Step, key: str) -> None:
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

    def _digest(self, path: Path) -> FileDigest:
        relative = path.relative_to(self._run_dir).as_posix()
        return FileDigest(path=relative, size_bytes=path.stat().st_size, sha256=sha256_file(path))

    def _is_intact(self, output: FileDigest) -> bool:
        path = self._run_dir / output.path
        if not path.is_file() or path.stat().st_size != output.size_bytes:
            return False
        return sha256_file(path) == output.sha256


def forget_steps(run_dir: Path, *names: str) -> None:
    """Drop entries of steps that a stage's own command did: what it left is proven and digested by the next run."""
    path = run_dir / LEDGER
    try:
        entries = read_record(path, LedgerFile).entries if path.exists() else {}
    except RecordError:
        return  # the next run starts a new one
    kept = {name: entry for name, entry in entries.items() if name not in names}
    if len(kept) != len(entries):
        write_record(path, LedgerFile(entries=kept))
