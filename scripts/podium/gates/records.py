"""Whether the run's files say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate


def decide(evidence: Evidence) -> Iterator[Gate]:
    """No at an error that `validate` found, at risk at a warning."""
    findings = evidence.findings
    errors = [finding.rule for finding in findings.findings if finding.severity == "error"]
    warnings = [finding.rule for finding in findings.findings if finding.severity == "warning"]
    yield decision(
        "records",
        no=f"{len(errors)} errors: {', '.join(sorted(set(errors)))}" if errors else "",
        at_risk=f"{len(warnings)} warnings: {', '.join(sorted(set(warnings)))}" if warnings else "",
        yes=f"{len(findings.files)} files valid, every score recomputed from its verdicts",
    )
