"""Boards that are a folder on this machine; `directory` is the submission itself, for a checkout or to look at.

Need no network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.boards.folder.files import Folder
from podium.errors import UsageError
from podium.records import Receipt, SendPlan
from podium.submission.package import Package, pack

if TYPE_CHECKING:
    from pathlib import Path

    from podium.boards.seam import Clients, Targets
    from podium.progress import Progress
    from podium.records import Finding


class DirectoryBoard:
    """Copies `community_results/<folder>/` below a directory."""

    name = "directory"

    def __init__(self, targets: Targets, clients: Clients) -> None:
        if targets.directory is None:
            message = f"the board {self.name!r} needs a directory"
            raise UsageError(message, hint=f"podium submit RUN_DIR --board {self.name} --to DIR")
        self._directory, self._targets = targets.directory, targets

    def prepare(self, run_dir: Path) -> Package:
        """Read and prove what would be sent."""
        return pack(run_dir)

    def problems(self, package: Package) -> list[Finding]:
        """A directory has none that writing does not tell."""
        return []

    def folder(self, package: Package) -> Folder:
        """Where the files go, and which they are."""
        return Folder(
            path=self._directory / package.submission.folder, files=package.submission.files, read=package.read
        )

    def title(self, package: Package) -> str:
        """What the board calls this submission."""
        return package.submission.title

    def notes(self, package: Package) -> list[str]:
        """What is left to do for a person."""
        return []

    def outlook(self, package: Package) -> SendPlan:
        """What `send` would write."""
        folder = self.folder(package)
        outcome = folder.outcome()
        changes = outcome != "unchanged"
        return SendPlan(
            board=self.name,
            target=str(folder.path),
            title=self.title(package),
            files=folder.files,
            submission_sha256=package.submission.sha256,
            body_sha256=package.submission.body_sha256,
            outcome=outcome,
            release=package.tag,
            calls=[f"write {len(folder.files)} files"] if changes else [],
        )

    def withdrawal(self, package: Package) -> SendPlan:
        """What `withdraw` would remove."""
        folder = self.folder(package)
        is_there = folder.path.exists()
        return SendPlan(
            board=self.name,
            target=str(folder.path),
            title=self.title(package),
            files=[],
            submission_sha256=package.submission.sha256,
            body_sha256=package.submission.body_sha256,
            outcome="closed" if is_there else "unchanged",
            release=package.tag,
            calls=[f"remove {folder.path}"] if is_there else [],
        )

    def send(self, package: Package, report: Progress) -> Receipt:
        """Write the folder; files in it that do not belong to the submission go away."""
        folder = self.folder(package)
        outcome = folder.outcome()
        if outcome != "unchanged":
            folder.write()
        return Receipt(
            stage="submit",
            board=self.name,
            outcome=outcome,
            url=folder.path.resolve().as_uri(),
            submission_sha256=package.submission.sha256,
            release=package.tag,
            notes=self.notes(package),
        )

    def withdraw(self, package: Package, report: Progress) -> Receipt:
        """Remove the folder."""
        folder = self.folder(package)
        is_there = folder.remove()
        return Receipt(
            stage="submit",
            board=self.name,
            outcome="closed" if is_there else "unchanged",
            reason="" if is_there else f"there is no {folder.path}",
            submission_sha256=package.submission.sha256,
            release=package.tag,
        )
