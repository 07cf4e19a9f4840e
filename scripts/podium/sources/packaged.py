"""`demo:` is the small model that podium brings: what a fresh repository tries out."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from podium.sources.seam import Located

if TYPE_CHECKING:
    from podium.sources.seam import Asked
    from podium.sources.web import Web

ADDRESS = "demo:"


class Packaged:
    """Entry of the table of sources."""

    def locate(self, asked: Asked, web: Web) -> Located:
        """The folder in the installed package."""
        folder = resources.files("podium.demo").joinpath("checkpoint")
        return Located(address=ADDRESS, here=Path(str(folder)))
