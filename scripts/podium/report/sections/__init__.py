"""The sections of a report: each a function over the evidence, in a file of its own and a row here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.sections import (
    checking,
    differences,
    findings,
    gates,
    outcomes,
    protocol,
    provenance,
    release,
    scores,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.gates.evidence import Evidence
    from podium.report.document import Section

    Tell = Callable[[Evidence], Section]

# In the order in which they are read: all of them on the page, and what a reviewer needs in the pull request.
ON_PAGE: tuple[Tell, ...] = (
    release.section,
    scores.section,
    gates.section,
    findings.section,
    protocol.section,
    outcomes.section,
    provenance.section,
    differences.section,
    checking.section,
)
NOT_IN_BODY: tuple[Tell, ...] = (findings.section,)
IN_BODY = tuple(section for section in ON_PAGE if section not in NOT_IN_BODY)
