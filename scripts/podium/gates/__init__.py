"""gates: yes / no / at-risk decisions on a release, each with the evidence it was made from.

Reads the run's records. Writes gates.json (by `report`). Only a `no` stops a submission. A gate is a function that
yields decisions on the evidence, in a file of its own and a row here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates import conversion, harness, layout, limits, plausible, protocol, records, sandbox, toolchains
from podium.records import Gates

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence

# In the order in which a reviewer reads them.
GATES = (
    protocol.decide,
    conversion.decide,
    layout.decide,
    records.decide,
    sandbox.decide,
    toolchains.decide,
    limits.decide,
    harness.decide,
    plausible.decide,
)


def decide(evidence: Evidence) -> Gates:
    """Decide every gate of a release."""
    return Gates(release=evidence.plan.release, gates=[gate for decide_one in GATES for gate in decide_one(evidence)])
