"""Whether the machine gave known programs their known outcomes, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate


def decide(evidence: Evidence) -> Iterator[Gate]:
    """No where a self-test failed or is missing."""
    headers = evidence.headers
    failed = [f"{header.task}: {check.name}" for header in headers for check in header.self_test if not check.ok]
    untested = [header.task for header in headers if not header.self_test]
    yield decision(
        "toolchains",
        no="; ".join([*failed, *(f"{task}: no self-test" for task in untested)]),
        yes=f"{sum(len(header.self_test) for header in headers)} self-tests passed before and after the programs ran",
    )
