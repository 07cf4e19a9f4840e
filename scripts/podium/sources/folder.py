"""A folder, or one weight file, on the machine that plans and converts: `/data/checkpoints/{tag}`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from podium.errors import SourceError
from podium.sources.seam import Located

if TYPE_CHECKING:
    from podium.sources.seam import Asked
    from podium.sources.web import Web


class Folder:
    """Entry of the table of sources."""

    def locate(self, asked: Asked, web: Web) -> Located:
        """The path itself. Raises SourceError where this machine does not have it."""
        path = Path(asked.with_tag(asked.address))
        if not path.exists():
            message = f"this machine has no {path}"
            hint = "a workflow plans and converts where the folder is: dispatch it with `plan-runner` set to the labels"
            raise SourceError(message, hint=f"{hint} of that machine and name them in [runners] convert, too")
        return Located(address=str(path), here=path)
