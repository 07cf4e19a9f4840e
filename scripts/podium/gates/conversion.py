"""Whether every check of the converted model held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate


def decide(evidence: Evidence) -> Iterator[Gate]:
    """No where a check of the model failed."""
    checks = evidence.model.checks
    failed = "; ".join(f"{check.name}: {check.saw}" for check in checks if not check.ok)
    yield decision("conversion", no=failed, yes="; ".join(f"{check.name}: {check.saw}" for check in checks))
