"""The board `space`: the approved submission as one pull request in the Community tab of the leaderboard's Space.

Nothing is sent that was not approved in the fork, byte for byte; a second pull request is never opened.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from podium.boards.hub.approved import ApprovedBoard
from podium.boards.hub.pull_content import PullContent
from podium.errors import UsageError
from podium.names import HUB_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.boards.seam import Clients, Targets
    from podium.submission.package import Package


class SpaceBoard(ApprovedBoard):
    """The leaderboard's Space, fed from the approved pull request in the fork."""

    name = "space"

    def __init__(self, targets: Targets, clients: Clients, pause: Callable[[float], None] = time.sleep) -> None:
        if not HUB_NAME.fullmatch(targets.space):
            message = f"{targets.space!r} is not the name of a Space"
            raise UsageError(message, hint="name it as OWNER/NAME: --space, or `space` below [publish] in podium.toml")
        super().__init__(targets, clients, pause)

    def repository(self, package: Package) -> str:
        """The Space that takes submissions."""
        return self._targets.space

    def content(self, package: Package, evidence: str) -> PullContent:
        """The submission's folder as it is."""
        return PullContent(
            title=package.submission.title,
            text=package.text,
            folder=package.submission.folder,
            files=package.submission.files,
            blobs=package.blobs(),
            read=package.read,
            owns_folder=True,
            submission_sha256=package.submission.sha256,
        )
