"""How a reviewer checks the submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.protocol import COMMUNITY_FOLDER
from podium.report.document import Commands, Section

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence


def section(evidence: Evidence) -> Section:
    """The command for the submitted folder."""
    folder = f"{COMMUNITY_FOLDER}/{evidence.plan.release.model.folder}"
    return Section(title="To check this yourself", blocks=[Commands(lines=[f"podium validate {folder}"])])
