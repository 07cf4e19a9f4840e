"""Whether programs ran apart from the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate


def decide(evidence: Evidence) -> Iterator[Gate]:
    """At risk where isolation or a layer of it was missing."""
    headers = evidence.headers
    open_tasks = [header.task for header in headers if not header.sandbox.isolated]
    missing = sorted({layer for header in headers for layer in header.sandbox.missing})
    yield decision(
        "sandbox",
        at_risk=f"programs of {', '.join(open_tasks)} ran without isolation"
        if open_tasks
        else f"layers that this machine does not give: {', '.join(missing)}"
        if missing
        else "",
        yes="every program ran isolated: " + ", ".join(headers[0].sandbox.layers if headers else []),
    )
