"""The calls of a plan that carry content, with size and digest of what they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.files import sha256_bytes, sha256_json
from podium.records import PlannedCall

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from podium.boards.fork.facts import PullFacts
    from podium.submission.package import Package


def commit_steps(package: Package, wanted: Mapping[str, str], there: Collection[str]) -> list[PlannedCall]:
    """One step a file that the fork lacks, and one for the tree that holds them all."""
    files = [file for file in package.submission.files if wanted[file.path] not in there]
    blobs = [
        PlannedCall(call=f"POST git/blobs {file.path}", size_bytes=file.size_bytes, sha256=file.sha256)
        for file in files
    ]
    return [*blobs, PlannedCall(call="POST git/trees", sha256=sha256_json(sorted(wanted.items())))]


def text_step(package: Package, pull: PullFacts | None) -> PlannedCall:
    """The call that gives the pull request its title and text."""
    text = package.text.encode()
    call = f"PATCH pulls/{pull.number}" if pull else f"POST pulls {package.branch}"
    return PlannedCall(call=call, size_bytes=len(text), sha256=sha256_bytes(text))
