"""How a reviewer checks the submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.protocol import COMMUNITY_FOLDER
from podium.report.document import Commands, Section, Text

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence

INSTALL = 'pip install "podium-leaderboard @ git+https://github.com/paiml/podium"'
BEFORE = "In a checkout of this branch (or with this pull request's address in place of the folder, for `verify`):"
AFTER = (
    "`verify` executes a random part of the generations in a sandbox, recomputes every score from it and believes "
    "nothing in this folder; `--fraction 1` executes all of them. `--model DIR --redraw 20` draws twenty samples again "
    "from the converted model."
)


def section(evidence: Evidence) -> Section:
    """The commands for the submitted folder."""
    folder = f"{COMMUNITY_FOLDER}/{evidence.plan.release.model.folder}"
    commands = Commands(lines=[INSTALL, f"podium validate {folder}", f"podium verify {folder}"])
    return Section(title="To check this yourself", blocks=[Text(text=BEFORE), commands, Text(text=AFTER)])
