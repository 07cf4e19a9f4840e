"""gates.json: decisions on a release, each with its evidence."""

from __future__ import annotations

from typing import Literal

from podium.records.plan import Release
from podium.records.values import (
    Part,
    Record,
)


class Gate(Part, frozen=True, kw_only=True):
    """A yes / no / at-risk decision on a release with its evidence. Only `no` stops a submission."""

    name: str
    decision: Literal["yes", "no", "at_risk"]
    evidence: str


class Gates(Record, frozen=True, kw_only=True, tag="gates"):
    """gates.json: every gate of the release."""

    release: Release
    gates: list[Gate]
