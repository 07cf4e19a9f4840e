"""The board `directory`: the submission folder as files, for a checkout or to look at. Needs no network."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from podium.boards.package import Package, pack
from podium.errors import StorageError, UsageError
from podium.files import sha256_file, write_atomic
from podium.records import Receipt, SendPlan

if TYPE_CHECKING:
    from pathlib import Path

    from podium.boards import Clients, Targets
    from podium.progress import Report
    from podium.records import Finding, SendOutcome


class DirectoryBoard:
    """Copies `community_results/<folder>/` below a directory."""

    name = "directory"

    def __init__(self, targets: Targets, clients: Clients) -> None:
        if targets.directory is None:
            message = "the board 'directory' needs a directory"
            raise UsageError(message, hint="podium submit RUN_DIR --board directory --to DIR")
        self._directory = targets.directory

    def prepare(self, run_dir: Path) -> Package:
        """Read and prove what would be sent."""
        return pack(run_dir)

    def problems(self, package: Package) -> list[Finding]:
        """A directory has none that writing does not tell."""
        return []

    def outlook(self, package: Package) -> SendPlan:
        """What `send` would write."""
        outcome = self._outcome(package)
        target = self._directory / package.submission.folder
        return SendPlan(
            board=self.name,
            target=str(target),
            title=package.submission.title,
            files=package.submission.files,
            submission_sha256=package.submission.sha256,
            body_sha256=package.submission.body_sha256,
            outcome=outcome,
            calls=[] if outcome == "unchanged" else [f"write {len(package.submission.files)} files"],
        )

    def send(self, package: Package, report: Report) -> Receipt:
        """Copy the folder; files in it that do not belong to the submission go away."""
        outcome = self._outcome(package)
        if outcome != "unchanged":
            self._copy(package)
        return Receipt(
            stage="submit",
            board=self.name,
            outcome=outcome,
            url=(self._directory / package.submission.folder).resolve().as_uri(),
            submission_sha256=package.submission.sha256,
            release=package.tag,
        )

    def withdraw(self, package: Package, report: Report) -> Receipt:
        """Remove the folder."""
        folder = self._directory / package.submission.folder
        is_there = folder.exists()
        if is_there:
            _remove(folder)
        return Receipt(
            stage="submit",
            board=self.name,
            outcome="closed" if is_there else "unchanged",
            reason="" if is_there else f"there is no {folder}",
            submission_sha256=package.submission.sha256,
            release=package.tag,
        )

    def _outcome(self, package: Package) -> SendOutcome:
        folder = self._directory / package.submission.folder
        if not folder.exists():
            return "created"
        wanted = {file.path: file.sha256 for file in package.submission.files}
        paths = [path for path in folder.rglob("*") if path.is_file()]
        found = {path.relative_to(folder).as_posix(): sha256_file(path) for path in paths}
        return "unchanged" if found == wanted else "updated"

    def _copy(self, package: Package) -> None:
        folder = self._directory / package.submission.folder
        new, old = (folder.with_name(f".{folder.name}.{word}") for word in ("new", "old"))
        try:
            for left in (new, old):
                if left.exists():
                    shutil.rmtree(left)
            for file in package.submission.files:
                write_atomic(new / file.path, package.read(file))
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
            if old.exists():
                shutil.rmtree(old)
        except OSError as err:
            message = f"cannot write {folder}: {err.strerror}"
            raise StorageError(message, hint="free disk space or choose another folder with --to") from err


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as err:
        message = f"cannot remove {folder}: {err.strerror}"
        raise StorageError(message, hint="remove it by hand") from err
